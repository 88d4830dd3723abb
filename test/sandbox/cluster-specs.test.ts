import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestWorkspace, type Answer, type TestWorkspace } from "./start-workspace.js";

let at: TestWorkspace;
beforeAll(async () => {
  at = await startTestWorkspace({ clusterStartMs: 1, clusterStopMs: 1 });
});
afterAll(() => at.close());

const spec = { cluster_name: "c", spark_version: "15.4.x-scala2.12", node_type_id: "Standard_DS3_v2", num_workers: 1 };
const { node_type_id: _, ...pooled } = spec;
const create = async (more: object): Promise<string> =>
  (await at.post("/api/2.1/clusters/create", { ...spec, ...more })).cluster_id;
const get = (id: string): Promise<Answer> => at.get(`/api/2.1/clusters/get?cluster_id=${id}`);
const refusal = async (call: string, body: object): Promise<string> => {
  const answer = await at.call("POST", `/api/2.1/clusters/${call}`, body);
  expect([answer.status, answer.body.error_code]).toEqual([400, "INVALID_PARAMETER_VALUE"]);
  return answer.body.message as string;
};

describe("the simple form", () => {
  const simple = { ...pooled, node_type_id: "Standard_DS3_v2", kind: "CLASSIC_PREVIEW", is_single_node: true };
  const { num_workers: _workers, ...asked } = simple;
  const filled = {
    num_workers: 0,
    spark_conf: { "spark.databricks.cluster.profile": "singleNode", "spark.master": "local[*]", a: "b" },
    custom_tags: { ResourceClass: "SingleNode" },
  };

  test("is completed by the service, and `spec` says what was asked for", async () => {
    const sent = { ...asked, spark_conf: { a: "b" } };
    const { cluster_id } = await at.post("/api/2.1/clusters/create", { ...sent, idempotency_token: "x" });
    const shown = await get(cluster_id);
    expect(shown).toMatchObject(filled);
    expect(shown.spec).toEqual(sent);
    at.clock.advance(10);
    // A field mask changes what was asked for, and what the service put in stays the service's.
    const update = { cluster_id, update_mask: "cluster_name", cluster: { cluster_name: "renamed" } };
    await at.post("/api/2.1/clusters/update", update);
    expect((await get(cluster_id)).spec).toEqual({ ...sent, cluster_name: "renamed" });
    await at.post("/api/2.1/clusters/edit", { cluster_id, ...sent }).catch(() => at.clock.advance(10));
  });

  test("refuses what the service puts in, and its fields without `kind`", async () => {
    expect(await refusal("create", { ...asked, spark_conf: filled.spark_conf })).toBe(
      "Spark Conf: `spark.databricks.cluster.profile` is not allowed when choosing an access mode",
    );
    expect(await refusal("create", { ...asked, custom_tags: filled.custom_tags })).toContain("ResourceClass");
    expect(await refusal("create", { ...asked, num_workers: 2 })).toContain("is_single_node");
    const { kind: _kind, ...bare } = simple;
    expect(await refusal("create", bare)).toBe("is_single_node can only be used when kind is set to CLASSIC_PREVIEW.");
  });

  test("an access mode by its new name is shown by the old one", async () => {
    const shown = await get(await create({ data_security_mode: "DATA_SECURITY_MODE_STANDARD" }));
    expect([shown.data_security_mode, shown.spec.data_security_mode]).toEqual([
      "USER_ISOLATION",
      "DATA_SECURITY_MODE_STANDARD",
    ]);
  });
});

