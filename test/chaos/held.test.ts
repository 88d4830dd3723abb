import type * as promises from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type JsonObject, stringifyJson } from "../../replication/values/json.js";
import { markerTag } from "../../replication/inventory/marker.js";
import type { Role } from "../../replication/index.js";
import { jobTable } from "../../sandbox/databricks/jobs/row.js";
import { triggersOf } from "../../sandbox/databricks/jobs/triggers.js";
import { heldIn, type Outcome, type Pair, startPair, type TestWorkspace } from "../replication/pair.js";
import { removeFolder } from "./notes-files.js";
import { changeJob, createCluster, createJob, nightly } from "./objects.js";
import { type Route, routesUsed, troubles } from "./routes-used.js";
import { jobNamed, jobsOf, settingsOf } from "./standby-reading.js";

// Waiting between two tries is not what is looked at here.
vi.mock("node:timers/promises", async (original) => {
  const timers = await original<typeof promises>();
  return { ...timers, setTimeout: (ms: number) => timers.setTimeout(ms / 50) };
});

let pair: Pair;

beforeEach(async () => {
  pair = await startPair();
});
afterEach(() => pair.close());

const arrival = {
  trigger: { file_arrival: { url: "abfss://in@acc.dfs.core.windows.net/" }, pause_status: "UNPAUSED" },
};
const paused = { schedule: { ...nightly.schedule, pause_status: "PAUSED" } };
const stream = { continuous: { pause_status: "UNPAUSED" } };
const fields = ["schedule", "trigger", "continuous", "triggers"];

/** The triggers of each job, by its name. */
async function triggersAt(at: TestWorkspace): Promise<Record<string, JsonObject>> {
  const jobs = (await jobsOf(at)).map((job): [string, JsonObject] => {
    const settings = settingsOf(job);
    const own = fields.flatMap((field) => (field in settings ? [[field, settings[field]] as const] : []));
    return [String(settings.name), Object.fromEntries(own)];
  });
  expect(new Set(jobs.map(([name]) => name)).size).toBe(jobs.length);
  return Object.fromEntries(jobs.sort());
}

/** What the state holds still. */
const stillHeld = (): string[] => heldIn(pair.stateOf(pair.secondary).get("jobs")!).map(({ name }) => name);

const saidSo = ({ lines, warnings }: Outcome): boolean =>
  warnings.length > 0 || [...lines.values()].some(({ outcome }) => outcome === "failed");
const hasFailed = ({ state }: Outcome): boolean => (state.ledger.counts.failed ?? 0) > 0;

