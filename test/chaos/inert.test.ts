import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { markerTag } from "../../replication/inventory/marker.js";
import { clusterTable } from "../../sandbox/databricks/clusters/row.js";
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

describe("clusters that are made", () => {
  const many = 14;
  const mostAtOnce = 4;

  const running = async () =>
    (await clustersOf(pair.secondary))
      .filter(({ cluster_name, state }) => cluster_name !== "operations" && !/^(TERMINAT|ERROR)/.test(String(state)))
      .map(({ cluster_name }) => cluster_name);
  const makeMany = async (): Promise<void> => {
    for (let index = 0; index < many; index++)
      await createCluster(pair.primary, { cluster_name: `made-${index}`, spark_conf: { made: "yes" } });
  };
  const names = async () =>
    (await clustersOf(pair.secondary))
      .map(({ cluster_name }) => String(cluster_name))
      .filter((each) => each.startsWith("made"));

  beforeEach(async () => {
    await pair.up("clusters");
  });

  it("run a handful at a time at most", async () => {
    await makeMany();
    let most = 0;
    const { log } = pair.secondary.server.traffic;
    const add = log.add.bind(log);
    log.add = (request) => {
      const rows = [...clusterTable(pair.secondary.server.workspace).values()];
      const live = rows.filter(
        ({ state, spec }) => /PENDING|RUNNING/.test(state) && String(spec["cluster_name"]).startsWith("made"),
      );
      most = Math.max(most, live.length);
      add(request);
    };
    await pair.up("clusters");
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(mostAtOnce);
    expect(await running()).toEqual([]);
  });

  it("are no more than a handful where they cannot be stopped, each with its line", async () => {
    await makeMany();
    const { faults } = pair.secondary.server.traffic;
    faults.add({ phase: "before", path: "/api/2.1/clusters/delete", status: 403, errorCode: "PERMISSION_DENIED" });
    const { state } = await pair.deploy(pair.secondary, "standby", "clusters");
    faults.clear();
    expect((await running()).length).toBeLessThanOrEqual(mostAtOnce);
    const told = state.ledger.lines.filter(({ name, why }) => name.startsWith("made") && why !== undefined);
    expect(told).toHaveLength(many);
    await pair.up("clusters");
    expect(await running()).toEqual([]);
    expect(await names()).toHaveLength(many);
  });

  it.each([14, 18, 22, 27, 33])(
    "by a run that was killed after %i calls are few, and stopped by the next before it makes any",
    async (calls) => {
      await makeMany();
      const { faults, log } = pair.secondary.server.traffic;
      faults.add({ phase: "before", status: 400, errorCode: "DEAD", skip: calls });
      await pair.deploy(pair.secondary, "standby", "clusters");
      faults.clear();
      const left = await running();
      expect(left.length).toBeLessThanOrEqual(mostAtOnce);
      log.reset();
      await pair.up("clusters");
      const calledFor = log.entries().map(({ path }) => path);
      const firstCreate = calledFor.indexOf("/api/2.1/clusters/create");
      const stops = calledFor.slice(0, firstCreate).filter((path) => path === "/api/2.1/clusters/delete");
      if (firstCreate >= 0) expect(stops.length).toBeGreaterThanOrEqual(left.length);
      expect(await running()).toEqual([]);
      expect((await names()).sort()).toEqual(Array.from({ length: many }, (_, index) => `made-${index}`).sort());
      expect((await pair.up("clusters")).changed).toBe(false);
    },
  );

  it.each([
    ["{}", { body: "{}" }],
    ["a page", { body: "<html>Sign in</html>", contentType: "text/html" }],
  ])("with %s for an answer are found and stopped within the run", async (_what, answer) => {
    await createCluster(pair.primary, { cluster_name: "made-0" });
    pair.secondary.server.traffic.faults.add({
      phase: "after",
      path: "/api/2.1/clusters/create",
      status: 200,
      ...answer,
    });
    expect((await pair.up("clusters")).lines.get("made-0")?.outcome).toBe("created");
    expect(await names()).toEqual(["made-0"]);
    expect(await running()).toEqual([]);
  });

  it("after the run has ended are stopped by the next, and told where there are two", async () => {
    await createCluster(pair.primary, { cluster_name: "made-0" });
    const { faults } = pair.secondary.server.traffic;
    faults.add({ phase: "before", path: "/api/2.1/clusters/create", status: 503, times: 1 });
    await pair.up("clusters");
    faults.clear();
    const copy = (await clustersOf(pair.secondary)).find(({ cluster_name }) => cluster_name === "made-0")!;
    const { custom_tags } = copy;
    await createCluster(pair.secondary, { cluster_name: "made-0", custom_tags: custom_tags! });
    expect(await running()).toEqual(["made-0"]);
    const { state } = await pair.up("clusters");
    expect(await running()).toEqual([]);
    expect(state.ledger.lines.map(({ why }) => why).join("\n")).toContain("made twice");
  });

  it("by a run that gave up are stopped by the next, which takes them for the copies", async () => {
    const id = await createCluster(pair.primary, { cluster_name: "made-0" });
    const { faults } = pair.secondary.server.traffic;
    faults.add({ phase: "before", path: "/api/2.1/clusters/create", status: 400, errorCode: "DEAD" });
    await pair.up("clusters");
    faults.clear();
    const custom_tags = { [markerTag]: `1000000000000001.clusters.${id}` };
    await createCluster(pair.secondary, { cluster_name: "made-0", custom_tags });
    expect((await pair.up("clusters")).lines.get("made-0")?.copyId).toBeDefined();
    expect(await names()).toEqual(["made-0"]);
    expect(await running()).toEqual([]);
  });
});
