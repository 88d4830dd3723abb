import { isArray, isObject, type Json, type JsonObject } from "../values/json.js";
import type { Reference } from "../kinds/kind.js";

/** Field that holds an id of another object, or a list of them, wherever it stands in a definition. */
interface ReferenceField {
  readonly field: string | RegExp;
  readonly kind: string;
  /** The field or array that the object holding it must itself be the value of. */
  readonly within?: RegExp;
  /** Why it is carried over as it is where nothing is mapped to it, so that it keeps no copy from being made. */
  readonly optional?: string;
  /** The neighbour that names the workspace in which the object is, where that may be another one than the source. */
  readonly workspace?: string;
}

/** https://docs.databricks.com/api/azure/workspace/jobs/create and …/clusters/create */
const referenceFields: readonly ReferenceField[] = [
  { field: "existing_cluster_id", kind: "clusters" },
  { field: "instance_pool_id", kind: "instance-pools" },
  { field: "driver_instance_pool_id", kind: "instance-pools" },
  { field: "policy_id", kind: "cluster-policies" },
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
    field: "single_user_name",
    kind: "principals",
    optional: "the cluster is nobody else's to use: its copy keeps the name, and says that it cannot start",
  },
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

/** Fields whose content is the user's own: a parameter called `job_id` is no reference. */
export const opaqueFields: ReadonlySet<string> = new Set([
  "base_parameters",
  "custom_tags",
  "job_parameters",
  "named_parameters",
  "notebook_params",
  "parameters",
  "python_named_params",
  "spark_conf",
  "spark_env_vars",
  "sql_params",
  "tags",
]);

/** Names of the kinds as they stand in a sentence. */
export const singular: Readonly<Record<string, string>> = {
  clusters: "cluster",
  jobs: "job",
  "instance-pools": "instance pool",
  "cluster-policies": "cluster policy",
  pipelines: "pipeline",
  warehouses: "warehouse",
  queries: "query",
  dashboards: "dashboard",
  alerts: "alert",
  "notification-destinations": "notification destination",
  principals: "principal",
  workspaces: "workspace",
};

/** Every distinct reference of a definition, or of held triggers, in every task however deep. */
export function referencesOf(definition: JsonObject): Reference[] {
  const found = new Map<string, Reference>();
  mapReferences(definition, (reference) => {
    found.set(keyOf(reference), reference);
    return reference.id;
  });
  return [...found.values()];
}

/** Tells references apart: of one object in two workspaces, and of one that must be there and may be there. */
export function keyOf({ kind, id, workspaceId = "", optional }: Reference): string {
  return `${kind} ${workspaceId} ${optional ? "may" : "must"} ${id}`;
}

/** The definition with each reference replaced by what `map` gives; an integer stays an integer where it can. */
export function mapReferences(definition: JsonObject, map: (reference: Reference) => string): JsonObject {
  const visit = (value: Json, holder: string): Json => {
    if (isArray(value)) return value.map((each) => visit(each, holder));
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([field, inner]) => {
        if (inner === undefined || opaqueFields.has(field)) return [field, inner];
        const is = fieldFor(field, holder);
        const become = (each: Json): Json =>
          is && isId(each) ? mapped(each, map(referenceIn(is, value, each))) : visit(each, field);
        return [field, isArray(inner) ? inner.map(become) : become(inner)];
      }),
    );
  };
  return visit(definition, "") as JsonObject;
}

function fieldFor(field: string, holder: string): ReferenceField | undefined {
  return referenceFields.find(
    (each) =>
      (typeof each.field === "string" ? each.field === field : each.field.test(field)) &&
      (each.within?.test(holder) ?? true),
  );
}

function referenceIn({ kind, optional, workspace }: ReferenceField, holder: JsonObject, id: Id): Reference {
  const workspaceId = workspace === undefined ? undefined : holder[workspace];
  return {
    kind,
    id: String(id),
    ...(optional === undefined ? {} : { optional: true }),
    ...(isId(workspaceId) ? { workspaceId: String(workspaceId) } : {}),
  };
}

type Id = string | number | bigint;

function isId(value: Json | undefined): value is Id {
  if (typeof value === "number" || typeof value === "bigint") return true;
  // A job or pipeline may name an id by a parameter of its own: `{{job.parameters.warehouse}}`.
  return typeof value === "string" && value !== "" && !value.includes("{{");
}

function mapped(original: Id, id: string): Json {
  if (typeof original === "string" || !/^\d+$/.test(id)) return id;
  return Number.isSafeInteger(Number(id)) ? Number(id) : BigInt(id);
}
