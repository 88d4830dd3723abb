import type { Hono } from "hono";
import { jsonBody, reply } from "../../http/app.js";
import { stringifyJson, type Json, type JsonObject } from "../../http/json.js";
import { visibleTo } from "../permissions/access-control.js";
import { callerOf } from "../identity/caller.js";
import { clusterTable } from "../clusters/row.js";
import { workersOf } from "../clusters/size.js";
import { doesNotExist, invalidParameter } from "../http/errors.js";
import { deletedPools, poolTable, type InstancePoolRow } from "./row.js";
import { NodeTypes } from "../clusters/node-types.js";
import { grantCreator, revokeAll } from "../permissions/row.js";
import type { Service } from "../service.js";
import { isObject, objectField, requiredString } from "../http/request-fields.js";
import type { Workspace } from "../workspace.js";

/** What `instance-pools/edit` may change; anything else must be sent as it is or left out. */
const editable = [
  "instance_pool_name",
  "min_idle_instances",
  "max_capacity",
  "idle_instance_autotermination_minutes",
  "custom_tags",
];
const setAtCreation = [
  "node_type_id",
  "disk_spec",
  "enable_elastic_disk",
  "azure_attributes",
  "preloaded_spark_versions",
  "preloaded_docker_images",
  "node_type_flexibility",
  "remote_disk_throughput",
  "total_initial_remote_disk_size",
];

function poolOf(workspace: Workspace, id: string): InstancePoolRow {
  const pool = poolTable(workspace).get(id);
  if (!pool) throw doesNotExist(`Instance pool ${id} does not exist.`);
  return pool;
}

function checkName(workspace: Workspace, name: string, self?: InstancePoolRow): void {
  if (name.length > 100) throw invalidParameter("Instance pool name must be between 1 and 100 characters.");
  for (const pool of poolTable(workspace).values())
    if (pool !== self && pool.spec["instance_pool_name"] === name)
      throw invalidParameter(`An instance pool with the name ${name} already exists.`);
}

function create(workspace: Workspace, body: JsonObject, creator: string): JsonObject {
  const name = requiredString(body, "instance_pool_name");
  const type = requiredString(body, "node_type_id");
  checkName(workspace, name);
  if (!new NodeTypes(workspace.options.region).has(type)) throw invalidParameter(`Node type ${type} is not supported.`);
  const stamp = new Date(workspace.clock.now()).toISOString().replace(/\D/g, "");
  const suffix = workspace.newId().toString(36).slice(-8);
  const id = `${stamp.slice(4, 8)}-${stamp.slice(8, 14)}-pool${suffix.slice(0, 2)}-pool-${suffix}`;
  const { instance_pool_id: _, ...spec } = body;
  poolTable(workspace).set(id, {
    id,
    creator,
    spec: {
      min_idle_instances: 0,
      idle_instance_autotermination_minutes: 0,
      enable_elastic_disk: true,
      azure_attributes: { availability: "ON_DEMAND_AZURE", spot_bid_max_price: -1 },
      ...spec,
    },
  });
  grantCreator(workspace, "instance-pools", id, creator);
  return { instance_pool_id: id };
}

/** Whether what is sent says what stands: a part of an object says no more than that part. */
function agrees(sent: Json | undefined, stands: Json | undefined): boolean {
  if (isObject(sent))
    return isObject(stands) && Object.entries(sent).every(([field, value]) => agrees(value, stands[field]));
  return stringifyJson(sent) === stringifyJson(stands);
}

function edit(workspace: Workspace, body: JsonObject): void {
  const pool = poolOf(workspace, requiredString(body, "instance_pool_id"));
  checkName(workspace, requiredString(body, "instance_pool_name"), pool);
  requiredString(body, "node_type_id");
  const changed = setAtCreation.find((field) => body[field] !== undefined && !agrees(body[field], pool.spec[field]));
  if (changed)
    throw invalidParameter(`The field '${changed}' of an instance pool cannot be changed after its creation.`);
  const kept = Object.entries(pool.spec).filter(([field]) => !editable.includes(field));
  const given = Object.entries(body).filter(([field]) => field !== "instance_pool_id");
  const tags = objectField(body, "custom_tags") ?? {};
  const oldTags = pool.spec["custom_tags"];
  pool.spec = {
    min_idle_instances: 0,
    idle_instance_autotermination_minutes: 0,
    ...Object.fromEntries([...kept, ...given]),
    // Tags can be changed, but never all be taken away:
    // https://github.com/databricks/terraform-provider-databricks/pull/2400
    ...(Object.keys(tags).length === 0 && oldTags !== undefined && { custom_tags: oldTags }),
  };
}

function shown(workspace: Workspace, pool: InstancePoolRow): JsonObject {
  const used = [...clusterTable(workspace).values()]
    .filter((row) => row.spec["instance_pool_id"] === pool.id && row.state === "RUNNING")
    .reduce((sum, row) => sum + 1 + workersOf(row.spec), 0);
  return {
    ...pool.spec,
    instance_pool_id: pool.id,
    default_tags: {
      Vendor: "Databricks",
      DatabricksInstancePoolCreatorId: pool.creator,
      DatabricksInstancePoolId: pool.id,
    },
    state: "ACTIVE",
    stats: {
      used_count: used,
      idle_count: Number(pool.spec["min_idle_instances"]),
      pending_used_count: 0,
      pending_idle_count: 0,
    },
    status: {},
  };
}

/** https://docs.databricks.com/api/azure/workspace/instancepools */
export const instancePools: Service = {
  name: "instance-pools",
  mount(app: Hono, workspace: Workspace): void {
    const path = (name: string): string => `/api/2.0/instance-pools/${name}`;
    app.post(path("create"), async (context) =>
      reply(context, create(workspace, await jsonBody(context), callerOf(context))),
    );
    app.post(path("edit"), async (context) => {
      edit(workspace, await jsonBody(context));
      return reply(context);
    });
    app.post(path("delete"), async (context) => {
      const { id, spec } = poolOf(workspace, requiredString(await jsonBody(context), "instance_pool_id"));
      poolTable(workspace).delete(id);
      deletedPools(workspace).set(id, String(spec["node_type_id"]));
      revokeAll(workspace, "instance-pools", id);
      return reply(context);
    });
    app.get(path("get"), (context) => {
      const pool = poolOf(workspace, requiredString({ ...context.req.query() }, "instance_pool_id"));
      return reply(context, shown(workspace, pool));
    });
    app.get(path("list"), (context) => {
      const visible = visibleTo(workspace, callerOf(context), "instance-pools");
      const pools = [...poolTable(workspace).values()]
        .filter(({ id }) => visible(id))
        .map((pool) => shown(workspace, pool));
      return reply(context, pools.length > 0 ? { instance_pools: pools } : {});
    });
  },
};
