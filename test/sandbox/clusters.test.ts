import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { putCluster } from "../../sandbox/databricks/clusters/clusters.js";
import { startTestWorkspace, type Answer, type TestWorkspace } from "./start-workspace.js";

let at: TestWorkspace;
beforeEach(async () => {
  at = await startTestWorkspace();
});
afterEach(() => at.close());

const spec = {
  cluster_name: "etl",
  spark_version: "15.4.x-scala2.12",
  node_type_id: "Standard_DS3_v2",
  num_workers: 2,
  autotermination_minutes: 30,
};
const hour = 3_600_000;

async function create(overrides: object = {}): Promise<string> {
  return (await at.post("/api/2.1/clusters/create", { ...spec, ...overrides })).cluster_id;
}
const get = (id: string): Promise<Answer> => at.get(`/api/2.1/clusters/get?cluster_id=${id}`);

describe("state machine", () => {
  test("a cluster comes up, is terminated, starts again and is terminated when idle", async () => {
    const id = await create();
    expect((await get(id)).state).toBe("PENDING");
    at.clock.advance(2_000);
    expect((await get(id)).state).toBe("RUNNING");

    await at.post("/api/2.0/clusters/delete", { cluster_id: id });
    expect((await get(id)).state).toBe("TERMINATING");
    at.clock.advance(1_000);
    expect(await get(id)).toMatchObject({
      state: "TERMINATED",
      termination_reason: { code: "USER_REQUEST", type: "SUCCESS", parameters: { username: "admin@example.com" } },
    });

    await at.post("/api/2.1/clusters/start", { cluster_id: id });
    at.clock.advance(hour);
    expect(await get(id)).toMatchObject({
      state: "TERMINATED",
      termination_reason: { code: "INACTIVITY", parameters: { inactivity_duration_min: "30" } },
    });

    const { events } = await at.post("/api/2.1/clusters/events", { cluster_id: id, order: "ASC" });
    expect(events.map((event: Answer) => event.type)).toEqual([
      ...["CREATING", "RUNNING", "DRIVER_HEALTHY", "TERMINATING"],
      ...["STARTING", "RUNNING", "DRIVER_HEALTHY", "TERMINATING"],
    ]);
  });

  test("starting a cluster that is not terminated is refused, terminating twice is not", async () => {
    const id = await create();
    expect(await at.call("POST", "/api/2.1/clusters/start", { cluster_id: id })).toMatchObject({
      status: 400,
      body: { error_code: "INVALID_STATE", message: `Cluster ${id} is in unexpected state Pending.` },
    });
    await at.post("/api/2.1/clusters/delete", { cluster_id: id });
    await at.post("/api/2.1/clusters/delete", { cluster_id: id });
  });

  test("an edit replaces every field; a terminated cluster stays so, a running one restarts", async () => {
    const id = await create({ spark_conf: { a: "1" } });
    await at.post("/api/2.1/clusters/delete", { cluster_id: id });
    at.clock.advance(1_000);
    await at.post("/api/2.1/clusters/edit", { cluster_id: id, ...spec, num_workers: 5 });
    const edited = await get(id);
    expect([edited.state, edited.num_workers, edited.spark_conf]).toEqual(["TERMINATED", 5, undefined]);

    await at.post("/api/2.1/clusters/update", {
      cluster_id: id,
      update_mask: "autoscale,custom_tags",
      cluster: { autoscale: { min_workers: 1, max_workers: 4 }, custom_tags: { team: "data" } },
    });
    expect((await get(id)).spec).toEqual({
      ...spec,
      num_workers: undefined,
      autoscale: { min_workers: 1, max_workers: 4 },
      custom_tags: { team: "data" },
    });
  });

  test("a launch beyond the quota leaves a terminated configuration that can be pinned", async () => {
    at.workspace.controls.maxCores = 16;
    const fits = await create();
    const over = await create({ num_workers: 3 });
    at.clock.advance(2_000);
    expect((await get(fits)).state).toBe("RUNNING");
    expect(await get(over)).toMatchObject({
      state: "TERMINATED",
      termination_reason: { code: "AZURE_QUOTA_EXCEEDED_EXCEPTION", type: "CLIENT_ERROR" },
    });
    await at.post("/api/2.1/clusters/pin", { cluster_id: over });
  });

  test("a restored workspace goes on with the transitions that were due", async () => {
    const id = await create();
    const snapshot = at.workspace.snapshot();
    await at.post("/api/2.1/clusters/permanent-delete", { cluster_id: id });
    at.workspace.restore(snapshot);
    at.clock.advance(2_000);
    expect((await get(id)).state).toBe("RUNNING");
  });
});

