import type * as promises from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { kinds } from "../../replication/index.js";
import type { JsonObject } from "../../replication/values/json.js";
import { removeFolder } from "../chaos/notes-files.js";
import { type Pair, startPair } from "../replication/pair.js";
import { exempt, subjects } from "./subjects.js";

// Waiting between two tries is not what is looked at here.
vi.mock("node:timers/promises", async (original) => {
  const timers = await original<typeof promises>();
  return { ...timers, setTimeout: (ms: number) => timers.setTimeout(ms / 50) };
});

it("holds every registered kind", () => {
  expect([...Object.keys(subjects), ...Object.keys(exempt)].sort()).toEqual(kinds.map(({ name }) => name).sort());
});

const bigintText = (_key: string, value: unknown): unknown => (typeof value === "bigint" ? String(value) : value);

describe.each(Object.entries(subjects))("%s", (kind, subject) => {
  let pair: Pair;
  const often = { recheckHours: 0 };
  const { name, make, edit, rename, remove, read } = subject;
  const up = (settings = {}) => pair.up(kind, { ...often, ...settings });
  const shown = async (at = pair.secondary): Promise<string[]> =>
    (await read(at)).map((each) => `${each.name}: ${each.version}`).sort();
  const copyOf = async (n: number) => (await read(pair.secondary)).find((each) => each.name === name(n))!;

  beforeEach(async () => {
    pair = await startPair();
    for (const n of [1, 2, 3]) await make(pair.primary, name(n), n);
  });
  afterEach(() => pair.close());

  /** The two sides show the same, and the next run has nothing to do. */
  const expectInStep = async (settings = {}): Promise<void> => {
    expect(await shown()).toEqual(await shown(pair.primary));
    expect((await up(settings)).changed).toBe(false);
  };

  it("is made once, and a second run changes nothing on either side", async () => {
    const { state } = await up();
    expect(state.ledger.counts).toMatchObject({ created: 3 });
    await expectInStep();
    for (const { server } of [pair.primary, pair.secondary]) server.traffic.log.reset();
    await up();
    expect(pair.primary.server.traffic.log.writes + pair.secondary.server.traffic.log.writes).toBe(0);
  });

  it.skipIf(subject.noEdits)("follows an edit on the source, as the preview says", async () => {
    const { idMap } = (await up()).state;
    const [first] = await read(pair.primary);
    await edit(pair.primary, first!.id, first!.name, 7);
    const picture = await pair.preview(kind, often);
    expect(picture.plan).toBe("update 1");
    const edited = Object.entries(picture.changes).filter(([, change]) => typeof change !== "string");
    expect(edited.map(([label]) => label)).toEqual([expect.stringContaining(first!.name)]);
    expect((await up()).state.idMap).toEqual(idMap);
    await expectInStep();
  });

  it.skipIf(subject.noEdits).each(["source", "standby"] as const)(
    "that was edited on the standby is told; the %s wins",
    async (conflicts) => {
      await up();
      const copy = await copyOf(1);
      await edit(pair.secondary, copy.id, copy.name, 9);
      const { picture } = await up({ conflicts });
      expect(Object.values(picture.conflicts)).toHaveLength(1);
      expect((await copyOf(1)).version).toBe(conflicts === "source" ? 1 : 9);
      expect((await up({ conflicts })).changed).toBe(false);
    },
  );

  it.skipIf(!rename)("keeps its copy when it is renamed, also when two swap their names", async () => {
    const { idMap } = (await up()).state;
    const [one, two, three] = await read(pair.primary);
    await rename!(pair.primary, one!.id, "for a while", one!.version);
    await rename!(pair.primary, two!.id, one!.name, two!.version);
    await rename!(pair.primary, one!.id, two!.name, one!.version);
    await rename!(pair.primary, three!.id, "another", three!.version);
    expect((await up()).state.idMap).toEqual(idMap);
    await expectInStep();
  });

  it("that is deleted is kept or goes, as is configured, and what is made under its name is copied", async () => {
    await up();
    const gone = (await read(pair.primary)).find((each) => each.name === name(3))!;
    await remove(pair.primary, gone.id);
    const kept = await up();
    expect(kept.lines.get(gone.name) ?? kept.lines.get(gone.id)).toMatchObject({ outcome: "skipped" });
    expect(await shown()).toHaveLength(3);
    expect((await up()).changed).toBe(false);
    await up({ deletions: "propagate", allowMassDeletion: true });
    await expectInStep({ deletions: "propagate", allowMassDeletion: true });
    await make(pair.primary, name(3), 5);
    await up();
    await expectInStep();
  });

  it("that is made anew under its old name has one copy for it", async () => {
    await up();
    const old = (await read(pair.primary)).find((each) => each.name === name(2))!;
    await remove(pair.primary, old.id);
    await make(pair.primary, name(2), 6);
    await up();
    expect(await shown()).toContain(`${name(2)}: ${subject.noEdits ? 0 : 6}`);
    expect((await up()).changed).toBe(false);
  });

  it("whose copy is deleted is made again, which is told", async () => {
    await up();
    await remove(pair.secondary, (await copyOf(2)).id);
    expect(Object.values((await up()).picture.conflicts)).toEqual([expect.stringContaining("made again")]);
    await expectInStep();
  });

  it("is known again without its notes, and without its state", async () => {
    const { idMap } = (await up()).state;
    await removeFolder(pair.secondary);
    expect((await up()).state.idMap).toEqual(idMap);
    await expectInStep();
    pair.loseState();
    expect((await up()).state.idMap).toEqual(idMap);
    await expectInStep();
  });

  it("is neither changed nor removed by a listing that fails, on either side, nor by one that leaves some out", async () => {
    const removing = { deletions: "propagate", allowMassDeletion: true };
    await up(removing);
    const before = await shown();
    const [path, list] = subject.listing;
    for (const at of [pair.primary, pair.secondary]) {
      const whole = await at.get(path);
      const part = JSON.stringify({ ...whole, [list]: (whole[list] as JsonObject[]).slice(0, -1) }, bigintText);
      const troubles = [
        { status: 400, message: "not now" },
        ...(subject.cannotAsk ? [] : [{ status: 200, body: part.replace(/"(\d{15,})"/g, "$1") }]),
      ];
      for (const trouble of troubles) {
        at.server.traffic.faults.add({ phase: "before", path: path.split("?")[0]!, ...trouble });
        await up(removing).catch(() => undefined);
        at.server.traffic.faults.clear();
        expect(await shown()).toEqual(before);
      }
    }
    await up(removing);
    await expectInStep(removing);
  });

  it.skipIf(subject.noEdits)(
    "is not called done by an edit that does nothing: it is told, and done by the next run",
    async () => {
      await up();
      const [first] = await read(pair.primary);
      await edit(pair.primary, first!.id, first!.name, 7);
      const { faults } = pair.secondary.server.traffic;
      faults.add({ phase: "before", path: subject.edits, status: 200, body: "{}" });
      expect((await up()).state.ledger.counts.failed).toBe(1);
      faults.clear();
      await up();
      await expectInStep();
    },
  );

  it("is not looked at where it is excluded", async () => {
    await up({ select: { [kind]: { exclude: ["**"] } } });
    expect(await shown()).toEqual([]);
  });

  it.skipIf(subject.noEdits)("comes home: made, edited and kept on the other side while that was active", async () => {
    await up();
    await pair.activate(kind);
    const copy = await copyOf(1);
    await edit(pair.secondary, copy.id, copy.name, 8);
    await make(pair.secondary, name(4), 4);
    pair.swap();
    await up();
    expect(await shown(pair.primary)).toEqual(await shown(pair.secondary));
    expect((await up()).changed).toBe(false);
  });

  it.skipIf(!subject.runs)("does nothing by itself on the standby, and does again once that is active", async () => {
    const id = await subject.runs!.make(pair.primary, name(5));
    const does = await subject.runs!.running(pair.primary, id);
    const { state, lines } = await up();
    const copy = state.idMap[id]!;
    expect(lines.get(name(5))?.held).toHaveLength(1);
    expect(await subject.runs!.running(pair.secondary, copy)).not.toEqual(does);
    expect((await up()).changed).toBe(false);
    await pair.activate(kind);
    expect(await subject.runs!.running(pair.secondary, copy)).toEqual(does);
  });
});
