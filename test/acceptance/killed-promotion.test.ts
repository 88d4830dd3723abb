import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { FaultRule } from "../../sandbox/http/faults.js";
import type { SlotName } from "../../sandbox/workspace-slots.js";
import { settings, sourceEstate, standbyEstate } from "./estate.js";
import { firing, watchFiring } from "./firing.js";
import { type Running, Stage } from "./stage.js";

const minutes = 60_000;
const stacks = ["primary", "secondary"] as const;

let stage: Stage;
/** Names of what fires before anything is switched. */
let live: string[];
let seenTwice: () => string[];

beforeAll(async () => {
  stage = await Stage.open();
  await stage.project.configure("secondary", settings);
  for (const stack of stacks) await stage.succeed("stack", "init", stack);
  await stage.up("primary");
  await stage.sandbox.loadEstate(sourceEstate(), "primary");
  await stage.sandbox.loadEstate(standbyEstate(), "secondary");
  await stage.up("secondary");
  live = firing(stage.sandbox, "primary").sort();
}, 10 * minutes);
afterAll(() => stage.close());
beforeEach(() => {
  seenTwice = watchFiring(stage.sandbox);
});
afterEach(() => {
  expect(seenTwice()).toEqual([]);
});

const firingAt = (at: SlotName): string[] => firing(stage.sandbox, at).sort();

async function dr(...args: string[]): Promise<void> {
  const { code, output } = await stage.startDr(...args).finished;
  if (code !== 0) throw new Error(`dr ${args.join(" ")} ended with ${code}\n${output}`);
}

/** Runs a command that must end with an error, and gives its output. */
async function refused({ finished }: Running): Promise<string> {
  const { code, output } = await finished;
  expect(code, output).toBe(1);
  return output;
}

/** When a run is killed. */
type Moment = (running: Running) => boolean;

const saying =
  (text: RegExp): Moment =>
  ({ output }) =>
    text.test(output());

/** The workspace has the role on record, and the answer that says so is not there yet: the state has not. */
function recording(at: SlotName): Moment {
  const path = "/api/2.0/workspace-files/import-file/.databricks-dr/role.json";
  return striking(at, { phase: "after", path, delayMs: 2_000 });
}

/** One job was changed, and the others are not. */
function oneChanged(at: SlotName): Moment {
  return striking(at, { phase: "before", path: "/api/2.2/jobs/update", skip: 1, cut: true });
}

function striking(at: SlotName, rule: FaultRule): Moment {
  const { faults } = stage.sandbox.workspace(at).traffic;
  faults.add(rule);
  return () => faults.list().some(({ struck }) => struck > 0);
}

/** Kills `dr role` and all that it started at that moment, and lifts the locks as the runbook has it. */
async function kill(stack: SlotName, role: string, moment: Moment): Promise<void> {
  const running = stage.startDr("role", stack, role);
  let ended = false;
  void running.finished.finally(() => (ended = true));
  while (!ended && !moment(running)) await sleep(2);
  if (!ended) running.kill();
  const { code, output } = await running.finished;
  expect(code, output).toBe(null);
  await stage.succeed("cancel", "--stack", stack, "--yes");
  // Only now: the provider sees a moment later than the engine that it is to end, and would try again.
  for (const each of stacks) stage.sandbox.workspace(each).traffic.faults.clear();
}

describe("a switch that is killed again and again", { timeout: 20 * minutes }, () => {
  it("is held in the end, and nobody takes over while the primary is active", async () => {
    const takeOver = () => refused(stage.startDr("role", "secondary", "active"));
    const isActive = /stack primary is active: with two active sides .*\n.*hold it first: npx dr role primary held/;
    await kill("primary", "held", saying(/databricks-dr:role of stack primary is held in/));
    expect(await takeOver()).toMatch(isActive);
    await kill("primary", "held", recording("primary"));
    expect(await takeOver()).toMatch(isActive);
    expect(firingAt("primary")).toEqual(live);
    await kill("primary", "held", saying(/primary-replica-role updated/));
    await kill("primary", "held", oneChanged("primary"));
    expect(firingAt("primary")).not.toEqual([]);
    await kill("primary", "held", saying(/primary-replica-jobs updated/));
    await dr("role", "primary", "held");
    expect(firingAt("primary")).toEqual([]);
    await stage.up("primary", "--expect-no-changes");
  });

  it("may be broken off before the secondary is active", async () => {
    await kill("secondary", "active", saying(/databricks-dr:role of stack secondary is active in/));
    const before = await stage.keep();
    await dr("role", "primary", "active");
    expect(firingAt("primary")).toEqual(live);
    expect(await refused(stage.start("up", "--stack", "secondary", "--yes", "--skip-preview"))).toMatch(
      /stack primary is active as well, since .*: each job runs twice/,
    );
    expect(firingAt("secondary")).toEqual([]);
    await before();
  });

  /** One copy has its trigger, and the others are held still. */
  let halfWay: () => Promise<void>;

  it("is not broken off by the other side once it is, whatever the state says, and goes on", async () => {
    const killAndTurnBack = async (moment: Moment): Promise<void> => {
      await kill("secondary", "active", moment);
      const said = await refused(stage.startDr("role", "primary", "active"));
      expect(said).toMatch(/stack secondary is active: .* each job runs twice/);
      expect(firingAt("primary")).toEqual([]);
    };
    await killAndTurnBack(recording("secondary"));
    await killAndTurnBack(saying(/secondary-replica-role updated/));
    await killAndTurnBack(oneChanged("secondary"));
    halfWay = await stage.keep();
    await killAndTurnBack(saying(/secondary-replica-jobs updated/));
    await dr("role", "secondary", "active");
    expect(firingAt("secondary")).toEqual(live);
    await stage.up("secondary", "--expect-no-changes");
  });

  it("is broken off half-way as the other side says", async () => {
    await halfWay();
    const said = await refused(stage.startDr("role", "primary", "active"));
    expect(said).toContain("break it off first: npx dr role secondary standby");
    await dr("role", "secondary", "standby");
    expect(firingAt("secondary")).toEqual([]);
    await dr("role", "primary", "active");
    expect(firingAt("primary")).toEqual(live);
  });
});