describe("pins and purge", () => {
  test("an unpinned configuration is gone 30 days after termination, a pinned one stays", async () => {
    const [kept, lost] = [await create({ cluster_name: "kept" }), await create({ cluster_name: "lost" })];
    await at.post("/api/2.1/clusters/pin", { cluster_id: kept });
    at.clock.advance(31 * 24 * hour);
    const { clusters } = await at.get("/api/2.1/clusters/list");
    expect(clusters.map((each: Answer) => [each.cluster_name, each.pinned_by_user_name])).toEqual([
      ["kept", "admin@example.com"],
    ]);
    expect((await at.call("GET", `/api/2.1/clusters/get?cluster_id=${lost}`)).body.message).toBe(
      `Cannot access cluster ${lost} that was terminated or unpinned more than 30 days ago.`,
    );
  });

  test("the 101st pin is refused", async () => {
    const ids = [];
    for (let index = 0; index < 101; index++) ids.push(await create({ cluster_name: `c${index}` }));
    for (const id of ids.slice(0, 100)) await at.post("/api/2.1/clusters/pin", { cluster_id: id });
    const refused = await at.call("POST", "/api/2.1/clusters/pin", { cluster_id: ids[100] });
    expect([refused.status, refused.body.error_code]).toEqual([400, "QUOTA_EXCEEDED"]);
    await at.post("/api/2.1/clusters/pin", { cluster_id: ids[0] });
  });
});

describe("list", () => {
  test("2.1 pages through every cluster once, and a token holds only for its own query", async () => {
    for (let index = 0; index < 45; index++) await create({ cluster_name: `c${String(index).padStart(2, "0")}` });
    const names: string[] = [];
    let token = "";
    let pages = 0;
    do {
      const page = await at.get(`/api/2.1/clusters/list?page_size=20${token && `&page_token=${token}`}`);
      names.push(...page.clusters.map((each: Answer) => each.cluster_name));
      token = page.next_page_token;
      pages++;
    } while (token !== "");
    expect([pages, new Set(names).size, names.length]).toEqual([3, 45, 45]);
    const first = await at.get("/api/2.1/clusters/list?page_size=20");
    const other = `/api/2.1/clusters/list?page_size=20&filter_by.is_pinned=true&page_token=${first.next_page_token}`;
    expect((await at.call("GET", other)).status).toBe(400);
  });

  test("filters by source, and shows what the platform decided", async () => {
    const pool = await at.post("/api/2.0/instance-pools/create", {
      instance_pool_name: "shared",
      node_type_id: "Standard_E8ds_v4",
    });
    const { node_type_id: _, ...pooled } = spec;
    await create({ cluster_name: "other" });
    const id = await at.post("/api/2.1/clusters/create", { ...pooled, instance_pool_id: pool.instance_pool_id });
    putCluster(at.workspace, spec, "PIPELINE", "admin@example.com");
    const { clusters } = await at.get(
      "/api/2.1/clusters/list?filter_by.cluster_sources=API&filter_by.cluster_sources=UI",
    );
    expect(clusters).toHaveLength(2);
    const shown = clusters.find((each: Answer) => each.cluster_id === id.cluster_id);
    expect(shown).toMatchObject({
      node_type_id: "Standard_E8ds_v4",
      driver_node_type_id: "Standard_E8ds_v4",
      driver_instance_pool_id: pool.instance_pool_id,
      cluster_source: "API",
      creator_user_name: "admin@example.com",
      default_tags: { ClusterName: "etl", ClusterId: id.cluster_id },
    });
    expect(shown.spec).toBeUndefined();
    expect((await get(id.cluster_id)).spec).toEqual({ ...pooled, instance_pool_id: pool.instance_pool_id });
  });
});