describe("a release", () => {
  const estate: Readonly<Record<string, JsonObject>> = {
    "by the clock": nightly,
    paused,
    "by a file": arrival,
    always: stream,
    "by hand": {},
  };

  it(
    "loses no trigger and doubles none, whatever route of the workspace fails, and says that it failed",
    { timeout: 240_000 },
    async () => {
      for (const [name, triggers] of Object.entries(estate)) await createJob(pair.primary, { name, ...triggers });
      await pair.up("jobs");
      const before = await triggersAt(pair.primary);
      const restore = pair.keep();
      const { traffic } = pair.secondary.server;
      traffic.log.reset();
      await pair.deploy(pair.secondary, "active", "jobs");
      const routes = routesUsed(pair.secondary);
      expect(routes.map(({ method, path }) => `${method} ${path}`)).toEqual(
        expect.arrayContaining([
          "POST /api/2.2/jobs/update",
          "GET /api/2.2/jobs/list",
          "GET /api/2.0/workspace/export",
        ]),
      );
      const later = [undefined, { skip: 1 }];
      for (const route of routes)
        for (const [what, trouble] of Object.entries(troubles))
          for (const when of later) {
            restore();
            const says = `${route.method} ${route.path}: ${what}${when ? ", after the first" : ""}`;
            traffic.faults.add({ ...route, ...trouble, ...when });
            const first = await pair.deploy(pair.secondary, "active", "jobs");
            const struck = traffic.faults.list()[0]!.struck > 0;
            traffic.faults.clear();
            const back = await triggersAt(pair.secondary);
            const isWhole = stringifyJson(back) === stringifyJson(before);
            expect(isWhole || hasFailed(first), `${says}: some triggers are off, and nothing failed`).toBe(true);
            expect(isWhole || stillHeld().length > 0, `${says}: what is off is held no more`).toBe(true);
            if (struck && isRead(route) && what !== "{}") expect(saidSo(first), `${says}: nothing is said`).toBe(true);
            const second = await pair.deploy(pair.secondary, "active", "jobs");
            expect(await triggersAt(pair.secondary), says).toEqual(before);
            expect(stillHeld(), says).toEqual([]);
            expect(hasFailed(second), `${says}: ${stringifyJson([...second.lines.values()] as never)}`).toBe(false);
            expect((await pair.deploy(pair.secondary, "active", "jobs")).changed, says).toBe(false);
          }
    },
  );

  const isRead = ({ path }: Route): boolean => /jobs|export/.test(path);

  it("believes no answer to an update that it cannot see: nothing is called put back", async () => {
    await createJob(pair.primary, { name: "nightly", ...nightly });
    await pair.up("jobs");
    const { faults } = pair.secondary.server.traffic;
    faults.add({ phase: "before", method: "POST", path: "/api/2.2/jobs/update", status: 200, body: "{}" });
    const first = await pair.deploy(pair.secondary, "active", "jobs");
    expect(first.lines.get("nightly")).toMatchObject({
      outcome: "failed",
      why: expect.stringContaining("does not show it; it stays noted") as string,
    });
    faults.clear();
    expect((await pair.deploy(pair.secondary, "active", "jobs")).lines.get("nightly")?.outcome).toBe("updated");
  });

  it("without notes and without state fails, names what bears our marker, and goes on failing", async () => {
    await createJob(pair.primary, { name: "nightly", ...nightly });
    await pair.up("jobs");
    await removeFolder(pair.secondary);
    pair.loseState();
    for (const _ of ["once", "and again"]) {
      const { lines, changed } = await pair.deploy(pair.secondary, "active", "jobs");
      expect(changed).toBe(true);
      expect(lines.get("jobs")).toMatchObject({
        outcome: "failed",
        why: expect.stringMatching(/1 bear our marker.*"nightly".*Restore the stack's state/) as string,
      });
    }
    await changeJob(pair.secondary, "nightly", nightly);
    expect(hasFailed(await pair.deploy(pair.secondary, "active", "jobs", { notes: "restart" }))).toBe(false);
  });

  it("puts it on the twin that we made where somebody has removed the noted copy", async () => {
    await createJob(pair.primary, { name: "nightly", ...nightly });
    const { faults } = pair.secondary.server.traffic;
    faults.add({ phase: "after", path: "/api/2.2/jobs/create", status: 503, times: 1 });
    await pair.up("jobs");
    const copy = await jobNamed(pair.secondary, "nightly");
    await pair.secondary.post("/api/2.2/jobs/create", settingsOf(copy));
    await pair.up("jobs");
    await pair.secondary.post("/api/2.2/jobs/delete", { job_id: copy.job_id! });
    const { lines } = await pair.deploy(pair.secondary, "active", "jobs");
    expect(lines.get("nightly")).toMatchObject({ outcome: "updated" });
    expect(await triggersAt(pair.secondary)).toEqual({ nightly });
  });

  it("that was half done is undone by the standby, and whole the next time", async () => {
    for (let index = 0; index < 6; index++) await createJob(pair.primary, { name: `job-${index}`, ...nightly });
    await pair.up("jobs");
    const before = await triggersAt(pair.primary);
    const { faults } = pair.secondary.server.traffic;
    faults.add({ phase: "before", method: "POST", path: "/api/2.2/jobs/update", skip: 3, status: 403 });
    expect(hasFailed(await pair.deploy(pair.secondary, "active", "jobs"))).toBe(true);
    faults.clear();
    await pair.up("jobs");
    expect(Object.values(await triggersAt(pair.secondary))).toEqual(Array(6).fill({}));
    expect(hasFailed(await pair.deploy(pair.secondary, "active", "jobs"))).toBe(false);
    expect(await triggersAt(pair.secondary)).toEqual(before);
  });

  it("translates what a trigger refers to; what has no counterpart keeps that job's trigger held, and no other", async () => {
    const first = await createJob(pair.primary, { name: "first", ...nightly });
    const waits = (job_id: bigint | number, workspace_id: string): JsonObject => ({
      trigger: { job_completion: { jobs: [{ job_id, workspace_id }] }, pause_status: "UNPAUSED" },
    });
    const sql = (sql_query_id: string): JsonObject => ({
      trigger: { sql_condition: { sql_query_id, warehouse_id: "east" }, pause_status: "UNPAUSED" },
    });
    await createJob(pair.primary, { name: "after first", ...waits(first, "1000000000000001") });
    await createJob(pair.primary, { name: "after a third workspace's", ...waits(42, "3000000000000003") });
    await createJob(pair.primary, { name: "on a query", ...sql("q-east") });
    await createJob(pair.primary, { name: "on a query of its own", ...sql("q-only-east") });
    const settings = { idMappings: { queries: { "q-east": "q-west" }, warehouses: { east: "west" } } };
    await pair.up("jobs", settings);
    const outcome = await pair.deploy(pair.secondary, "active", "jobs", settings);
    const copy = (await jobNamed(pair.secondary, "first")).job_id as bigint;
    const { "on a query of its own": own, ...others } = await triggersAt(pair.secondary);
    const expected = {
      first: nightly,
      "after first": waits(copy, "2000000000000002"),
      "after a third workspace's": waits(42, "3000000000000003"),
      "on a query": {
        trigger: { sql_condition: { sql_query_id: "q-west", warehouse_id: "west" }, pause_status: "UNPAUSED" },
      },
    };
    expect(others).toEqual(expected);
    expect(own).toEqual({});
    expect(outcome.lines.get("on a query of its own")).toMatchObject({
      outcome: "needs-a-person",
      why: expect.stringContaining("q-only-east") as string,
    });
    expect(stillHeld()).toEqual(["on a query of its own"]);
    expect(hasFailed(outcome)).toBe(true);
    const mapped = { idMappings: { ...settings.idMappings, queries: { "q-east": "q-west", "q-only-east": "q2" } } };
    expect(hasFailed(await pair.deploy(pair.secondary, "active", "jobs", mapped))).toBe(false);
    expect(stillHeld()).toEqual([]);
  });
});

/** Names of jobs that have a live trigger. */
function liveAt({ server }: TestWorkspace): string[] {
  return [...jobTable(server.workspace).values()]
    .filter(({ settings }) => triggersOf(settings).some((each) => !each.paused))
    .map(({ settings }) => String(settings["name"]))
    .sort();
}

/** Holds the pair, at every request, to no job being live on both sides. */
function watchForDoubles(): string[] {
  const doubles: string[] = [];
  for (const { server } of [pair.primary, pair.secondary]) {
    const { log } = server.traffic;
    const add = log.add.bind(log);
    log.add = (request) => {
      const there = new Set(liveAt(pair.secondary));
      doubles.push(...liveAt(pair.primary).filter((name) => there.has(name)));
      add(request);
    };
  }
  return doubles;
}

describe.each([
  ["with hourly ups at every point", true],
  ["without any other up in between", false],
])("a planned switch and the way home, by hand, %s", (_how, hourly) => {
  let roles: Map<TestWorkspace, Role>;
  const kinds = ["clusters", "jobs"] as const;

  /** An `up` of one stack in its role of today. */
  const up = async (at: TestWorkspace): Promise<Outcome[]> => {
    const outcomes: Outcome[] = [];
    for (const kind of kinds) outcomes.push(await pair.deploy(at, roles.get(at)!, kind));
    for (const each of outcomes)
      expect([...each.lines.values()].filter(({ outcome }) => outcome === "failed")).toEqual([]);
    return outcomes;
  };
  const inBetween = async (): Promise<void> => {
    if (hourly) for (const at of [pair.primary, pair.secondary, pair.primary]) await up(at);
  };
  const become = async (at: TestWorkspace, role: Role): Promise<Outcome[]> => {
    roles.set(at, role);
    return up(at);
  };

  it("loses and doubles nothing, and tells every edit that is overwritten", { timeout: 120_000 }, async () => {
    const { primary, secondary } = pair;
    roles = new Map([
      [primary, "active"],
      [secondary, "standby"],
    ]);
    const tasks = [{ task_key: "p", pipeline_task: { pipeline_id: "only in the east" } }];
    for (const name of ["a", "b", "late"]) await createJob(primary, { name, ...nightly });
    await createJob(primary, { name: "filed", ...arrival });
    await createJob(primary, { name: "paused", ...paused });
    await createJob(primary, { name: "alone", tasks, ...nightly });
    await createCluster(primary, { cluster_name: "etl" });
    const doubles = watchForDoubles();
    await up(primary);
    await up(secondary);
    await inBetween();
    expect(liveAt(primary)).toEqual(["a", "alone", "b", "filed", "late"]);

    await changeJob(primary, "late", { timeout_seconds: 11 });
    await become(primary, "held");
    await inBetween();
    expect(liveAt(primary)).toEqual(["alone"]);
    await up(secondary);
    await inBetween();
    expect(settingsOf(await jobNamed(secondary, "late")).timeout_seconds).toBe(11);
    expect([...liveAt(primary), ...liveAt(secondary)]).toEqual(["alone"]);

    await changeJob(primary, "b", { timeout_seconds: 22 });
    await become(secondary, "active");
    await inBetween();
    expect(liveAt(secondary)).toEqual(["a", "b", "filed", "late"]);
    expect(await triggersAt(secondary)).toMatchObject({ paused, filed: arrival });

    const follows = await become(primary, "standby");
    const told = follows.flatMap(({ picture }) => Object.entries(picture.conflicts));
    if (!hourly) expect(told.map(([label]) => label)).toEqual([expect.stringMatching(/^b /)]);
    await inBetween();
    expect(liveAt(primary)).toEqual(["alone"]);
    expect(liveAt(secondary)).toEqual(["a", "b", "filed", "late"]);

    await changeJob(secondary, "a", { timeout_seconds: 77 });
    await createJob(secondary, { name: "made there", ...nightly });
    await up(primary);
    await inBetween();
    expect(settingsOf(await jobNamed(primary, "a")).timeout_seconds).toBe(77);

    await become(secondary, "held");
    await inBetween();
    await up(primary);
    await inBetween();
    expect(liveAt(secondary)).toEqual([]);
    await become(primary, "active");
    await inBetween();
    await become(secondary, "standby");
    await inBetween();
    const all = ["a", "alone", "b", "filed", "late", "made there"];
    expect(liveAt(primary)).toEqual(all);
    expect(liveAt(secondary)).toEqual([]);
    expect(Object.keys(await triggersAt(primary))).toEqual([...all, "paused"].sort());
    expect(Object.keys(await triggersAt(secondary))).toEqual(
      [...all, "paused"].filter((name) => name !== "alone").sort(),
    );
    for (const at of [primary, secondary]) expect(settingsOf(await jobNamed(at, "a")).timeout_seconds).toBe(77);
    expect(await triggersAt(primary)).toMatchObject({ paused, filed: arrival, "made there": nightly });
    for (const at of [primary, secondary]) expect((await up(at)).map(({ changed }) => changed)).toEqual([false, false]);
    expect(doubles).toEqual([]);
    expect(stringifyJson(settingsOf(await jobNamed(primary, "a")))).not.toContain(markerTag);
  });
});
