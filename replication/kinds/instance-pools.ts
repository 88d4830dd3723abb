import { poolMarkerTag, provenance, readMarker, withMarker, withoutMarker } from "../inventory/marker.js";
import { idOf, type JsonObject, objectsOf } from "../values/json.js";
import type { WorkspaceClient } from "../client/workspace-client.js";
import { type FieldReasons, only, without, withNodeTypes } from "./fields.js";
import type { Copy, Defined, Kind } from "./kind.js";

/** https://docs.databricks.com/api/azure/workspace/instancepools/get: what the workspace says of a pool and `create` does not take. */
const decidedByWorkspace: FieldReasons = {
  instance_pool_id: "given by the workspace",
  default_tags: "set by Databricks; the maker is among them",
  state: "run time",
  stats: "run time",
  status: "run time",
};

/** https://docs.databricks.com/api/azure/workspace/instancepools/edit: what it may change; the node type has to be said again. */
const editable = [
  "instance_pool_name",
  "custom_tags",
  "idle_instance_autotermination_minutes",
  "min_idle_instances",
  "max_capacity",
];

export const instancePools: Kind = {
  name: "instance-pools",
  singular: "instance pool",
  identity: {
    by: "name",
    field: "instance_pool_name",
    tag: { field: "custom_tags", key: poolMarkerTag, most: 45 },
  },
  permissions: { type: "instance-pools" },
  held: { noun: ["idle machine", "idle machines"], fields: { min_idle_instances: 0 } },
  immutable: [
    "node_type_id",
    "disk_spec",
    "enable_elastic_disk",
    "azure_attributes",
    "preloaded_spark_versions",
    "preloaded_docker_images",
    "node_type_flexibility",
    "remote_disk_throughput",
    "total_initial_remote_disk_size",
  ],

  summary: ({ node_type_id, max_capacity }) =>
    `${String(node_type_id)}, ${max_capacity === undefined ? "no limit" : `at most ${String(max_capacity)}`}`,

  async list({ client }) {
    const workspaceId = await client.workspaceId();
    return (await poolsOf(client)).map((pool) => toItem(pool, workspaceId));
  },

  prepare: (item, context) => withNodeTypes("instance-pools", item, item.definition, context),

  async create({ client }, copy) {
    return idOf((await client.post("/api/2.0/instance-pools/create", requestOf(copy, true))).instance_pool_id);
  },

  async update({ client }, id, copy, actual) {
    await edit(client, id, requestOf(copy, !actual.original));
  },

  async settle({ client }, id) {
    await edit(client, id, { ...(await poolOf(client, id)), min_idle_instances: 0 });
    return [];
  },

  async release({ client }, id, held) {
    await edit(client, id, { ...(await poolOf(client, id)), ...only(held, ["min_idle_instances"]) });
  },

  async exists({ client }, id) {
    await poolOf(client, id);
  },

  async get({ client }, id) {
    return toItem(await poolOf(client, id), await client.workspaceId());
  },

  async remove({ client }, id) {
    await client.post("/api/2.0/instance-pools/delete", { instance_pool_id: id }, { idempotent: true });
  },

  /** A name is there once: what bears it was made meanwhile, or bears our marker for another. */
  async find({ client }, { origin }) {
    return (await poolsOf(client))
      .filter(({ custom_tags }) => readMarker(custom_tags, "instance-pools", poolMarkerTag) === origin)
      .map((pool) => ({ id: idOf(pool.instance_pool_id), ...creatorOf(pool) }));
  },
};

async function edit(client: WorkspaceClient, id: string, pool: JsonObject): Promise<void> {
  const request = { instance_pool_id: id, ...only(pool, [...editable, "node_type_id"]) };
  await client.post("/api/2.0/instance-pools/edit", request, { idempotent: true });
}

async function poolsOf(client: WorkspaceClient): Promise<JsonObject[]> {
  return objectsOf((await client.get("/api/2.0/instance-pools/list")).instance_pools);
}

function poolOf(client: WorkspaceClient, id: string): Promise<JsonObject> {
  return client.get("/api/2.0/instance-pools/get", { instance_pool_id: id });
}

function toItem(pool: JsonObject, workspaceId: string): Defined {
  const id = idOf(pool.instance_pool_id);
  const name = String(pool.instance_pool_name ?? "");
  const tags = withoutMarker(pool.custom_tags, poolMarkerTag);
  const idle = Number(pool.min_idle_instances ?? 0);
  return {
    id,
    name,
    ...provenance(workspaceId, "instance-pools", id, pool.custom_tags, poolMarkerTag),
    ...creatorOf(pool),
    definition: {
      ...without(pool, [...Object.keys(decidedByWorkspace), "custom_tags"]),
      ...(tags ? { custom_tags: tags } : {}),
    },
    unsettled: idle > 0 ? [`keeps ${idle} idle machines on the standby; they are given back`] : [],
    ...(name === "" ? { leftOut: "deleted" } : {}),
  };
}

/** A tag that Databricks sets names the maker by a number or a name; no field does. */
function creatorOf({ default_tags }: JsonObject): { readonly creator?: string } {
  const maker = (default_tags as JsonObject | undefined)?.DatabricksInstancePoolCreatorId;
  return typeof maker === "string" ? { creator: maker } : {};
}

function requestOf({ source, definition }: Copy, marked: boolean): JsonObject {
  if (!marked) return definition;
  return { ...definition, custom_tags: withMarker(definition.custom_tags, source.origin, poolMarkerTag) };
}
