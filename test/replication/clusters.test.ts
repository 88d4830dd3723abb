import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../replication/values/json.js";
import { markerTag } from "../../replication/inventory/marker.js";
import { clustersOf, type Pair, startPair } from "./pair.js";

const etl = {
  cluster_name: "etl",
  spark_version: "15.4.x-scala2.12",
  node_type_id: "Standard_DS3_v2",
  autoscale: { min_workers: 1, max_workers: 4 },
  autotermination_minutes: 30,
  spark_conf: { "spark.speculation": "true" },
  spark_env_vars: { DB_PASSWORD: "hunter2-Zq8!" },
  custom_tags: { team: "data" },
  data_security_mode: "SINGLE_USER",
  single_user_name: "alice@example.com",
  a_field_of_a_later_version: { kept: true },
};

let pair: Pair;

beforeEach(async () => {
  pair = await startPair();
});
afterEach(() => pair.close());

const create = async (body: object): Promise<string> =>
  String((await pair.primary.post("/api/2.1/clusters/create", body as JsonObject)).cluster_id);
const copyOf = async (name: string): Promise<JsonObject> => (await clustersOf(pair.secondary)).get(name)!;

describe("clusters", () => {
  it("are copied with every field, pinned, and left terminated", async () => {
    const id = await create(etl);
    const { lines, state } = await pair.up("clusters");
    pair.clock.advance(60_000);
    const copy = await copyOf("etl");
    expect(copy).toMatchObject({
      ...etl,
      custom_tags: { team: "data", [markerTag]: `1000000000000001.clusters.${id}` },
    });
    expect(copy.state).toBe("TERMINATED");
    expect(copy.pinned_by_user_name).toBeDefined();
    expect(lines.get("etl")).toMatchObject({ outcome: "created", id, copyId: copy.cluster_id });
    expect(lines.get("operations")?.outcome).toBe("skipped");
    expect(state.idMap).toEqual({ [id]: copy.cluster_id });
  });

  it("are left alone by a second run, which writes nothing", async () => {
    await create(etl);
    await pair.up("clusters");
    pair.secondary.server.traffic.log.reset();
    const again = await pair.up("clusters");
    expect(again.changed).toBe(false);
    expect(again.picture.plan).toBe("nothing to do");
    expect(pair.secondary.server.traffic.log.writes).toBe(0);
  });

  it("arrive as edits when they are edited, field by field, and never write to the source", async () => {
    const id = await create(etl);
    const first = await pair.up("clusters");
    await pair.primary.post("/api/2.1/clusters/edit", { ...etl, cluster_id: id, autotermination_minutes: 45 });
    pair.primary.server.traffic.log.reset();
    const preview = await pair.preview("clusters");
    expect(preview.plan).toBe("update 1");
    expect(first.picture.changes[`etl [${id}]`]).toBe("new: 15.4.x-scala2.12, 1–4 × Standard_DS3_v2");
    expect(preview.changes).toEqual({ [`etl [${id}]`]: { autotermination_minutes: "30 → 45" } });
    const second = await pair.up("clusters");
    expect(second.lines.get("etl")?.outcome).toBe("updated");
    expect(second.state.idMap).toEqual(first.state.idMap);
    expect(await copyOf("etl")).toMatchObject({ autotermination_minutes: 45 });
    expect(pair.primary.server.traffic.log.writes).toBe(0);
  });

  it("arrive as edits on a copy that is still being terminated, or that somebody is starting", async () => {
    const id = await create(etl);
    await pair.up("clusters");
    const { cluster_id } = await copyOf("etl");
    pair.secondary.server.workspace.controls.clusterStopMs = 1_500;
    for (const minutes of [45, 50]) {
      pair.clock.advance(60_000);
      await pair.secondary.post("/api/2.1/clusters/start", { cluster_id: cluster_id! });
      if (minutes === 45) {
        pair.clock.advance(60_000);
        await pair.secondary.post("/api/2.1/clusters/delete", { cluster_id: cluster_id! });
      }
      await pair.primary.post("/api/2.1/clusters/edit", { ...etl, cluster_id: id, autotermination_minutes: minutes });
      expect((await pair.up("clusters")).lines.get("etl")?.outcome).toBe("updated");
      expect(await copyOf("etl")).toMatchObject({ autotermination_minutes: minutes });
      expect(["TERMINATING", "TERMINATED"]).toContain((await copyOf("etl")).state);
    }
  });

  it("of one name stay two", async () => {
    await create(etl);
    await create({ ...etl, autotermination_minutes: 60 });
    const { state } = await pair.up("clusters");
    expect(new Set(Object.values(state.idMap)).size).toBe(2);
  });

  it("are found again by their marker when the state is lost", async () => {
    await create(etl);
    await pair.up("clusters");
    pair.loseState();
    const { state, picture } = await pair.up("clusters");
    expect(picture.plan).toBe("nothing to do");
    expect(Object.keys(state.idMap)).toHaveLength(1);
    expect((await clustersOf(pair.secondary)).size).toBe(1);
  });

  it("are made once even when the answer to create is lost", async () => {
    await create(etl);
    pair.secondary.server.traffic.faults.add({ path: "/api/2.1/clusters/create", phase: "after", cut: true, times: 1 });
    const { lines } = await pair.up("clusters");
    expect(lines.get("etl")?.outcome).toBe("created");
    const { clusters } = await pair.secondary.get("/api/2.1/clusters/list?page_size=100");
    expect((clusters as JsonObject[]).filter(({ cluster_name }) => cluster_name === "etl")).toHaveLength(1);
    pair.clock.advance(60_000);
    expect((await copyOf("etl")).state).toBe("TERMINATED");
  });

  it("edited by hand on the standby are a conflict, won by the source unless told otherwise", async () => {
    const id = await create(etl);
    const { state } = await pair.up("clusters");
    pair.clock.advance(60_000);
    const copy = await copyOf("etl");
    const edited = {
      ...etl,
      custom_tags: copy.custom_tags!,
      cluster_id: state.idMap[id]!,
      autotermination_minutes: 15,
    };
    await pair.secondary.post("/api/2.1/clusters/edit", edited);
    const kept = await pair.up("clusters", { conflicts: "standby" });
    expect(kept.picture.conflicts[`etl [${id}]`]).toMatch(
      /edited on the standby \(autotermination_minutes: 15 → 30\); the standby's version is kept/,
    );
    expect(await copyOf("etl")).toMatchObject({ autotermination_minutes: 15 });
    const overruled = await pair.up("clusters");
    expect(overruled.picture.conflicts[`etl [${id}]`]).toMatch(/the source's version wins/);
    expect(await copyOf("etl")).toMatchObject({ autotermination_minutes: 30 });
  });

  it("deleted or edited on the standby are seen by a refresh, and made anew", async () => {
    const id = await create(etl);
    const { state } = await pair.up("clusters");
    await pair.secondary.post("/api/2.1/clusters/permanent-delete", { cluster_id: state.idMap[id]! });
    expect((await pair.refresh("clusters")).drift).toEqual([
      `cluster "etl" [${state.idMap[id]}] is gone from the standby`,
    ]);
    const { lines } = await pair.up("clusters");
    expect(lines.get("etl")?.outcome).toBe("created");
  });

  it("that are not ours are never touched, not by deletions and not by destroy", async () => {
    await create(etl);
    await pair.secondary.post("/api/2.1/clusters/create", { ...etl, cluster_name: "of-the-standby-team" });
    await pair.up("clusters", { deletions: "propagate", allowMassDeletion: true });
    await pair.destroy("clusters");
    expect([...(await clustersOf(pair.secondary)).keys()]).toEqual(["of-the-standby-team"]);
  });

  it("gone from the source go from the standby only when told, and not many at once", async () => {
    const ids = await Promise.all(["a", "b", "c"].map((cluster_name) => create({ ...etl, cluster_name })));
    await pair.up("clusters");
    await pair.primary.post("/api/2.1/clusters/permanent-delete", { cluster_id: ids[0]! });
    expect((await pair.up("clusters")).lines.get("a")).toMatchObject({
      outcome: "skipped",
      why: /kept \(deletions: keep\)/,
    });
    const limited = await pair.up("clusters", { deletions: "propagate" });
    expect(limited.lines.get("a")?.why).toMatch(/1 of 3 clusters at once is over the limit of 10 %/);
    expect((await clustersOf(pair.secondary)).has("a")).toBe(true);
    const told = await pair.up("clusters", { deletions: "propagate", deletionLimitPercent: 40 });
    expect(told.lines.get("a")?.outcome).toBe("removed");
    expect([...(await clustersOf(pair.secondary)).keys()].sort()).toEqual(["b", "c"]);
  });

  it("listed in part or not at all are an error, not a deletion", async () => {
    await create(etl);
    await pair.up("clusters");
    pair.primary.server.traffic.faults.add({
      path: "/api/2.1/clusters/list",
      phase: "before",
      status: 403,
      errorCode: "PERMISSION_DENIED",
      message: "no",
    });
    await expect(pair.up("clusters", { deletions: "propagate", allowMassDeletion: true })).rejects.toThrow(
      /cannot be listed on primary/,
    );
    expect((await clustersOf(pair.secondary)).size).toBe(1);
  });

  it("whose source lists none any more are kept and the run refused", async () => {
    const id = await create(etl);
    await pair.up("clusters");
    await pair.primary.post("/api/2.1/clusters/permanent-delete", { cluster_id: id });
    await expect(pair.up("clusters", { deletions: "propagate", deletionLimitPercent: 100 })).rejects.toThrow(
      /the source lists none, yet 1 were copied/,
    );
  });

  it("with a node type that the region lacks need a mapping, and say so", async () => {
    const { node_types: here } = await pair.primary.get("/api/2.1/clusters/list-node-types");
    const { node_types: there } = await pair.secondary.get("/api/2.1/clusters/list-node-types");
    const offered = new Set((there as JsonObject[]).map(({ node_type_id }) => node_type_id));
    const missing = (here as JsonObject[]).find(({ node_type_id }) => !offered.has(node_type_id))!
      .node_type_id as string;
    await create({ ...etl, node_type_id: missing });
    const without = await pair.up("clusters");
    expect(without.lines.get("etl")).toMatchObject({
      outcome: "needs-a-person",
      why: `node type ${missing} is not offered in westus; map it to one that is (nodeTypes)`,
    });
    const mapped = await pair.up("clusters", { nodeTypes: { [missing]: "Standard_DS3_v2" } });
    expect(mapped.lines.get("etl")?.outcome).toBe("created");
  });

  it("have their node types mapped and checked in every field that names some", async () => {
    const flexible = (...alternate_node_type_ids: string[]) => ({
      worker_node_type_flexibility: { alternate_node_type_ids },
      driver_node_type_flexibility: { alternate_node_type_ids: alternate_node_type_ids.slice(0, 1) },
    });
    await create({ ...etl, ...flexible("Standard_DS4_v2", "Standard_D8pds_v6") });
    const { lines } = await pair.up("clusters");
    expect(lines.get("etl")?.why).toMatch(/node type Standard_D8pds_v6 is not offered in westus/);
    const mapped = await pair.up("clusters", { nodeTypes: { Standard_D8pds_v6: "Standard_DS5_v2" } });
    expect(mapped.lines.get("etl")?.outcome).toBe("created");
    expect(await copyOf("etl")).toMatchObject(flexible("Standard_DS4_v2", "Standard_DS5_v2"));
  });

  it("for one user keep the name, or the one that is mapped to it", async () => {
    await create(etl);
    await create({ ...etl, cluster_name: "bob's", single_user_name: "bob@example.com" });
    await pair.up("clusters", { idMappings: { principals: { "bob@example.com": "rob@example.com" } } });
    expect((await copyOf("etl")).single_user_name).toBe("alice@example.com");
    expect((await copyOf("bob's")).single_user_name).toBe("rob@example.com");
  });

  it("of a pool need its counterpart: by config, its copy, or the one that bears its name", async () => {
    const pool = { instance_pool_name: "warm", node_type_id: "Standard_DS3_v2" };
    const { instance_pool_id } = await pair.primary.post("/api/2.0/instance-pools/create", pool);
    const { node_type_id: _, ...pooled } = etl;
    await create({ ...pooled, instance_pool_id });
    const blocked = await pair.up("clusters", { select: { "instance-pools": { exclude: ["warm"] } } });
    expect(blocked.lines.get("etl")?.why).toContain(
      `Mapping not available for old instance pool id ${String(instance_pool_id)}: "warm" is not selected; select it (select.instance-pools), or map it (idMappings.instance-pools.${String(instance_pool_id)})`,
    );
    const { instance_pool_id: there } = await pair.secondary.post("/api/2.0/instance-pools/create", pool);
    expect((await pair.up("clusters")).lines.get("etl")?.outcome).toBe("created");
    expect(await copyOf("etl")).toMatchObject({ instance_pool_id: there });
  });

  it("keep their libraries, and lose those that the source lost", async () => {
    const id = await create(etl);
    const libraries = [{ pypi: { package: "requests==2.32.3" } }, { jar: "dbfs:/jars/a.jar" }];
    await pair.primary.post("/api/2.0/libraries/install", { cluster_id: id, libraries });
    const { state } = await pair.up("clusters");
    const there = (): Promise<JsonObject> =>
      pair.secondary.get(`/api/2.0/libraries/cluster-status?cluster_id=${state.idMap[id]}`);
    // In the order of the source: sorted, the jar would come first.
    expect(((await there()).library_statuses as JsonObject[]).map(({ library }) => library)).toEqual(libraries);
    expect((await pair.up("clusters")).changed).toBe(false);
  });

  it("of the simple form are asked for as they were, and without what the service has filled in", async () => {
    const simple = {
      cluster_name: "simple",
      kind: "CLASSIC_PREVIEW",
      is_single_node: true,
      use_ml_runtime: false,
      spark_version: "15.4.x-scala2.12",
      node_type_id: "Standard_DS3_v2",
      data_security_mode: "DATA_SECURITY_MODE_AUTO",
      custom_tags: { team: "data" },
    };
    const id = await create(simple);
    const refusal = { status: 400, errorCode: "INVALID_PARAMETER_VALUE", message: "not beside kind" };
    for (const filledIn of ["num_workers", "azure_attributes", "enable_elastic_disk", "driver_node_type_id"])
      pair.secondary.server.traffic.faults.add({
        ...refusal,
        phase: "before",
        path: "/api/2.1/clusters/{create,edit}",
        bodyContains: `"${filledIn}"`,
      });
    const { lines } = await pair.up("clusters");
    expect(lines.get("simple")?.outcome).toBe("created");
    const { spec } = await pair.secondary.get(`/api/2.1/clusters/get?cluster_id=${lines.get("simple")!.copyId!}`);
    expect(spec).toEqual({
      ...simple,
      single_user_name: "admin@example.com",
      custom_tags: { team: "data", [markerTag]: `1000000000000001.clusters.${id}` },
    });
    expect((await pair.up("clusters")).changed).toBe(false);
    await pair.primary.post("/api/2.1/clusters/edit", { ...simple, cluster_id: id, autotermination_minutes: 45 });
    expect((await pair.up("clusters")).lines.get("simple")?.outcome).toBe("updated");
    expect((await copyOf("simple")).autotermination_minutes).toBe(45);
  });

  it("are read singly only where the listing does not tell what was asked for", async () => {
    await create({ ...etl, cluster_name: "plain", a_field_of_a_later_version: undefined });
    await pair.up("clusters");
    pair.primary.server.traffic.log.reset();
    await pair.up("clusters");
    expect(pair.primary.server.traffic.log.counts()).not.toHaveProperty(["GET /api/2.1/clusters/get"]);
  });

  it("over the hundredth pin are reported, not fatal", async () => {
    for (let index = 0; index < 101; index++) await create({ ...etl, cluster_name: `c${index}` });
    const { lines } = await pair.up("clusters");
    const unpinned = [...lines.values()].filter(({ why }) => why?.includes("not pinned"));
    expect(unpinned).toHaveLength(1);
    expect(unpinned[0]?.outcome).toBe("created");
    expect((await pair.up("clusters")).changed).toBe(false);
  });

  it("for which there is no room do not fail the run, and are made when there is", async () => {
    await create({ ...etl, cluster_name: "refused" });
    await create({ ...etl, cluster_name: "other" });
    const { traffic, workspace } = pair.secondary.server;
    traffic.faults.add({
      path: "/api/2.1/clusters/create",
      bodyContains: '"refused"',
      phase: "before",
      status: 400,
      errorCode: "QUOTA_EXCEEDED",
      message: "no more clusters",
    });
    workspace.controls.launchFailure = "CLOUD_PROVIDER_RESOURCE_STOCKOUT";
    const { lines, state } = await pair.up("clusters");
    expect(lines.get("refused")).toMatchObject({
      outcome: "needs-a-person",
      why: expect.stringContaining("no room for it now") as string,
    });
    expect(lines.get("other")?.outcome).toBe("created");
    expect(state.ledger.counts).not.toHaveProperty("failed");

    traffic.faults.clear();
    workspace.controls.launchFailure = undefined;
    expect((await pair.up("clusters")).lines.get("refused")?.outcome).toBe("created");
    for (const cluster of (await clustersOf(pair.secondary)).values()) expect(cluster.state).toMatch(/^TERMINAT/);
    expect((await pair.up("clusters")).changed).toBe(false);
  });

  it("go on after a failure: what was copied stays, the rest is named and copied by the next run", async () => {
    await create(etl);
    await create({ ...etl, cluster_name: "bad" });
    pair.secondary.server.traffic.faults.add({
      path: "/api/2.1/clusters/create",
      bodyContains: '"bad"',
      phase: "before",
      status: 400,
      errorCode: "INVALID_PARAMETER_VALUE",
      message: "no such thing",
      times: 1,
    });
    const first = await pair.up("clusters");
    expect(first.lines.get("etl")?.outcome).toBe("created");
    expect(first.lines.get("bad")).toMatchObject({ outcome: "needs-a-person", why: /no such thing/ });
    const second = await pair.up("clusters");
    expect(second.lines.get("etl")?.outcome).toBe("unchanged");
    expect(second.lines.get("bad")?.outcome).toBe("created");
  });

  it("come home after a failover: originals are found by their copies, and no duplicate is made", async () => {
    const id = await create(etl);
    const { state } = await pair.up("clusters");
    await pair.activate("clusters");
    pair.clock.advance(60_000);
    const copy = await copyOf("etl");
    await pair.secondary.post("/api/2.1/clusters/edit", {
      ...etl,
      custom_tags: copy.custom_tags!,
      cluster_id: state.idMap[id]!,
      autotermination_minutes: 77,
    });
    pair.swap();
    const back = await pair.up("clusters");
    expect(back.state.idMap).toEqual({ [state.idMap[id]!]: id });
    const home = await clustersOf(pair.primary);
    expect(home.size).toBe(1);
    expect(home.get("etl")).toMatchObject({ cluster_id: id, autotermination_minutes: 77 });
    pair.swap();
    const again = await pair.up("clusters");
    expect(again.state.idMap).toEqual({ [id]: state.idMap[id] });
    expect((await clustersOf(pair.secondary)).size).toBe(1);
  });

  it("are selected by glob, and a preview writes nothing", async () => {
    await create(etl);
    await create({ ...etl, cluster_name: "scratch/of-bob" });
    const preview = await pair.preview("clusters", { select: { clusters: { exclude: ["scratch*"] } } });
    expect(preview.plan).toBe("create 1");
    expect(JSON.stringify(preview)).not.toContain("hunter2");
    expect(pair.secondary.server.traffic.log.writes).toBe(1);
  });
});
