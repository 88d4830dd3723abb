import { computeReferences } from "./compute-references.js";
import type { ReferenceField } from "./references.js";

/** https://docs.databricks.com/api/azure/workspace/jobs/create */
export const jobReferences: readonly ReferenceField[] = [
  ...computeReferences,
  { field: "existing_cluster_id", kind: "clusters" },
  { field: "job_id", kind: "jobs", within: /^run_job_task$/ },
  // job_completion: {jobs: [{workspace_id, job_id}]}, in a trigger.
  { field: "job_id", kind: "jobs", within: /^jobs$/, workspace: "workspace_id" },
  { field: "workspace_id", kind: "workspaces", within: /^jobs$/ },
  { field: "pipeline_id", kind: "pipelines" },
  { field: "warehouse_id", kind: "warehouses" },
  { field: "query_id", kind: "queries" },
  { field: "sql_query_id", kind: "queries", within: /^sql_condition$/ },
  { field: "dashboard_id", kind: "dashboards" },
  { field: "alert_id", kind: "alerts" },
  { field: "destination_id", kind: "notification-destinations" },
  { field: "id", kind: "notification-destinations", within: /^on_[a-z_]+$/ },
  { field: "user_name", kind: "principals", within: /^run_as$/ },
  { field: "service_principal_name", kind: "principals", within: /^run_as$/ },
  { field: "group_name", kind: "principals", within: /^run_as$/ },
  {
    field: /^on_[a-z_]+$/,
    kind: "principals",
    within: /^email_notifications$/,
    optional: "an address gets mail, whether it is a user's or not",
  },
  {
    field: "user_name",
    kind: "principals",
    within: /^(subscriptions|subscribers)$/,
    optional: "the task runs without its reader",
  },
];
