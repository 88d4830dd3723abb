import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { markerTag } from "../../replication/inventory/marker.js";
import { type Pair, startPair, type TestWorkspace } from "../replication/pair.js";
import { createCluster, createJob } from "./objects.js";
import { clustersOf, jobsOf, settingsOf } from "./standby-reading.js";

let pair: Pair;

beforeEach(async () => {
  pair = await startPair();
});
afterEach(() => pair.close());

const names = async (at: TestWorkspace): Promise<string[]> => {
  const clusters = (await clustersOf(at)).map(({ cluster_name }) => String(cluster_name));
  const jobs = (await jobsOf(at)).map((job) => String(settingsOf(job).name));
  return [...clusters.filter((name) => name !== "operations"), ...jobs].sort();
};

/** What the user interface's Clone does: everything is the same, our tag as well, but the name. */
const cloneAll = async (at: TestWorkspace): Promise<void> => {
  for (const job of await jobsOf(at))
    await createJob(at, { ...settingsOf(job), name: `clone of ${String(settingsOf(job).name)}` });
  for (const { cluster_name, custom_tags } of await clustersOf(at))
    if (cluster_name !== "operations")
      await createCluster(at, { cluster_name: `clone of ${String(cluster_name)}`, custom_tags: custom_tags! });
};

describe("clones", () => {
  it("of copies on the standby are told, left alone, and outlive a destroy", async () => {
    await createJob(pair.primary, { name: "job" });
    await createCluster(pair.primary, { cluster_name: "cluster" });
    for (const kind of ["clusters", "jobs"] as const) await pair.up(kind);
    await cloneAll(pair.secondary);
    for (const kind of ["clusters", "jobs"] as const) expect((await pair.up(kind)).changed).toBe(false);
    await createJob(pair.primary, { name: "another" });
    expect((await pair.up("jobs")).lines.get("clone of job")).toMatchObject({ outcome: "not-ours" });
    for (const kind of ["clusters", "jobs"] as const) await pair.destroy(kind);
    expect(await names(pair.secondary)).toEqual(["clone of cluster", "clone of job"]);
  });

  it("made while the standby was active are new objects to the old side, and the copies find their originals", async () => {
    for (const name of ["one", "two", "three"]) await createJob(pair.primary, { name });
    await createCluster(pair.primary, { cluster_name: "cluster" });
    const before = new Map((await jobsOf(pair.primary)).map((job) => [job.job_id, settingsOf(job).name]));
    for (const kind of ["clusters", "jobs"] as const) await pair.up(kind);
    pair.swap();
    await cloneAll(pair.secondary);
    for (const kind of ["clusters", "jobs"] as const) await pair.up(kind);
    expect(await names(pair.primary)).toEqual(await names(pair.secondary));
    for (const job of await jobsOf(pair.primary))
      if (before.has(job.job_id)) expect(settingsOf(job).name).toBe(before.get(job.job_id));
    for (const kind of ["clusters", "jobs"] as const) expect((await pair.up(kind)).changed).toBe(false);
  });

  it("and copies of another source are never taken for orphans of this one", async () => {
    const tags = { [markerTag]: "3000000000000003.jobs.42" };
    await createJob(pair.secondary, { name: "of a third workspace", tags });
    const cluster = { [markerTag]: "3000000000000003.clusters.0101-000000-elsewhere" };
    await createCluster(pair.secondary, { cluster_name: "of a third workspace", custom_tags: cluster });
    const settings = { deletions: "propagate", allowMassDeletion: true } as const;
    for (const kind of ["clusters", "jobs"] as const) await pair.up(kind, settings);
    for (const kind of ["clusters", "jobs"] as const) await pair.destroy(kind);
    expect(await names(pair.secondary)).toEqual(["of a third workspace", "of a third workspace"]);
  });
});
