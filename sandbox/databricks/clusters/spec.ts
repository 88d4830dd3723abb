import { ApiError } from "../../http/app.js";
import type { JsonObject } from "../../http/json.js";
import { clusterTable } from "./row.js";
import { nodeTypesOf } from "./size.js";
import { instancePool } from "../instance-pools/row.js";
import { applyPolicy, type ClusterType } from "../cluster-policies/rules.js";
import { invalidParameter } from "../http/errors.js";
import { NodeTypes } from "./node-types.js";
import {
  isObject,
  objectField,
  objectList,
  optionalString,
  requiredString,
  stringList,
} from "../http/request-fields.js";
import { simpleForm } from "./simple-form.js";
import { isSparkVersion } from "./spark-versions.js";
import type { Workspace } from "../workspace.js";

const reservedTags = ["Vendor", "Creator", "ClusterId", "ClusterName", "DatabricksInstanceGroupId"];

/**
 * Checks a cluster's specification as `clusters/create`, `clusters/edit` and a job's `new_cluster` take it, and gives
 * back what is stored: the policy's values put in, every other field as it came, unknown ones too.
 */
export function checkedSpec(workspace: Workspace, request: JsonObject, type: ClusterType = "all-purpose"): JsonObject {
  let spec = cloned(workspace, askedSpec(request));
  const policyId = optionalString(spec, "policy_id");
  if (policyId) spec = applyPolicy(workspace, policyId, spec, type);
  delete spec["apply_policy_default_values"];
  spec = simpleForm(spec);

  const version = requiredString(spec, "spark_version");
  if (!isSparkVersion(version))
    throw invalidParameter(`Invalid spark version ${version}. Please call /api/2.0/clusters/spark-versions.`);
  checkSize(spec);
  checkNodes(workspace, spec);
  checkAutotermination(spec);
  checkFlexibility(workspace, spec);
  checkTags(workspace, spec);
  for (const script of objectList(spec, "init_scripts")) checkInitScript(script);
  return spec;
}

/** A request as `spec` of `clusters/get` shows it later: what was asked for, nothing put in, nothing left out. */
export function askedSpec(request: JsonObject): JsonObject {
  const { cluster_id: _, idempotency_token: __, ...asked } = structuredClone(request);
  return asked;
}

/** `clone_from` copies the libraries of another cluster at creation; an unknown source is refused. */
function cloned(workspace: Workspace, spec: JsonObject): JsonObject {
  const from = objectField(spec, "clone_from");
  if (!from) return spec;
  const source = requiredString(from, "source_cluster_id");
  if (!clusterTable(workspace).has(source)) throw invalidParameter(`Cluster ${source} does not exist`);
  const { clone_from: _, ...rest } = spec;
  return rest;
}

function checkSize(spec: JsonObject): void {
  const autoscale = objectField(spec, "autoscale");
  const workers = spec["num_workers"];
  if ((workers !== undefined && autoscale) || (workers === undefined && !autoscale))
    throw invalidParameter("Exactly 1 of virtual_cluster_size, num_workers or autoscale must be specified.");
  if (workers !== undefined && (!Number.isInteger(workers) || (workers as number) < 0))
    throw invalidParameter(`num_workers must be a non-negative integer, not ${String(workers)}`);
  if (!autoscale) return;
  const [min, max] = [autoscale["min_workers"], autoscale["max_workers"]];
  if (typeof min !== "number" || typeof max !== "number" || min < 0 || max < min)
    throw invalidParameter("autoscale.max_workers must be greater than or equal to autoscale.min_workers");
}

/** A pool decides the node type: https://github.com/databricks/terraform-provider-databricks/issues/2141 */
function checkNodes(workspace: Workspace, spec: JsonObject): void {
  const types = new NodeTypes(workspace.options.region);
  const pool = optionalString(spec, "instance_pool_id");
  const driverPool = optionalString(spec, "driver_instance_pool_id");
  for (const id of [pool, driverPool]) if (id) instancePool(workspace, id);
  if (driverPool && !pool)
    throw invalidParameter("The field 'driver_instance_pool_id' requires that 'instance_pool_id' is also supplied.");
  for (const field of ["node_type_id", "driver_node_type_id"]) {
    const type = optionalString(spec, field);
    if (!type) continue;
    if (pool) throw invalidParameter(`The field '${field}' cannot be supplied when an instance pool ID is provided.`);
    if (!types.has(type))
      throw invalidParameter(
        `Node type ${type} is not supported. Supported node types: ${types
          .list()
          .map((each) => String(each["node_type_id"]))
          .join(", ")}`,
      );
  }
  const arm = nodeTypesOf(workspace, spec).find((type) => types.isArm(type));
  const version = String(spec["spark_version"]);
  // The words are the service's: https://github.com/databrickslabs/ucx (pipelines migration)
  if (arm !== undefined && (Number.parseFloat(version) < 15.4 || version.includes("-gpu-")))
    throw invalidParameter(`${arm} is a Graviton instance and is not compatible with runtime ${version}.`);
  if (!pool && !spec["node_type_id"])
    throw invalidParameter("Missing required field: node_type_id (or instance_pool_id)");
}

