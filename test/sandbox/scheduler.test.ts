import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Clock } from "../../sandbox/clock.js";
import { fireFileArrival, fireTableUpdate } from "../../sandbox/databricks/jobs/scheduler.js";
import { isTimezone } from "../../sandbox/databricks/jobs/java-time-zones.js";
import { nextQuartzTime, quartzMistake } from "../../sandbox/databricks/jobs/quartz.js";
import { firedRuns } from "../../sandbox/databricks/runs/row.js";
import { startTestWorkspace, type TestWorkspace } from "./start-workspace.js";

let at: TestWorkspace;
beforeEach(async () => {
  at = await startTestWorkspace();
});
afterEach(() => at.close());

const hour = 3_600_000;
const day = 24 * hour;
const tasks = [{ task_key: "a", notebook_task: { notebook_path: "/n" } }];
const hourly = { quartz_cron_expression: "0 0 * * * ?", timezone_id: "UTC" };

const create = async (settings: object): Promise<bigint> =>
  (await at.post("/api/2.2/jobs/create", { name: "j", tasks, ...settings })).job_id;
const fired = (): string[] => firedRuns(at.workspace).map((run) => run.trigger);

describe("Quartz", () => {
  const next = (expression: string, zone: string, after: string): string =>
    new Date(nextQuartzTime(expression, zone, Date.parse(after)) ?? 0).toISOString();

  test.each([
    ["0 30 6 ? * MON-FRI", "America/New_York", "2026-01-09T12:00:00Z", "2026-01-12T11:30:00.000Z"],
    ["0 30 6 ? * 2", "UTC", "2026-01-09T12:00:00Z", "2026-01-12T06:30:00.000Z"],
    ["0 0 9 L * ?", "UTC", "2026-02-02T00:00:00Z", "2026-02-28T09:00:00.000Z"],
    ["0 0 9 ? * 6#3", "UTC", "2026-01-01T00:00:00Z", "2026-01-16T09:00:00.000Z"],
    ["0 0/15 8-9 1 * ?", "UTC", "2026-01-01T08:20:00Z", "2026-01-01T08:30:00.000Z"],
    ["0 0 0 1 1 ? 2030", "UTC", "2026-01-01T00:00:00Z", "2030-01-01T00:00:00.000Z"],
    ["0 0 0 1 1 ? 2027/2", "UTC", "2027-02-01T00:00:00Z", "2029-01-01T00:00:00.000Z"],
    ["0 0 9 L-3 * ?", "UTC", "2026-02-01T00:00:00Z", "2026-02-25T09:00:00.000Z"],
    ["0 0 9 LW * ?", "UTC", "2026-01-01T00:00:00Z", "2026-01-30T09:00:00.000Z"],
    ["0 0 9 15W * ?", "UTC", "2026-02-01T00:00:00Z", "2026-02-16T09:00:00.000Z"],
    ["0 0 9 1W * ?", "UTC", "2026-07-31T12:00:00Z", "2026-08-03T09:00:00.000Z"],
    ["0 0 9 31W 5 ?", "UTC", "2026-05-01T00:00:00Z", "2026-05-29T09:00:00.000Z"],
    ["0 0 9 ? * 6L", "UTC", "2026-01-01T00:00:00Z", "2026-01-30T09:00:00.000Z"],
    ["0 0 9 ? * FRIL", "UTC", "2026-01-01T00:00:00Z", "2026-01-30T09:00:00.000Z"],
    ["0 0 9 ? * L", "UTC", "2026-01-01T00:00:00Z", "2026-01-03T09:00:00.000Z"],
    ["0 0 9 ? * 2#5", "UTC", "2026-01-01T00:00:00Z", "2026-03-30T09:00:00.000Z"],
    ["0 0 9 ? * fri-mon", "UTC", "2026-01-06T00:00:00Z", "2026-01-09T09:00:00.000Z"],
    ["0 0 22-2 * * ?", "UTC", "2026-01-01T02:30:00Z", "2026-01-01T22:00:00.000Z"],
    ["0 5/20,50 8 * JAN,mar ?", "UTC", "2026-01-31T08:46:00Z", "2026-01-31T08:50:00.000Z"],
    ["0 /10 8 ? NOV-FEB *", "UTC", "2026-03-01T00:00:00Z", "2026-11-01T08:00:00.000Z"],
    ["10-50/20 0 0 29 2 ?", "UTC", "2026-01-01T00:00:00Z", "2028-02-29T00:00:10.000Z"],
    ["0 0 6 * * ?", "GMT+2", "2026-07-01T00:00:00Z", "2026-07-01T04:00:00.000Z"],
    ["0 0 6 * * ?", "UTC+01:00", "2026-07-01T00:00:00Z", "2026-07-01T05:00:00.000Z"],
    ["0 0 6 * * ?", "EST", "2026-07-01T00:00:00Z", "2026-07-01T11:00:00.000Z"],
    ["0 0 6 * * ?", "PST", "2026-07-01T00:00:00Z", "2026-07-01T13:00:00.000Z"],
    ["0 0 6 * * ?", "IST", "2026-07-01T01:00:00Z", "2026-07-02T00:30:00.000Z"],
    ["0 0 6 * * ?", "Etc/GMT+5", "2026-07-01T00:00:00Z", "2026-07-01T11:00:00.000Z"],
    // Summer time begins and ends: what is left out comes an hour later, what there is twice fires once.
    ["0 30 2 * * ?", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:30:00.000Z"],
    ["0 30 2 * * ?", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00.000Z"],
    ["0 30 2 * * ?", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00.000Z"],
    ["0 0 0 * * ?", "Pacific/Apia", "2026-01-01T10:00:00Z", "2026-01-01T11:00:00.000Z"],
  ])("%s in %s after %s is %s", (expression, zone, after, expected) => {
    expect(next(expression, zone, after)).toBe(expected);
  });

  test.each([
    ...["0 2 * * *", "0 0 2 * * *", "0 0 25 * * ?", "nonsense", "0 0 2 ? * ?", "0 60 * * * ?", "0 0 0 32 * ?"],
    ...["0 0 0 ? * 0", "0 0 0 ? * 8", "0 0 0 ? * 2#6", "0 0 0 ? * MONDAY", "0 0 0 1 13 ?", "0 0/60 * * * ?"],
    ...["0 0 0 L,15 * ?", "0 0 0 ? * 2L,3", "0 0 0 ? * 2#1,3", "0 0 0 5L * ?", "0 0 0 L-31 * ?", "0 0 0 LL * ?"],
    ...["0 0 ? * * ?", "0 0/ 0 * * ?", "0 1-2-3 0 * * ?", "0 0 0 32W * ?", "0 0 0 1 1 ? 2030-2029", "0 , 0 * * ?", ""],
  ])("%s is refused", (expression) => {
    expect(quartzMistake(expression)).toBeDefined();
  });

  test("time zones are Java's, in Java's case", () => {
    const known = ["UTC", "GMT", "Z", "America/Port_of_Spain", "America/Port-au-Prince", "US/Pacific", "Asia/Calcutta"];
    for (const id of [...known, "GMT-8", "GMT+05:30", "UTC-0330", "+09:00", "Etc/UTC", "CET", "PST8PDT", "MST"])
      expect([id, isTimezone(id)]).toEqual([id, true]);
    for (const id of [
      "",
      "utc+1",
      "america/new_york",
      "AMERICA/NEW_YORK",
      "GMT+19",
      "GMT+1:75",
      "+9",
      "XYZ",
      "Mars/Base",
    ])
      expect([id, isTimezone(id)]).toEqual([id, false]);
  });
});

test("a schedule fires at each of its times, each run at its own", async () => {
  await create({ schedule: hourly });
  at.clock.advance(5 * hour);
  const runs = firedRuns(at.workspace);
  expect(runs).toHaveLength(5);
  for (const run of runs) expect(run.at % hour).toBe(0);
  expect(new Set(fired())).toEqual(new Set(["PERIODIC"]));
});

test("nothing fires that is paused, and a schedule that is released fires from then on", async () => {
  const id = await create({ schedule: { ...hourly, pause_status: "PAUSED" } });
  await create({ continuous: { pause_status: "PAUSED" } });
  await create({ trigger: { pause_status: "PAUSED", periodic: { interval: 1, unit: "HOURS" } } });
  at.clock.advance(day);
  expect(fired()).toEqual([]);
  await at.post("/api/2.2/jobs/update", { job_id: id, new_settings: { schedule: hourly } });
  at.clock.advance(2 * hour);
  expect(fired()).toEqual(["PERIODIC", "PERIODIC"]);
  await at.post("/api/2.2/jobs/update", { job_id: id, fields_to_remove: ["schedule"] });
  at.clock.advance(day);
  expect(fired()).toHaveLength(2);
});

test("a continuous job always has a run under way, until it is deleted", async () => {
  const id = await create({ continuous: {} });
  at.clock.advance(3 * hour);
  expect(fired().slice(0, 2)).toEqual(["CONTINUOUS", "CONTINUOUS_RESTART"]);
  await at.post("/api/2.2/jobs/delete", { job_id: id });
  const before = fired().length;
  at.clock.advance(day);
  expect(fired()).toHaveLength(before);
});

test("file arrival, table updates and the list of triggers fire the jobs that wait for them", async () => {
  await create({ trigger: { file_arrival: { url: "abfss://in@acct.dfs.core.windows.net/landing/" } } });
  await create({ trigger: { table_update: { table_names: ["main.sales.orders"] }, pause_status: "UNPAUSED" } });
  await create({ triggers: [{ schedule: hourly }, { table_update: { table_names: ["main.sales.orders"] } }] });
  expect(fireFileArrival(at.workspace, "abfss://in@acct.dfs.core.windows.net/other/x")).toHaveLength(0);
  expect(fireFileArrival(at.workspace, "abfss://in@acct.dfs.core.windows.net/landing/x.csv")).toHaveLength(1);
  expect(fireTableUpdate(at.workspace, "main.sales.orders")).toHaveLength(2);
  at.clock.advance(hour);
  expect(fired()).toEqual(["FILE_ARRIVAL", "TABLE", "TABLE", "PERIODIC"]);
});

test("the same job live on two workspaces runs twice, and both records show it", async () => {
  const clock = new Clock();
  const [one, two] = [await startTestWorkspace({ clock }), await startTestWorkspace({ clock, region: "westus" })];
  for (const each of [one, two]) await each.post("/api/2.2/jobs/create", { name: "etl", tasks, schedule: hourly });
  clock.advance(hour);
  expect([one, two].map((each) => firedRuns(each.workspace).map((run) => run.jobName))).toEqual([["etl"], ["etl"]]);
  await Promise.all([one.close(), two.close()]);
});

test("a restored workspace keeps its schedules", async () => {
  await create({ schedule: hourly });
  at.workspace.restore(at.workspace.snapshot());
  at.clock.advance(3 * hour);
  expect(fired()).toHaveLength(3);
});
