import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Pair, startPair } from "../replication/pair.js";
import { createCluster, createJob, nightly, notebook } from "./objects.js";
import { clustersOf, jobsOf, settingsOf } from "./standby-reading.js";

let pair: Pair;
let job: bigint;
let cluster: string;
const kinds = ["clusters", "jobs"] as const;

beforeEach(async () => {
  pair = await startPair();
  job = await createJob(pair.primary, { name: "job", ...nightly });
  await createJob(pair.primary, { name: "another" });
  cluster = await createCluster(pair.primary, { cluster_name: "cluster" });
  await createCluster(pair.primary, { cluster_name: "another" });
  for (const kind of kinds) await pair.up(kind);
  const copies = await jobsOf(pair.secondary);
  const copy = copies.find((each) => settingsOf(each).name === "job")!;
  await pair.secondary.post("/api/2.2/jobs/update", { job_id: copy.job_id!, new_settings: nightly });
  await pair.secondary.post("/api/2.1/clusters/start", { cluster_id: (await copyOfCluster()).cluster_id! });
});
afterEach(() => pair.close());

const copyOfCluster = async () =>
  (await clustersOf(pair.secondary)).find(({ cluster_name }) => cluster_name === "cluster")!;

async function expectInert(): Promise<void> {
  const copies = await jobsOf(pair.secondary);
  expect(copies.map((each) => settingsOf(each).schedule)).toEqual(copies.map(() => undefined));
  expect(["TERMINATING", "TERMINATED"]).toContain((await copyOfCluster()).state);
  for (const kind of kinds) expect((await pair.up(kind, settings)).changed).toBe(false);
}

let settings = {};

describe("a copy that was set going by hand is made inert again", () => {
  it("when its original is gone and the copy is kept", async () => {
    settings = {};
    await pair.primary.post("/api/2.2/jobs/delete", { job_id: job });
    await pair.primary.post("/api/2.1/clusters/permanent-delete", { cluster_id: cluster });
    for (const kind of kinds) await pair.up(kind, settings);
    await expectInert();
  });

  it("when its original is not selected any more", async () => {
    settings = { select: { jobs: { exclude: ["job"] }, clusters: { exclude: ["cluster"] } } };
    for (const kind of kinds) await pair.up(kind, settings);
    await expectInert();
  });

  it("when its original cannot be followed for now", async () => {
    settings = {};
    const tasks = [
      { task_key: "load", ...notebook },
      { task_key: "p", pipeline_task: { pipeline_id: "nowhere" } },
    ];
    await pair.primary.post("/api/2.2/jobs/update", { job_id: job, new_settings: { tasks } });
    const spec = { spark_version: "15.4.x-scala2.12", node_type_id: "Standard_L8s_v3", num_workers: 1 };
    await pair.primary.post("/api/2.1/clusters/edit", { cluster_id: cluster, cluster_name: "cluster", ...spec });
    for (const kind of kinds) await pair.up(kind, settings);
    await expectInert();
  });
});
