import { isArray, isObject, type Json, type JsonObject } from "./client/json.js";
import type { Reference } from "./kinds/kind.js";

/** Field that holds an id of another object, wherever it stands in a definition. */
interface ReferenceField {
  readonly field: string;
  readonly kind: string;
  /** The field or array that the object holding it must itself be the value of. */
  readonly within?: RegExp;
}

/** https://docs.databricks.com/api/azure/workspace/jobs/create and …/clusters/create */
const referenceFields: readonly ReferenceField[] = [
  { field: "existing_cluster_id", kind: "clusters" },
  { field: "instance_pool_id", kind: "instance-pools" },
  { field: "driver_instance_pool_id", kind: "instance-pools" },
  { field: "policy_id", kind: "cluster-policies" },
  { field: "job_id", kind: "jobs", within: /^run_job_task$/ },
  { field: "pipeline_id", kind: "pipelines" },
  { field: "warehouse_id", kind: "warehouses" },
  { field: "query_id", kind: "queries" },
  { field: "dashboard_id", kind: "dashboards" },
  { field: "alert_id", kind: "alerts" },
  { field: "destination_id", kind: "notification-destinations" },
  { field: "id", kind: "notification-destinations", within: /^on_[a-z_]+$/ },
  { field: "user_name", kind: "principals", within: /^run_as$/ },
  { field: "service_principal_name", kind: "principals", within: /^run_as$/ },
  { field: "group_name", kind: "principals", within: /^run_as$/ },
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
};

/** Every distinct reference of a definition, in every task however deep. */
export function referencesOf(definition: JsonObject): Reference[] {
  const found = new Map<string, Reference>();
  mapReferences(definition, (reference) => {
    found.set(`${reference.kind} ${reference.id}`, reference);
    return reference.id;
  });
  return [...found.values()];
}

/** The definition with each reference replaced by what `map` gives; an integer stays an integer where it can. */
export function mapReferences(definition: JsonObject, map: (reference: Reference) => string): JsonObject {
  const visit = (value: Json, holder: string): Json => {
    if (isArray(value)) return value.map((each) => visit(each, holder));
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([field, inner]) => {
        if (inner === undefined || opaqueFields.has(field)) return [field, inner];
        const kind = referencedKind(field, holder, inner);
        return [field, kind ? mapped(inner, map({ kind, id: String(inner) })) : visit(inner, field)];
      }),
    );
  };
  return visit(definition, "") as JsonObject;
}

function referencedKind(field: string, holder: string, value: Json): string | undefined {
  if (isObject(value) || isArray(value) || value === null || typeof value === "boolean" || value === "")
    return undefined;
  // A job or pipeline may name an id by a parameter of its own: `{{job.parameters.warehouse}}`.
  if (typeof value === "string" && value.includes("{{")) return undefined;
  return referenceFields.find((each) => each.field === field && (each.within?.test(holder) ?? true))?.kind;
}

function mapped(original: Json, id: string): Json {
  if (typeof original === "string" || !/^\d+$/.test(id)) return id;
  return Number.isSafeInteger(Number(id)) ? Number(id) : BigInt(id);
}
