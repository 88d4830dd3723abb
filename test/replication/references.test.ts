import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../replication/values/json.js";
import { mapReferences, referencesOf } from "../../replication/kinds/references.js";
import { jobs } from "../../replication/kinds/jobs.js";
import { Resolver } from "../../replication/plan/resolver.js";
import { Run } from "../../replication/inventory/run.js";
import type { ReplicationSettings } from "../../replication/settings.js";

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
    const found = referencesOf(jobs, job).map(({ kind, id }) => `${kind} ${id}`);
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
    const mapped = mapReferences(jobs, job, ({ kind, id }) => (kind === "jobs" ? "9007199254740997" : `new-${id}`));
    expect(mapped.tasks).toContainEqual({
      task_key: "b",
      run_job_task: { job_id: 9007199254740997n, job_parameters: { job_id: "17" } },
    });
    expect(mapped.tasks).toContainEqual({
      task_key: "e",
      for_each_task: { inputs: "[1]", task: { task_key: "e1", existing_cluster_id: "new-cluster-2" } },
    });
    expect(mapped.tasks).toContainEqual(job.tasks[6]);
    expect(mapReferences(jobs, job, ({ id }) => id)).toEqual(job);
  });

  it("are found in held triggers, with the workspace that a job is said to be in", () => {
    const held = {
      schedule: { quartz_cron_expression: "0 0 3 * * ?", sql_condition: { sql_query_id: "q-1", warehouse_id: "w-1" } },
      trigger: { job_completion: { jobs: [{ workspace_id: "17", job_id: "42" }, { job_id: "43" }], if_status: [] } },
      triggers: [
        { job_completion: { jobs: [{ workspace_id: "99", job_id: "42" }] }, pause_status: "PAUSED" },
        { periodic: { interval: 1 }, sql_condition: { sql_query_id: "q-2", warehouse_id: "w-1" } },
      ],
    };
    expect(referencesOf(jobs, held).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))).toEqual([
      { kind: "jobs", id: "42", workspaceId: "17" },
      { kind: "jobs", id: "42", workspaceId: "99" },
      { kind: "jobs", id: "43" },
      { kind: "queries", id: "q-1" },
      { kind: "queries", id: "q-2" },
      { kind: "warehouses", id: "w-1" },
      { kind: "workspaces", id: "17" },
      { kind: "workspaces", id: "99" },
    ]);
    const mapped = mapReferences(jobs, held, ({ kind, id, workspaceId }) => [kind, workspaceId, id].join("/"));
    expect(mapped.triggers).toEqual([
      {
        job_completion: { jobs: [{ workspace_id: "workspaces//99", job_id: "jobs/99/42" }] },
        pause_status: "PAUSED",
      },
      { periodic: { interval: 1 }, sql_condition: { sql_query_id: "queries//q-2", warehouse_id: "warehouses//w-1" } },
    ]);
  });

  it("to people are found wherever they stand, and need not be there", () => {
    const found = referencesOf(jobs, {
      single_user_name: "a@x.com",
      email_notifications: { on_failure: ["b@x.com", "list@elsewhere.com"], no_alert_for_skipped_runs: true },
      tasks: [
        { email_notifications: { on_start: ["c@x.com"] } },
        { dashboard_task: { subscription: { subscribers: [{ user_name: "d@x.com" }, { destination_id: "hook" }] } } },
        { webhook_notifications: { on_success: [{ id: "hook-2" }] } },
      ],
    });
    const people = ["a@x.com", "b@x.com", "c@x.com", "d@x.com", "list@elsewhere.com"];
    expect(
      found
        .filter(({ optional }) => optional)
        .map(({ id }) => id)
        .sort(),
    ).toEqual(people);
    expect(found.filter(({ optional }) => !optional).map(({ id }) => id)).toEqual(["hook", "hook-2"]);
  });
});

describe("a resolver", () => {
  const resolverOf = (settings: ReplicationSettings): Resolver =>
    new Resolver(
      jobs,
      new Run({ settings }),
      (kind) =>
        Promise.resolve(kind === "jobs" ? { ids: new Map([["1", "101"]]), pending: new Set(["2"]) } : undefined),
      "17",
    );
  const waitsFor = (jobs: JsonObject[]): JsonObject => ({ trigger: { job_completion: { jobs } } });

  it("says what will be made, and never gives it to be written", async () => {
    const definition = { tasks: [{ run_job_task: { job_id: 1 } }, { run_job_task: { job_id: 2 } }] };
    const shown = await resolverOf({}).toShow(definition);
    expect(shown.missing).toEqual([]);
    expect(shown.definition.tasks).toEqual([
      { run_job_task: { job_id: 101 } },
      { run_job_task: { job_id: "(new copy of 2)" } },
    ]);
    const written = await resolverOf({}).toWrite(definition);
    expect(written.missing).toEqual([{ kind: "jobs", id: "2" }]);
    expect(JSON.stringify(written.definition)).not.toContain("new copy");
  });

  it("leaves a job of a third workspace as it is", async () => {
    const other = waitsFor([{ workspace_id: "99", job_id: "1" }]);
    expect(await resolverOf({}).toWrite(other)).toEqual({ definition: other, missing: [] });
    const own = waitsFor([{ workspace_id: "17", job_id: "1" }]);
    expect((await resolverOf({ idMappings: { workspaces: { "17": "18" } } }).toWrite(own)).definition).toEqual(
      waitsFor([{ workspace_id: "18", job_id: "101" }]),
    );
  });

  it("maps people where that is configured, and takes nothing that JavaScript has of its own for a mapping", async () => {
    const definition = { single_user_name: "a@x.com", email_notifications: { on_failure: ["a@x.com", "constructor"] } };
    const settings = { idMappings: { principals: { "a@x.com": "b@y.com" } } };
    expect((await resolverOf(settings).toWrite(definition)).definition).toEqual({
      single_user_name: "b@y.com",
      email_notifications: { on_failure: ["b@y.com", "constructor"] },
    });
  });
});