describe("create", () => {
  test.each([
    ["a node type beside a pool", { instance_pool_id: "POOL" }, "The field 'node_type_id' cannot be supplied"],
    ["both sizes", { autoscale: { min_workers: 1, max_workers: 2 } }, "Exactly 1 of virtual_cluster_size"],
    ["an unknown node type", { node_type_id: "i3.xlarge" }, "Node type i3.xlarge is not supported"],
    ["an unknown policy", { policy_id: "0123" }, "Can't find a cluster policy with id: 0123."],
    ["a termination that is too soon", { autotermination_minutes: 5 }, "must be between 10 and 10000"],
  ])("refuses %s", async (_name, overrides: object, message) => {
    const pool = await at.post("/api/2.0/instance-pools/create", {
      instance_pool_name: "shared",
      node_type_id: "Standard_E8ds_v4",
    });
    const text = JSON.stringify({ ...spec, ...overrides }).replace("POOL", pool.instance_pool_id);
    const { status, body } = await at.call("POST", "/api/2.1/clusters/create", JSON.parse(text));
    expect([status, body.error_code]).toEqual([400, "INVALID_PARAMETER_VALUE"]);
    expect(body.message).toContain(message);
  });

  test("keeps fields of later API versions", async () => {
    const id = await create({
      later_field: { nested: [1] },
      worker_node_type_flexibility: { alternate_node_type_ids: ["Standard_D4ads_v5"] },
    });
    expect(await get(id)).toMatchObject({ later_field: { nested: [1] }, spec: { later_field: { nested: [1] } } });
  });

  test("a policy puts its fixed values in and refuses others", async () => {
    const { policy_id } = await at.post("/api/2.0/policies/clusters/create", {
      name: "small",
      definition: JSON.stringify({
        "custom_tags.cost": { type: "fixed", value: "dr" },
        autotermination_minutes: { type: "range", maxValue: 60 },
      }),
    });
    expect((await get(await create({ policy_id }))).custom_tags).toEqual({ cost: "dr" });
    const { body } = await at.call("POST", "/api/2.1/clusters/create", {
      ...spec,
      policy_id,
      autotermination_minutes: 90,
    });
    expect(body.message).toContain("Validation failed for autotermination_minutes");
  });

  test("West US knows fewer node types than East US 2, and lists one that it cannot launch", async () => {
    const west = await startTestWorkspace({ region: "westus" });
    const { status } = await west.call("POST", "/api/2.1/clusters/create", {
      ...spec,
      node_type_id: "Standard_L8s_v3",
    });
    expect(status).toBe(400);
    const { cluster_id } = await west.post("/api/2.1/clusters/create", { ...spec, node_type_id: "Standard_E32ads_v5" });
    west.clock.advance(2_000);
    expect(await west.get(`/api/2.1/clusters/get?cluster_id=${cluster_id}`)).toMatchObject({
      state: "TERMINATED",
      termination_reason: { code: "CLOUD_PROVIDER_LAUNCH_FAILURE" },
    });
    await west.close();
  });
});

test("libraries wait for the next start, and go at the next restart", async () => {
  const id = await create();
  const library = { pypi: { package: "simplejson==3.19.2" } };
  await at.post("/api/2.0/libraries/install", { cluster_id: id, libraries: [library] });
  const status = async (): Promise<string | undefined> =>
    (await at.get(`/api/2.0/libraries/cluster-status?cluster_id=${id}`)).library_statuses?.[0].status;
  expect(await status()).toBe("PENDING");
  at.clock.advance(2_000);
  expect(await status()).toBe("INSTALLED");
  await at.post("/api/2.0/libraries/uninstall", { cluster_id: id, libraries: [library] });
  expect(await status()).toBe("UNINSTALL_ON_RESTART");
  await at.post("/api/2.1/clusters/restart", { cluster_id: id });
  at.clock.advance(2_000);
  expect(await status()).toBeUndefined();
});