describe("policies", () => {
  const policy = async (name: string, definition: object): Promise<string> =>
    (await at.post("/api/2.0/policies/clusters/create", { name, definition: JSON.stringify(definition) })).policy_id;

  test("a field that must be present is asked for, unless it is optional or its default is taken", async () => {
    const policy_id = await policy("present", {
      autotermination_minutes: { type: "range", maxValue: 60, defaultValue: 30 },
      "custom_tags.team": { type: "regex", pattern: "[a-z]+", isOptional: true },
      "custom_tags.cost": { type: "fixed", value: "dr" },
    });
    expect(await refusal("create", { ...spec, policy_id })).toBe(
      "Cluster validation error: Validation failed for autotermination_minutes, the value must be present",
    );
    const id = await create({ policy_id, apply_policy_default_values: true });
    const shown = await get(id);
    expect(shown).toMatchObject({ autotermination_minutes: 30, custom_tags: { cost: "dr" } });
    expect(shown.apply_policy_default_values).toBeUndefined();
    expect(shown.spec).toEqual({ ...spec, policy_id, apply_policy_default_values: true });
    at.clock.advance(10);
    await at.post("/api/2.0/policies/clusters/edit", {
      policy_id,
      name: "present",
      definition: JSON.stringify({ "custom_tags.team": { type: "unlimited" } }),
    });
    expect(await refusal("edit", { cluster_id: id, ...spec, policy_id })).toContain("custom_tags.team");
  });

  test("rules for elements of lists and for what a cluster is for hold", async () => {
    const scripts = await policy("scripts", {
      "init_scripts.*.dbfs.destination": { type: "forbidden" },
      "init_scripts.0.workspace.destination": { type: "fixed", value: "/Shared/first.sh" },
    });
    const dbfs = { init_scripts: [{ dbfs: { destination: "dbfs:/a.sh" } }] };
    expect(await refusal("create", { ...spec, ...dbfs, policy_id: scripts })).toContain("must not be present");
    expect(await get(await create({ policy_id: scripts }))).toMatchObject({
      init_scripts: [{ workspace: { destination: "/Shared/first.sh" } }],
    });
    const jobsOnly = await policy("jobs only", { cluster_type: { type: "fixed", value: "job" } });
    expect(await refusal("create", { ...spec, policy_id: jobsOnly })).toContain("the value must be job");
    const task = {
      task_key: "a",
      notebook_task: { notebook_path: "/n" },
      new_cluster: { ...spec, policy_id: jobsOnly },
    };
    await at.post("/api/2.2/jobs/create", { name: "j", tasks: [task] });
  });

  test("a job's cluster has its policy's defaults in every run, and the switch is never shown", async () => {
    const policy_id = await policy("defaults", { "custom_tags.team": { type: "unlimited", defaultValue: "etl" } });
    const new_cluster = { ...spec, policy_id, apply_policy_default_values: true };
    const tasks = [{ task_key: "a", notebook_task: { notebook_path: "/n" }, new_cluster }];
    const { job_id } = await at.post("/api/2.2/jobs/create", { name: "governed", tasks });
    const [task] = (await at.get(`/api/2.2/jobs/get?job_id=${job_id}`)).settings.tasks;
    expect(task.new_cluster.apply_policy_default_values).toBeUndefined();
    const { run_id } = await at.post("/api/2.2/jobs/run-now", { job_id });
    at.clock.advance(10);
    const run = await at.get(`/api/2.2/jobs/runs/get?run_id=${run_id}`);
    expect(run.tasks[0].new_cluster.apply_policy_default_values).toBeUndefined();
    expect(await get(run.tasks[0].cluster_instance.cluster_id)).toMatchObject({ custom_tags: { team: "etl" } });
  });
});