/** https://docs.databricks.com/api/azure/workspace/clusters/create (worker_node_type_flexibility) */
function checkFlexibility(workspace: Workspace, spec: JsonObject): void {
  const types = new NodeTypes(workspace.options.region);
  for (const field of ["worker_node_type_flexibility", "driver_node_type_flexibility"]) {
    const flexibility = objectField(spec, field);
    if (!flexibility) continue;
    if (spec["instance_pool_id"])
      throw invalidParameter(`The field '${field}' cannot be supplied when an instance pool ID is provided.`);
    const alternates = stringList(flexibility, "alternate_node_type_ids") ?? [];
    if (alternates.length === 0) throw invalidParameter(`Missing required field: ${field}.alternate_node_type_ids`);
    const unknown = alternates.find((id) => !types.has(id));
    if (unknown !== undefined) throw invalidParameter(`${field}: node type ${unknown} is not supported.`);
  }
}

function checkAutotermination(spec: JsonObject): void {
  const minutes = spec["autotermination_minutes"];
  if (minutes === undefined || minutes === 0) return;
  if (typeof minutes !== "number" || minutes < 10 || minutes > 10_000)
    throw invalidParameter(`Autotermination time ${String(minutes)} must be between 10 and 10000 minutes.`);
}

/** At most 45 tags, none with the key of a default tag: https://docs.databricks.com/api/azure/workspace/clusters/create */
function checkTags(workspace: Workspace, spec: JsonObject): void {
  const tags = objectField(spec, "custom_tags") ?? {};
  if (Object.keys(tags).length > 45) throw invalidParameter("At most 45 custom tags are allowed for a cluster.");
  const taken = Object.keys(tags).find((key) => reservedTags.includes(key));
  if (taken) throw invalidParameter(`Custom tag key ${taken} conflicts with a default tag.`);
  // The words are the service's: https://github.com/databricks/terraform-provider-databricks/pull/2242
  const pool = optionalString(spec, "instance_pool_id");
  const poolTags = pool ? (objectField(instancePool(workspace, pool).spec, "custom_tags") ?? {}) : {};
  const twice = Object.keys(tags).filter((key) => key in poolTags);
  if (twice.length > 0)
    throw invalidParameter(
      `Invalid tags - the following custom tag keys conflict with the pool's custom tag keys: ${twice.join(", ")}`,
    );
}

/**
 * New workspaces take no cluster whose init scripts are on DBFS; the words are the service's:
 * https://github.com/microsoft/Purview-ADB-Lineage-Solution-Accelerator/issues/234
 */
export function refuseDbfsInitScripts(workspace: Workspace, spec: JsonObject): void {
  const { dbfsDisabled, dbfsInitScriptsDisabled } = workspace.controls;
  if (!dbfsDisabled && !dbfsInitScriptsDisabled) return;
  if (objectList(spec, "init_scripts").some((script) => isObject(script["dbfs"])))
    throw new ApiError(
      400,
      "FEATURE_DISABLED",
      "Init scripts cannot be loaded from DBFS. Review the init script documentation for more details on configuring init scripts.",
      {},
      [
        {
          "@type": "type.googleapis.com/google.rpc.ErrorInfo",
          reason: "CM_API_ERROR_SOURCE_CALLER_ERROR",
          domain: "",
        },
      ],
    );
}

const scriptStores = ["dbfs", "workspace", "volumes", "abfss", "s3", "gcs", "file"];

function checkInitScript(script: JsonObject): void {
  const store = scriptStores.map((name) => script[name]).find(isObject);
  if (!store) throw invalidParameter("init_scripts: exactly one storage type must be specified.");
  requiredString(store, "destination");
}
