import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { markerTag } from "../../replication/inventory/marker.js";
import { type Pair, startPair } from "../replication/pair.js";
import { createCluster, createJob, machine, nightly, notebook } from "./objects.js";
import { clustersOf, jobsOf, settingsOf } from "./standby-reading.js";

let pair: Pair;
const kinds = ["clusters", "jobs"] as const;

beforeEach(async () => {
  pair = await startPair();
  await createJob(pair.primary, { name: "job", ...nightly });
  await createCluster(pair.primary, { cluster_name: "cluster" });
  for (const kind of kinds) await pair.up(kind);
});
afterEach(() => pair.close());

const ours = async () => (await clustersOf(pair.secondary)).filter(({ cluster_name }) => cluster_name === "cluster");

/** As somebody who tidies up tags, or deploys over the copy. */
async function takeMarkersOff(): Promise<void> {
  const [cluster] = await ours();
  const { cluster_id } = cluster!;
  await pair.secondary.post("/api/2.1/clusters/edit", { ...machine, cluster_name: "cluster", cluster_id: cluster_id! });
  const [job] = await jobsOf(pair.secondary);
  const new_settings = { name: "job", tasks: [{ task_key: "load", ...notebook }] };
  await pair.secondary.post("/api/2.2/jobs/reset", { job_id: job!.job_id!, new_settings });
}

describe("a copy that has lost its marker", () => {
  it("is still the copy: it is told as edited, gets its marker back, and nothing is made twice", async () => {
    const before = [(await ours())[0]!.cluster_id, (await jobsOf(pair.secondary))[0]!.job_id];
    await takeMarkersOff();
    for (const kind of kinds) {
      const { conflicts, plan } = await pair.preview(kind);
      expect(plan).toBe("update 1");
      expect(Object.values(conflicts)).toEqual([
        expect.stringContaining(`edited on the standby (${markerTag}: (none) → `),
      ]);
      expect((await pair.refresh(kind)).drift).toEqual([expect.stringContaining("was edited on the standby")]);
      await pair.up(kind);
      expect((await pair.up(kind)).changed).toBe(false);
    }
    const [clusters, jobs] = [await ours(), await jobsOf(pair.secondary)];
    expect([...clusters.map((each) => each.cluster_id), ...jobs.map((each) => each.job_id)]).toEqual(before);
    expect(clusters[0]!.custom_tags).toHaveProperty([markerTag]);
    expect(settingsOf(jobs[0]!).tags).toHaveProperty([markerTag]);
  });

  it("stays as it is where the standby wins, and is not made anew", async () => {
    await takeMarkersOff();
    for (const kind of kinds) await pair.up(kind, { conflicts: "standby" });
    expect(await ours()).toHaveLength(1);
    expect(await jobsOf(pair.secondary)).toHaveLength(1);
  });

  it("is removed by a destroy", async () => {
    await takeMarkersOff();
    for (const kind of kinds) await pair.destroy(kind);
    expect(await ours()).toHaveLength(0);
    expect(await jobsOf(pair.secondary)).toHaveLength(0);
  });
});