describe("pools", () => {
  const newPool = async (name: string): Promise<string> =>
    (
      await at.post("/api/2.0/instance-pools/create", {
        instance_pool_name: name,
        node_type_id: "Standard_E8ds_v4",
        custom_tags: { team: "data" },
        max_capacity: 5,
        preloaded_spark_versions: ["15.4.x-scala2.12"],
      })
    ).instance_pool_id;

  test("a cluster's tag may not have a key of its pool's", async () => {
    const instance_pool_id = await newPool("tagged");
    expect(await refusal("create", { ...pooled, instance_pool_id, custom_tags: { team: "x", own: "y" } })).toBe(
      "Invalid tags - the following custom tag keys conflict with the pool's custom tag keys: team",
    );
    await at.post("/api/2.1/clusters/create", { ...pooled, instance_pool_id, custom_tags: { own: "y" } });
  });

  test("a cluster keeps its node type when its pool is gone", async () => {
    const instance_pool_id = await newPool("short-lived");
    const { cluster_id } = await at.post("/api/2.1/clusters/create", { ...pooled, instance_pool_id });
    await at.post("/api/2.0/instance-pools/delete", { instance_pool_id });
    expect(await get(cluster_id)).toMatchObject({
      instance_pool_id,
      node_type_id: "Standard_E8ds_v4",
      driver_node_type_id: "Standard_E8ds_v4",
    });
  });

  test("an edit changes size, name and tags, takes no tags away, and refuses what is set at creation", async () => {
    const instance_pool_id = await newPool("edited");
    const base = { instance_pool_id, instance_pool_name: "edited", node_type_id: "Standard_E8ds_v4" };
    const edit = (more: object) => at.call("POST", "/api/2.0/instance-pools/edit", { ...base, ...more });
    for (const more of [
      { node_type_id: "Standard_DS3_v2" },
      { preloaded_spark_versions: ["14.3.x-scala2.12"] },
      { azure_attributes: { availability: "SPOT_AZURE" } },
      { disk_spec: { disk_count: 1 } },
      { enable_elastic_disk: false },
    ])
      expect([more, (await edit(more)).status]).toEqual([more, 400]);
    expect((await edit({ azure_attributes: { availability: "ON_DEMAND_AZURE" }, min_idle_instances: 1 })).status).toBe(
      200,
    );
    const show = () => at.get(`/api/2.0/instance-pools/get?instance_pool_id=${instance_pool_id}`);
    const after = await show();
    expect(after).toMatchObject({ min_idle_instances: 1, custom_tags: { team: "data" } });
    expect(after.preloaded_spark_versions).toEqual(["15.4.x-scala2.12"]);
    expect(after.max_capacity).toBeUndefined();
    await edit({ custom_tags: { other: "x" } });
    expect((await show()).custom_tags).toEqual({ other: "x" });
  });
});

test("a field mask names maps and lists whole", async () => {
  const cluster_id = await create({ custom_tags: { team: "data" } });
  at.clock.advance(10);
  for (const update_mask of ["custom_tags.team", "spark_conf.a.b", "init_scripts.0"])
    expect(await refusal("update", { cluster_id, update_mask, cluster: {} })).toContain("Invalid update_mask");
  await at.post("/api/2.1/clusters/update", {
    cluster_id,
    update_mask: "custom_tags",
    cluster: { custom_tags: { a: "b" } },
  });
  expect((await get(cluster_id)).custom_tags).toEqual({ a: "b" });
});

test("today's machines are listed, ARM ones with the runtimes that have them and not in every region", async () => {
  const { node_types } = await at.get("/api/2.1/clusters/list-node-types");
  const arm = node_types.find((each: Answer) => each.node_type_id === "Standard_D4pds_v6");
  expect(arm).toMatchObject({ num_cores: 4, memory_mb: 16_384, is_graviton: true });
  expect(node_types.map((each: Answer) => each.node_type_id)).toEqual(
    expect.arrayContaining(["Standard_D8ads_v6", "Standard_E16ds_v6", "Standard_L8s_v4"]),
  );
  const onArm = { ...spec, node_type_id: "Standard_D4pds_v6" };
  await at.post("/api/2.1/clusters/create", onArm);
  expect(await refusal("create", { ...onArm, spark_version: "13.3.x-scala2.12" })).toContain("not compatible");
  const west = await startTestWorkspace({ region: "westus" });
  expect((await west.call("POST", "/api/2.1/clusters/create", onArm)).status).toBe(400);
  await west.post("/api/2.1/clusters/create", { ...spec, node_type_id: "Standard_D4ads_v6" });
  await west.close();
});

test("flexible node types are kept, and are ones that the region has", async () => {
  const flexible = { alternate_node_type_ids: ["Standard_D4ads_v5"] };
  const both = { worker_node_type_flexibility: flexible, driver_node_type_flexibility: flexible };
  expect(await get(await create(both))).toMatchObject(both);
  const unknown = { worker_node_type_flexibility: { alternate_node_type_ids: ["i3.xlarge"] } };
  expect(await refusal("create", { ...spec, ...unknown })).toContain("i3.xlarge");
});
