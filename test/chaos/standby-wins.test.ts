import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../replication/values/json.js";
import { type Pair, startPair } from "../replication/pair.js";
import { changeJob, createCluster, createJob, machine, nightly } from "./objects.js";
import { clustersOf, jobsOf, settingsOf } from "./standby-reading.js";

let pair: Pair;

beforeEach(async () => {
  pair = await startPair();
});
afterEach(() => pair.close());

const settings = { conflicts: "standby" } as const;
const up = () => pair.up("clusters", settings);
const copy = async (): Promise<JsonObject> =>
  (await clustersOf(pair.secondary)).find(({ cluster_name }) => cluster_name === "etl")!;

describe("where the standby's version wins", () => {
  it("an edit there is told once, and a preview shows what is and not what will not be", async () => {
    const cluster_id = await createCluster(pair.primary, { cluster_name: "etl" });
    await up();
    const { cluster_id: id, custom_tags } = await copy();
    const edited = { ...machine, num_workers: 7, cluster_name: "etl", cluster_id: id!, custom_tags: custom_tags! };
    await pair.secondary.post("/api/2.1/clusters/edit", edited);
    const { changed, picture } = await up();
    expect(changed).toBe(true);
    expect(Object.values(picture.conflicts)).toEqual([expect.stringContaining("num_workers: 7 → 1")]);
    expect((await up()).changed).toBe(false);

    await pair.primary.post("/api/2.1/clusters/edit", { ...machine, num_workers: 3, cluster_name: "etl", cluster_id });
    expect(Object.values((await up()).picture.conflicts)).toEqual([expect.stringContaining("num_workers: 7 → 3")]);
    expect((await copy()).num_workers).toBe(7);
    expect((await up()).changed).toBe(false);
  });

  it("a trigger set there is taken off all the same, and an edit beside it stays", async () => {
    const job_id = await createJob(pair.primary, { name: "by hand" });
    const upJobs = () => pair.up("jobs", settings);
    const copied = async () => (await jobsOf(pair.secondary))[0]!;
    const setThere = (new_settings: JsonObject) => changeJob(pair.secondary, "by hand", new_settings);
    await upJobs();

    await setThere(nightly);
    const { lines, picture } = await upJobs();
    expect(picture.conflicts).toEqual({});
    expect(lines.get("by hand")).toMatchObject({
      outcome: "updated",
      why: expect.stringContaining("schedule") as string,
    });
    expect(settingsOf(await copied())).not.toHaveProperty("schedule");
    expect((await upJobs()).changed).toBe(false);

    await setThere({ ...nightly, timeout_seconds: 77 });
    expect(Object.values((await upJobs()).picture.conflicts)).toEqual([expect.stringContaining("timeout_seconds")]);
    expect(settingsOf(await copied())).not.toHaveProperty("schedule");
    expect((await upJobs()).changed).toBe(false);
    await pair.primary.post("/api/2.2/jobs/update", { job_id, new_settings: { max_concurrent_runs: 3 } });
    await upJobs();
    expect(settingsOf(await copied())).toMatchObject({ timeout_seconds: 77, max_concurrent_runs: 1 });
  });

  it("an update of ours that was cut off is no edit of theirs", async () => {
    const cluster_id = await createCluster(pair.primary, { cluster_name: "etl" });
    await up();
    await pair.primary.post("/api/2.1/clusters/edit", { ...machine, num_workers: 5, cluster_name: "etl", cluster_id });
    const libraries = [{ pypi: { package: "late" } }];
    await pair.primary.post("/api/2.0/libraries/install", { cluster_id, libraries });
    const { faults } = pair.secondary.server.traffic;
    faults.add({ phase: "after", method: "POST", path: "/api/2.1/clusters/edit", times: 1, status: 400 });
    faults.add({ phase: "before", path: "/api/2.1/clusters/list", skip: 1, status: 400 });
    await up().catch(() => undefined);
    faults.clear();
    const { lines, picture } = await up();
    expect(picture.conflicts).toEqual({});
    expect(lines.get("etl")?.outcome).toBe("updated");
    const { statuses } = await pair.secondary.get("/api/2.0/libraries/all-cluster-statuses");
    expect(JSON.stringify(statuses)).toContain('"late"');
    expect((await up()).changed).toBe(false);
  });
});
