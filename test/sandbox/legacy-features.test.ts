import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { setControls } from "../../sandbox/databricks/workspace-controls.js";
import { startTestWorkspace, type TestWorkspace } from "./start-workspace.js";

let at: TestWorkspace;
beforeAll(async () => {
  at = await startTestWorkspace({ clusterStartMs: 1, clusterStopMs: 1 });
});
afterAll(() => at.close());
beforeEach(() => {
  at.workspace.controls.dbfsDisabled = at.workspace.controls.dbfsInitScriptsDisabled = false;
});

const cluster = {
  cluster_name: "c",
  spark_version: "15.4.x-scala2.12",
  node_type_id: "Standard_DS3_v2",
  num_workers: 0,
};
const script = { init_scripts: [{ dbfs: { destination: "dbfs:/databricks/scripts/a.sh" } }] };
const refusal = "Init scripts cannot be loaded from DBFS";

test("init scripts on DBFS are refused at create, edit, start and in runs where the switch is on", async () => {
  const { cluster_id } = await at.post("/api/2.0/clusters/create", { ...cluster, ...script });
  at.clock.advance(10);
  const [onNew, onOld] = await Promise.all(
    [{ new_cluster: { ...cluster, ...script } }, { existing_cluster_id: cluster_id }].map(async (compute) => {
      const task = { task_key: "a", notebook_task: { notebook_path: "/n" }, ...compute };
      return (await at.post("/api/2.2/jobs/create", { name: "j", tasks: [task] })).job_id;
    }),
  );
  await at.post("/api/2.0/clusters/delete", { cluster_id });
  at.clock.advance(10);

  at.workspace.controls.dbfsInitScriptsDisabled = true;
  for (const [call, body] of [
    ["create", { ...cluster, ...script }],
    ["edit", { cluster_id, ...cluster, ...script }],
    ["start", { cluster_id }],
  ] as const) {
    const answer = await at.call("POST", `/api/2.0/clusters/${call}`, body);
    expect([call, answer.status, answer.body.error_code]).toEqual([call, 400, "FEATURE_DISABLED"]);
    expect(answer.body.message).toContain(refusal);
    expect(answer.body.details).toMatchObject([{ reason: "CM_API_ERROR_SOURCE_CALLER_ERROR" }]);
  }
  for (const job_id of [onNew, onOld]) {
    const { run_id } = await at.post("/api/2.2/jobs/run-now", { job_id });
    at.clock.advance(10);
    const { state } = await at.get(`/api/2.2/jobs/runs/get?run_id=${run_id}`);
    expect(state).toMatchObject({ life_cycle_state: "INTERNAL_ERROR", result_state: "FAILED" });
    expect(state.state_message).toContain(refusal);
  }
  await at.post("/api/2.0/clusters/edit", { cluster_id, ...cluster });
  await at.post("/api/2.0/clusters/start", { cluster_id });
});

test("DBFS that is off refuses every call with the path, and dbutils.fs and mounts on a cluster, too", async () => {
  const put = { path: "/here/a", contents: "aGk=" };
  await at.post("/api/2.0/dbfs/put", put);
  const { handle } = await at.post("/api/2.0/dbfs/create", { path: "/here/open" });
  const { cluster_id: clusterId } = await at.post("/api/2.0/clusters/create", cluster);
  at.clock.advance(10);
  at.workspace.controls.dbfsDisabled = true;
  for (const [method, call, body] of [
    ["GET", "list?path=/here"],
    ["GET", "get-status?path=dbfs:/here"],
    ["GET", "read?path=/here/a"],
    ["POST", "put", { ...put, overwrite: true }],
    ["POST", "create", { path: "/here/b" }],
    ["POST", "add-block", { handle, data: "aGk=" }],
    ["POST", "close", { handle }],
    ["POST", "mkdirs", { path: "/here/c" }],
    ["POST", "move", { source_path: "/here/a", destination_path: "/here/d" }],
    ["POST", "delete", { path: "/here/a" }],
  ] as const) {
    const answer = await at.call(method, `/api/2.0/dbfs/${call}`, body);
    expect([call, answer.status, answer.body.error_code]).toEqual([call, 403, "PERMISSION_DENIED"]);
    expect(answer.body.message).toMatch(/^Public DBFS root is disabled\. Access is denied on path: \/here/);
  }
  const { id: contextId } = await at.post("/api/1.2/contexts/create", { clusterId, language: "python" });
  for (const command of ["dbutils.fs.ls('/here')", "dbutils.fs.mounts()", "dbutils.fs.put('dbfs:/x', 'y')"]) {
    const sent = { clusterId, contextId, language: "python", command };
    const { id } = await at.post("/api/1.2/commands/execute", sent);
    const query = `clusterId=${clusterId}&contextId=${contextId}&commandId=${id}`;
    await expect
      .poll(async () => (await at.get(`/api/1.2/commands/status?${query}`)).results?.cause, { timeout: 20_000 })
      .toMatch(/UnsupportedOperationException: \[DBFS_DISABLED\] Public DBFS root is disabled/);
  }
  at.workspace.controls.dbfsDisabled = false;
  expect((await at.get("/api/2.0/dbfs/list?path=/here")).files).toHaveLength(2);
});

test("a switch that is set to null has its default again, and clusters start by it", async () => {
  setControls(at.workspace.controls, { clusterStartMs: 60_000 }, at.workspace.options);
  setControls(at.workspace.controls, { clusterStartMs: null, maxCores: null }, at.workspace.options);
  expect(at.workspace.controls).toMatchObject({ clusterStartMs: 1, maxCores: Number.POSITIVE_INFINITY });
  const { cluster_id } = await at.post("/api/2.0/clusters/create", cluster);
  at.clock.advance(10);
  expect((await at.get(`/api/2.0/clusters/get?cluster_id=${cluster_id}`)).state).toBe("RUNNING");
});
