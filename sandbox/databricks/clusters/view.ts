import type { Json, JsonObject } from "../../http/json.js";
import type { ClusterRow } from "./row.js";
import { coresOf, memoryMbOf, nodeTypesOf, workersOf } from "./size.js";
import { isObject } from "../http/request-fields.js";
import type { Workspace } from "../workspace.js";

function tagsOf(row: ClusterRow): JsonObject {
  return {
    Vendor: "Databricks",
    Creator: row.creator,
    ClusterName: String(row.spec["cluster_name"] ?? ""),
    ClusterId: row.id,
    ...row.ownTags,
  };
}

const source = (poolId: Json | undefined, nodeType: string): JsonObject =>
  typeof poolId === "string" ? { instance_pool_id: poolId } : { node_type_id: nodeType };

/** A cluster as `clusters/list` shows it: what was asked for, completed by what the platform decided. */
export function clusterDetails(workspace: Workspace, row: ClusterRow): JsonObject {
  const { spec } = row;
  const [worker, driver] = nodeTypesOf(workspace, spec);
  const running = row.state === "RUNNING" || row.state === "RESIZING";
  const version = String(spec["spark_version"]);
  const autoscale = spec["autoscale"];
  return {
    cluster_id: row.id,
    creator_user_name: row.creator,
    spark_context_id: row.sparkContextId,
    ...(running && { driver_healthy: true, jdbc_port: 10_000 }),
    autotermination_minutes: 0,
    enable_elastic_disk: true,
    enable_local_disk_encryption: false,
    disk_spec: {},
    ...spec,
    // A cluster for one user is its creator's unless the request names another.
    ...(spec["data_security_mode"] === "SINGLE_USER" && { single_user_name: spec["single_user_name"] ?? row.creator }),
    cluster_name: spec["cluster_name"] ?? "",
    azure_attributes: {
      first_on_demand: 1,
      availability: "ON_DEMAND_AZURE",
      spot_bid_max_price: -1,
      ...(isObject(spec["azure_attributes"]) ? spec["azure_attributes"] : {}),
    },
    node_type_id: worker,
    driver_node_type_id: driver,
    ...(typeof spec["instance_pool_id"] === "string" && {
      driver_instance_pool_id: spec["driver_instance_pool_id"] ?? spec["instance_pool_id"],
    }),
    ...(isObject(autoscale)
      ? { autoscale: { ...autoscale, target_workers: workersOf(spec) } }
      : { num_workers: spec["num_workers"] ?? 0 }),
    instance_source: source(spec["instance_pool_id"], worker),
    driver_instance_source: source(spec["driver_instance_pool_id"] ?? spec["instance_pool_id"], driver),
    effective_spark_version: version,
    cluster_source: row.source,
    state: row.state,
    state_message: row.stateMessage,
    start_time: row.startTime,
    ...(row.terminatedAt !== undefined && { terminated_time: row.terminatedAt }),
    last_state_loss_time: 0,
    last_activity_time: row.lastActivityAt,
    last_restarted_time: row.lastRestartedAt,
    ...(running && {
      cluster_cores: coresOf(workspace, spec),
      cluster_memory_mb: memoryMbOf(workspace, spec),
      driver: { node_id: `driver-${row.id}`, private_ip: "10.139.0.4", start_timestamp: row.startTime },
      executors: Array.from({ length: workersOf(spec) }, (_, index) => ({
        node_id: `worker-${row.id}-${index}`,
        private_ip: `10.139.0.${5 + (index % 250)}`,
        start_timestamp: row.startTime,
      })),
    }),
    default_tags: tagsOf(row),
    ...(row.pinnedBy !== undefined && { pinned_by_user_name: row.pinnedBy }),
    ...(row.terminationReason && { termination_reason: row.terminationReason as unknown as JsonObject }),
    init_scripts_safe_mode: false,
  };
}

/** As `clusters/get` shows it: `spec` is what was asked for at the last create or edit, and nothing else. */
export function clusterWithSpec(workspace: Workspace, row: ClusterRow): JsonObject {
  return { ...clusterDetails(workspace, row), spec: row.asked };
}
