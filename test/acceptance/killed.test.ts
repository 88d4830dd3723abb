import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findFaults } from "../../quick-start/proof.js";
import { settings, sourceEstate, standbyEstate } from "./estate.js";
import { Stage } from "./stage.js";

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.open();
  await stage.project.configure("secondary", settings);
  for (const stack of ["primary", "secondary"]) await stage.succeed("stack", "init", stack);
  await stage.up("primary");
  await stage.sandbox.loadEstate(sourceEstate(), "primary");
  await stage.sandbox.loadEstate(standbyEstate(), "secondary");
}, 120_000);
afterAll(() => stage.close());

/** Starts `up`, kills it when the standby has been asked for the `count`-th time to do that, and lifts the lock. */
async function killAt(path: string, count: number): Promise<string> {
  const { log } = stage.sandbox.workspace("secondary").traffic;
  const asked = (): number => log.entries().filter((each) => each.method === "POST" && each.path.endsWith(path)).length;
  const before = asked();
  const running = stage.start("up", "--stack", "secondary", "--yes", "--skip-preview");
  let ended = false;
  void running.finished.finally(() => (ended = true));
  while (!ended && asked() - before < count) await sleep(5);
  if (!ended) running.kill();
  const { output, code } = await running.finished;
  await stage.succeed("cancel", "--stack", "secondary", "--yes");
  return code === null ? "killed" : output;
}

describe("a first up that is killed, again and again", { timeout: 180_000 }, () => {
  it("is finished by the next: one copy of each, all of them there", async () => {
    stage.sandbox.workspace("secondary").traffic.latencyMs = 30;
    const moments: [string, number][] = [
      ["/clusters/create", 1],
      ["/clusters/pin", 1],
      ["/jobs/create", 1],
    ];
    for (const [path, count] of moments) expect(await killAt(path, count), path).toBe("killed");
    stage.sandbox.workspace("secondary").traffic.latencyMs = 0;
    await stage.up("secondary");

    const { primary, secondary } = stage.sandbox.description;
    const { lines } = await stage.ledgerOf("secondary");
    expect(await findFaults(primary, secondary, lines)).toEqual([]);
    expect(lines.filter(({ outcome }) => outcome === "failed" || outcome === "needs-a-person")).toEqual([]);
    for (const kind of ["clusters", "jobs"] as const) {
      const marked = await copiesOf(kind);
      expect(new Set(marked).size, `${kind} are there once`).toBe(marked.length);
      const copied = lines.filter((line) => line.kind === kind && line.copyId !== undefined && line.id !== undefined);
      expect(marked.length).toBe(copied.length);
    }
    await stage.up("secondary", "--expect-no-changes");
  });
});

/** The markers of all copies of a kind on the standby. */
async function copiesOf(kind: "clusters" | "jobs"): Promise<string[]> {
  const at = stage.at("secondary");
  const answer =
    kind === "clusters"
      ? await at.get("/api/2.1/clusters/list?page_size=100")
      : await at.get("/api/2.2/jobs/list?limit=100");
  const found = JSON.stringify(answer).matchAll(/"databricks_dr_origin":"([^"]+)"/g);
  return [...found].map(([, origin]) => origin!);
}
