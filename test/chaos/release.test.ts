import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { heldIn, type Pair, startPair } from "../replication/pair.js";
import { changeJob, createJob, nightly } from "./objects.js";
import { jobsOf, settingsOf } from "./standby-reading.js";

let pair: Pair;

beforeEach(async () => {
  pair = await startPair();
});
afterEach(() => pair.close());

/** Activates, and holds it to having put back all: nothing is held any more. */
const activate = async () => {
  const state = await pair.activate("jobs");
  expect(heldIn(state)).toEqual([]);
  return state.ledger.lines;
};

/** Activates where not all can be put back: what is not stays held, and the promotion says that it failed. */
const activateInPart = async () => {
  const state = await pair.activate("jobs");
  const { ledger } = state;
  expect(heldIn(state).map(({ held }) => held)).toEqual([nightly]);
  expect(ledger.lines.find(({ name }) => name === "jobs")).toMatchObject({
    outcome: "failed",
    why: expect.stringContaining("1 of 1 that held a trigger did not get it back") as string,
  });
  return ledger.lines.filter(({ name }) => name !== "jobs");
};

describe("a release", () => {
  it("names the job whose copy was never made, and keeps its trigger", async () => {
    await createJob(pair.primary, { name: "nightly", ...nightly });
    pair.secondary.server.traffic.faults.add({ phase: "before", path: "/api/2.2/jobs/create", status: 400 });
    expect((await pair.up("jobs")).lines.get("nightly")?.outcome).toBe("failed");
    expect(await activateInPart()).toMatchObject([
      { name: "nightly", outcome: "needs-a-person", why: expect.stringContaining("was never made") as string },
    ]);
  });

  it("names the job whose copy is gone, and keeps its trigger", async () => {
    await createJob(pair.primary, { name: "nightly", ...nightly });
    await pair.up("jobs");
    const [copy] = await jobsOf(pair.secondary);
    await pair.secondary.post("/api/2.2/jobs/delete", { job_id: copy!.job_id! });
    expect(await activateInPart()).toMatchObject([
      { name: "nightly", outcome: "needs-a-person", why: expect.stringContaining("the copy is gone") as string },
    ]);
  });

  it("is previewed: how many triggers go back, without a write, and nothing any more once they are", async () => {
    await createJob(pair.primary, { name: "nightly", ...nightly });
    await createJob(pair.primary, { name: "by hand" });
    await pair.up("jobs");
    pair.secondary.server.traffic.log.reset();
    expect(await pair.previewActivation("jobs")).toMatchObject({ plan: "put back the triggers of 1" });
    expect(pair.secondary.server.traffic.log.writes).toBe(0);
    await activate();
    expect(await pair.previewActivation("jobs")).toMatchObject({ plan: "nothing to do" });
  });

  it("is no hand edit when the workspace is a standby again, and is there for the next time", async () => {
    await createJob(pair.primary, { name: "nightly", ...nightly });
    await createJob(pair.primary, { name: "edited", ...nightly });
    await pair.up("jobs");
    await activate();
    await changeJob(pair.secondary, "edited", { timeout_seconds: 77 });
    const { picture, lines } = await pair.up("jobs");
    expect(picture.plan).toBe("update 2");
    expect(Object.keys(picture.conflicts)).toEqual([expect.stringMatching(/^edited /)]);
    expect(Object.values(picture.conflicts)[0]).toContain("timeout_seconds");
    expect(lines.get("nightly")).toMatchObject({
      outcome: "updated",
      why: expect.stringContaining("schedule") as string,
    });
    expect((await jobsOf(pair.secondary)).filter((job) => "schedule" in settingsOf(job))).toEqual([]);
    expect((await pair.up("jobs")).changed).toBe(false);
    await activate();
    const schedules = (await jobsOf(pair.secondary)).map((job) => settingsOf(job).schedule);
    expect(schedules).toEqual([nightly.schedule, nightly.schedule]);
  });

  it("puts back what the source has last, also on a copy that is kept as it is or cannot follow", async () => {
    const paused = { schedule: { ...nightly.schedule, pause_status: "PAUSED" } };
    const settings = { conflicts: "standby" } as const;
    for (const name of ["kept", "blocked"]) await createJob(pair.primary, { name, ...nightly });
    await pair.up("jobs", settings);
    await changeJob(pair.secondary, "kept", { timeout_seconds: 77 });
    await pair.up("jobs", settings);

    await changeJob(pair.primary, "kept", paused);
    const tasks = [{ task_key: "p", pipeline_task: { pipeline_id: "only in the east" } }];
    await changeJob(pair.primary, "blocked", { ...paused, tasks });
    const { picture } = await pair.up("jobs", settings);
    expect(picture.plan).toBe("update 2");
    for (const changes of Object.values(picture.changes)) expect(JSON.stringify(changes)).toContain("PAUSED");
    expect((await pair.up("jobs", settings)).changed).toBe(false);
    await activate();
    const copies = await jobsOf(pair.secondary);
    expect(copies.map((job) => settingsOf(job).schedule)).toEqual([paused.schedule, paused.schedule]);
    expect(copies.map((job) => settingsOf(job).timeout_seconds).sort()).toEqual([0, 77]);
  });

  it("does not start again what had been deleted on the source", async () => {
    const id = await createJob(pair.primary, { name: "deleted", ...nightly });
    await createJob(pair.primary, { name: "kept", ...nightly });
    await pair.up("jobs");
    await pair.primary.post("/api/2.2/jobs/delete", { job_id: id });
    await pair.up("jobs");
    const { ledger } = await pair.activate("jobs");
    const outcomes = ledger.lines.map(({ name, outcome }) => `${name}: ${outcome}`);
    expect(outcomes.sort()).toEqual(["deleted: skipped", "kept: updated"]);
    const scheduled = (await jobsOf(pair.secondary)).filter((job) => "schedule" in settingsOf(job));
    expect(scheduled.map((job) => settingsOf(job).name)).toEqual(["kept"]);
  });

  it("that is cut off goes on where it stopped", async () => {
    for (let index = 0; index < 12; index++) await createJob(pair.primary, { name: `job-${index}`, ...nightly });
    await pair.up("jobs");
    const { faults } = pair.secondary.server.traffic;
    faults.add({ phase: "after", method: "POST", path: "/api/2.2/jobs/update", skip: 5, status: 400 });
    const { ledger } = await pair.activate("jobs");
    expect(ledger.counts).toEqual({ updated: 5, failed: 7 });
    faults.clear();
    await activate();
    const copies = await jobsOf(pair.secondary);
    expect(copies.map((job) => settingsOf(job).schedule)).toEqual(copies.map(() => nightly.schedule));
  });
});
