import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { KindName, LedgerLine, ReplicationSettings } from "../../replication/index.js";
import type { FaultRule } from "../../sandbox/http/faults.js";
import { type Pair, startPair } from "../replication/pair.js";
import { fillWorkspace } from "./random-estate.js";
import { findFaults, foreignOf, makeForeign } from "./standby-reading.js";

const order: readonly KindName[] = ["init-scripts", "clusters", "jobs"];

/** One `up` of every kind, in the program's order; ends at the first that fails, as Pulumi does for what depends on it. */
async function upAll(
  pair: Pair,
  settings: ReplicationSettings = {},
): Promise<{ lines: LedgerLine[]; changed: boolean }> {
  const lines: LedgerLine[] = [];
  let changed = false;
  for (const kind of order) {
    const outcome = await pair.up(kind, settings);
    lines.push(...outcome.state.ledger.lines);
    changed ||= outcome.changed;
  }
  return { lines, changed };
}

/** Brings the pair to rest and holds it to the rules. */
async function settlesExactlyOnce(pair: Pair, foreign: string, writesAtSource: number): Promise<void> {
  for (const { server } of [pair.primary, pair.secondary]) server.traffic.faults.clear();
  const { lines } = await upAll(pair);
  expect(lines.filter(({ outcome }) => outcome === "failed" || outcome === "needs-a-person")).toEqual([]);
  expect(await findFaults(pair, lines)).toEqual([]);
  expect(await foreignOf(pair.secondary)).toBe(foreign);
  const writes = pair.secondary.server.traffic.log.writes;
  expect((await upAll(pair)).changed).toBe(false);
  expect(pair.secondary.server.traffic.log.writes).toBe(writes);
  expect(pair.primary.server.traffic.log.writes).toBe(writesAtSource);
}

async function withEstate(seed: number, work: (pair: Pair, foreign: string) => Promise<void>): Promise<void> {
  const pair = await startPair();
  try {
    await fillWorkspace(pair.primary, seed);
    await makeForeign(pair.secondary);
    const foreign = await foreignOf(pair.secondary);
    const writes = pair.primary.server.traffic.log.writes;
    await work(pair, foreign);
    await settlesExactlyOnce(pair, foreign, writes);
  } finally {
    await pair.close();
  }
}

const storm = fc.record({
  rule: fc.oneof(
    fc.constant<FaultRule>({ phase: "before", status: 429 }),
    fc.constant<FaultRule>({ phase: "before", status: 429, headers: { "retry-after": "0" } }),
    fc.constant<FaultRule>({ phase: "before", status: 503 }),
    fc.constant<FaultRule>({ phase: "after", status: 503 }),
    fc.constant<FaultRule>({ phase: "after", status: 500 }),
    fc.constant<FaultRule>({ phase: "before", cut: true }),
    fc.constant<FaultRule>({ phase: "after", cut: true }),
    fc.constant<FaultRule>({ phase: "before", delayMs: 60 }),
  ),
  method: fc.constantFrom("GET", "POST"),
  skip: fc.nat(40),
  times: fc.integer({ min: 1, max: 4 }),
  atSource: fc.boolean(),
});

describe("whatever goes wrong on the way", { timeout: 90_000 }, () => {
  it("the next up has everything there once", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(1_000), fc.array(storm, { minLength: 1, maxLength: 5 }), async (seed, storms) => {
        await withEstate(seed, async (pair) => {
          for (const { rule, atSource, ...when } of storms)
            (atSource ? pair.primary : pair.secondary).server.traffic.faults.add({ ...rule, ...when });
          await upAll(pair).catch(() => undefined);
        });
      }),
      { numRuns: 8, endOnFailure: true },
    );
  });

  it("a run that dies between any two calls is finished by the next", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(1_000), fc.nat(120), fc.boolean(), fc.boolean(), async (seed, calls, after, loses) => {
        await withEstate(seed, async (pair) => {
          const { faults } = pair.secondary.server.traffic;
          const dead = { status: 400, errorCode: "DEAD" };
          if (after) faults.add({ phase: "after", ...dead, skip: calls, times: 1 });
          faults.add({ phase: "before", ...dead, skip: calls });
          await upAll(pair).catch(() => undefined);
          if (loses) pair.loseState();
        });
      }),
      { numRuns: 14, endOnFailure: true },
    );
  });
});
