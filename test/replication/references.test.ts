import { describe, expect, it } from "vitest";
import { mapReferences, referencesOf } from "../../replication/references.js";

const job = {
  name: "nightly",
  job_clusters: [
    {
      job_cluster_key: "small",
      new_cluster: { instance_pool_id: "pool-1", driver_instance_pool_id: "pool-2", policy_id: "policy-1" },
    },
  ],
  webhook_notifications: { on_failure: [{ id: "hook-1" }] },
  run_as: { user_name: "alice@example.com" },
  tasks: [
    { task_key: "a", existing_cluster_id: "cluster-1" },
    { task_key: "b", run_job_task: { job_id: 9007199254740995n, job_parameters: { job_id: "17" } } },
    { task_key: "c", pipeline_task: { pipeline_id: "pipeline-1" } },
    {
      task_key: "d",
      sql_task: {
        warehouse_id: "warehouse-1",
        query: { query_id: "query-1" },
        dashboard: { dashboard_id: "dashboard-1", subscriptions: [{ destination_id: "hook-2" }] },
        alert: { alert_id: "alert-1" },
      },
    },
    { task_key: "e", for_each_task: { inputs: "[1]", task: { task_key: "e1", existing_cluster_id: "cluster-2" } } },
    { task_key: "f", a_later_kind_of_task: { deep: [{ warehouse_id: "warehouse-2" }] } },
    {
      task_key: "g",
      notebook_task: {
        notebook_path: "/x",
        base_parameters: { policy_id: "mine", existing_cluster_id: "mine" },
        warehouse_id: "{{job.parameters.w}}",
      },
    },
  ],
};

describe("references", () => {
  it("are found in every task, however deep, and never among a user's parameters", () => {
    const found = referencesOf(job).map(({ kind, id }) => `${kind} ${id}`);
    expect(found.sort()).toEqual([
      "alerts alert-1",
      "cluster-policies policy-1",
      "clusters cluster-1",
      "clusters cluster-2",
      "dashboards dashboard-1",
      "instance-pools pool-1",
      "instance-pools pool-2",
      "jobs 9007199254740995",
      "notification-destinations hook-1",
      "notification-destinations hook-2",
      "pipelines pipeline-1",
      "principals alice@example.com",
      "queries query-1",
      "warehouses warehouse-1",
      "warehouses warehouse-2",
    ]);
  });

  it("are replaced in place, integers by integers, and nothing else is touched", () => {
    const mapped = mapReferences(job, ({ kind, id }) => (kind === "jobs" ? "9007199254740997" : `new-${id}`));
    expect(mapped.tasks).toContainEqual({
      task_key: "b",
      run_job_task: { job_id: 9007199254740997n, job_parameters: { job_id: "17" } },
    });
    expect(mapped.tasks).toContainEqual({
      task_key: "e",
      for_each_task: { inputs: "[1]", task: { task_key: "e1", existing_cluster_id: "new-cluster-2" } },
    });
    expect(mapped.tasks).toContainEqual(job.tasks[6]);
    expect(mapReferences(job, ({ id }) => id)).toEqual(job);
  });
});
