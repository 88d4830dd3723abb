import type { JsonObject } from "../../http/json.js";
import { deletedPools, poolTable } from "../instance-pools/row.js";
import { NodeTypes } from "./node-types.js";
import { isObject } from "../http/request-fields.js";
import type { Workspace } from "../workspace.js";

function poolNodeType(workspace: Workspace, id: unknown): string | undefined {
  if (typeof id !== "string") return undefined;
  const type = poolTable(workspace).get(id)?.spec["node_type_id"] ?? deletedPools(workspace).get(id);
  return typeof type === "string" ? type : undefined;
}

/** The worker's and the driver's node type; a pool's type where a pool is used, the worker's where no driver is named. */
export function nodeTypesOf(workspace: Workspace, spec: JsonObject): readonly [worker: string, driver: string] {
  const worker = poolNodeType(workspace, spec["instance_pool_id"]) ?? String(spec["node_type_id"] ?? "");
  const driver =
    poolNodeType(workspace, spec["driver_instance_pool_id"]) ??
    (typeof spec["driver_node_type_id"] === "string" && spec["driver_node_type_id"] !== ""
      ? spec["driver_node_type_id"]
      : worker);
  return [worker, driver];
}

/** How many workers a cluster starts with: the minimum when it scales. */
export function workersOf(spec: JsonObject): number {
  const autoscale = spec["autoscale"];
  return Number(isObject(autoscale) ? (autoscale["min_workers"] ?? 0) : (spec["num_workers"] ?? 0));
}

export function coresOf(workspace: Workspace, spec: JsonObject): number {
  const types = new NodeTypes(workspace.options.region);
  const [worker, driver] = nodeTypesOf(workspace, spec);
  return types.coresOf(driver) + workersOf(spec) * types.coresOf(worker);
}

export function memoryMbOf(workspace: Workspace, spec: JsonObject): number {
  const types = new NodeTypes(workspace.options.region);
  const [worker, driver] = nodeTypesOf(workspace, spec);
  return types.memoryMbOf(driver) + workersOf(spec) * types.memoryMbOf(worker);
}
