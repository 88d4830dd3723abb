import { setTimeout as sleep } from "node:timers/promises";
import { collect } from "../values/collect.js";
import { ApiError, isRefusal, UnexpectedAnswer } from "../client/errors.js";
import { idOf, isObject, type Json, type JsonObject, objectsOf, stringifyJson } from "../values/json.js";
import type { WorkspaceClient } from "../client/workspace-client.js";
import { canonical, sameJson } from "../values/fingerprint.js";
import { mapAll } from "../values/for-all.js";
import { markerTag, operationsTag, provenance, readMarker, withMarker, withoutMarker } from "../inventory/marker.js";
import { computeReferences } from "./compute-references.js";
import { creatorOf, decidedByPool, type FieldReasons, only, without, withNodeTypes } from "./fields.js";
import { type Inventory, type Copy, type Item, type Kind, NeedsPerson, type Side } from "./kind.js";
import { orGone } from "./or-gone.js";

/** https://docs.databricks.com/api/azure/workspace/clusters/get: what the workspace says of a cluster and `create` does not take. */
const decidedByWorkspace: FieldReasons = {
  cluster_id: "given by the workspace",
  creator_user_name: "whoever called create",
  cluster_source: "how it was made",
  spark_context_id: "changes with every start",
  state: "run time",
  state_message: "run time",
  start_time: "run time",
  terminated_time: "run time",
  last_state_loss_time: "run time",
  last_activity_time: "run time",
  last_restarted_time: "run time",
  termination_reason: "run time",
  driver: "run time",
  driver_healthy: "run time",
  executors: "run time",
  cluster_cores: "follows from the node types",
  cluster_memory_mb: "follows from the node types",
  jdbc_port: "run time",
  default_tags: "set by Databricks",
  cluster_log_status: "run time",
  disk_spec: "follows from the node types",
  instance_source: "follows from node type or pool",
  driver_instance_source: "follows from node type or pool",
  effective_spark_version: "follows from spark_version",
  init_scripts_safe_mode: "run time",
  pinned_by_user_name: "pinned by its own call",
  pinned: "pinned by its own call",
  spec: "the same fields once more",
};

/** https://docs.databricks.com/api/azure/workspace/clusters/create */
const createFields: ReadonlySet<string> = new Set([
  "apply_policy_default_values",
  "autoscale",
  "autotermination_minutes",
  "azure_attributes",
  "cluster_log_conf",
  "cluster_name",
  "custom_tags",
  "data_security_mode",
  "docker_image",
  "driver_instance_pool_id",
  "driver_node_type_flexibility",
  "driver_node_type_id",
  "enable_elastic_disk",
  "enable_local_disk_encryption",
  "init_scripts",
  "instance_pool_id",
  "is_single_node",
  "kind",
  "node_type_id",
  "num_workers",
  "policy_id",
  "remote_disk_throughput",
  "runtime_engine",
  "single_user_name",
  "spark_conf",
  "spark_env_vars",
  "spark_version",
  "ssh_public_keys",
  "total_initial_remote_disk_size",
  "use_ml_runtime",
  "worker_node_type_flexibility",
  "workload_type",
]);

/** Clusters that something else makes anew each time; only all-purpose ones are copied. */
const transientSources: Readonly<Record<string, string>> = {
  JOB: "a job's own cluster: the job makes it",
  MODELS: "model serving makes it",
  PIPELINE: "a pipeline's own cluster: the pipeline makes it",
  PIPELINE_MAINTENANCE: "a pipeline's own cluster: the pipeline makes it",
  SQL: "a SQL warehouse's own cluster",
};

/** Azure takes minutes to give machines back. */
const restsWithinMs = 10 * 60_000;
const longestWaitMs = 5_000;

/** Error codes that mean that there is no room, not that the request is wrong. */
const noRoom = /QUOTA|CAPACITY|INSUFFICIENT|STOCKOUT/;

const restingStates = new Set(["TERMINATED", "TERMINATING", "ERROR"]);

/** https://docs.databricks.com/api/azure/workspace/clusters/pin */
const mostPins = 100;

/** Workspaces that have said so in this run: thousands of clusters need not be told one by one. */
const outOfPins = new WeakSet<WorkspaceClient>();

export const clusters: Kind = {
  name: "clusters",
  singular: "cluster",
  after: ["init-scripts", "instance-pools", "cluster-policies"],
  references: computeReferences,
  identity: { by: "tag", tag: { field: "custom_tags", key: markerTag, most: 45 } },
  permissions: { type: "clusters" },
  startsWhenMade: true,

  summary({ spark_version, node_type_id, instance_pool_id, num_workers, autoscale, is_single_node }) {
    const workers = isObject(autoscale)
      ? `${String(autoscale.min_workers)}–${String(autoscale.max_workers)}`
      : num_workers;
    const machine = instance_pool_id === undefined ? (node_type_id ?? "any node") : `pool ${String(instance_pool_id)}`;
    const size = is_single_node === true ? "single node" : String(workers ?? 0);
    return `${String(spark_version)}, ${size} × ${String(machine)}`;
  },

  async list(side) {
    const libraries = await librariesByCluster(side.client);
    const workspaceId = await side.client.workspaceId();
    const details = await clustersOf(side.client);
    const pins = details.filter(isPinned).length;
    const items = await mapAll(details, async (each) => {
      const settled = await orGone(() => settledByUser(side.client, each));
      return settled && toItem(side, settled, libraries, workspaceId, pins);
    });
    return items.filter((item) => item !== undefined);
  },

  prepare: (item, context) => withNodeTypes("clusters", item, item.definition, context),

  async create(target, copy) {
    try {
      const { cluster_id } = await target.client.post("/api/2.1/clusters/create", requestOf(copy, true));
      return idOf(cluster_id);
    } catch (error) {
      if (error instanceof ApiError && noRoom.test(error.errorCode))
        throw new NeedsPerson(`the standby has no room for it now (${error.message})`);
      throw error;
    }
  },

  async complete({ client }, id, copy) {
    await install(client, id, inOrder(objectsOf(copy.definition.libraries), copy));
  },

  async update({ client }, id, copy, actual, run) {
    const [wanted, present] = [objectsOf(copy.definition.libraries), objectsOf(actual.definition.libraries)];
    const sameCluster = sameJson(without(copy.definition, ["libraries"]), without(actual.definition, ["libraries"]));
    if (!sameCluster || actual.markerLost) {
      // A cluster that runs would be restarted by an edit.
      if (actual.unsettled?.length)
        await client.post("/api/2.1/clusters/delete", { cluster_id: id }, { idempotent: true });
      await edit(client, { ...requestOf(copy, !actual.original), cluster_id: id });
    }
    const surplus = present.filter((each) => !wanted.some((other) => sameJson(each, other)));
    const lacking = inOrder(
      wanted.filter((each) => !present.some((other) => sameJson(each, other))),
      copy,
    );
    if (surplus.length > 0) {
      await assertNotOnSource(surplus, copy, run);
      await client.post("/api/2.0/libraries/uninstall", { cluster_id: id, libraries: surplus }, { idempotent: true });
      if ((await installedOf(client, id, surplus)).length > 0)
        throw new UnexpectedAnswer("libraries that were uninstalled are still there");
    }
    await install(client, id, lacking);
  },

  /** Terminated before anything else: `create` has begun to acquire machines. */
  async settle({ client }, id) {
    await client.post("/api/2.1/clusters/delete", { cluster_id: id }, { idempotent: true });
    if (outOfPins.has(client)) return [notPinned];
    try {
      await client.post("/api/2.1/clusters/pin", { cluster_id: id }, { idempotent: true });
      return [];
    } catch (error) {
      if (!isRefusal(error)) throw error;
      if (error.errorCode.includes("QUOTA")) outOfPins.add(client);
      return [notPinned];
    }
  },

  async exists({ client }, id) {
    await client.get("/api/2.1/clusters/get", { cluster_id: id });
  },

  async remove({ client }, id) {
    await client.post("/api/2.1/clusters/unpin", { cluster_id: id }, { idempotent: true });
    await client.post("/api/2.1/clusters/permanent-delete", { cluster_id: id }, { idempotent: true });
  },

  async find({ client }, { origin }) {
    return (await clustersOf(client))
      .filter((each) => readMarker(each.custom_tags, "clusters") === origin)
      .map((each) => ({ id: idOf(each.cluster_id), ...creatorOf(each) }));
  },
};

/**
 * Only what runs or rests can be edited: a copy that was terminated a moment ago, or that somebody is starting, is
 * terminated and waited for.
 */
async function edit(client: WorkspaceClient, request: JsonObject): Promise<void> {
  const deadline = Date.now() + restsWithinMs;
  for (let wait = 250; ; wait = Math.min(2 * wait, longestWaitMs)) {
    try {
      await client.post("/api/2.1/clusters/edit", request, { idempotent: true });
      return;
    } catch (error) {
      if (!(error instanceof ApiError) || error.errorCode !== "INVALID_STATE" || Date.now() > deadline) throw error;
    }
    await client.post("/api/2.1/clusters/delete", { cluster_id: request.cluster_id }, { idempotent: true });
    await sleep(wait);
  }
}

/**
 * Ordered by name: in the usual order, by state, a cluster that starts or stops meanwhile moves from a page that is yet to
 * be read to one that has been.
 */
async function clustersOf(client: WorkspaceClient): Promise<JsonObject[]> {
  const byName = { page_size: 100, "sort_by.field": "CLUSTER_NAME", "sort_by.direction": "ASC" };
  const listed = await collect(client.list("/api/2.1/clusters/list", "clusters", byName));
  return [...new Map(listed.map((each) => [idOf(each.cluster_id), each])).values()];
}

const notPinned = `not pinned: the workspace's ${mostPins} pins are taken, so its configuration is purged 30 days after its last run`;

function toItem(
  side: Side,
  details: JsonObject,
  libraries: ReadonlyMap<string, JsonObject[]>,
  workspaceId: string,
  pins: number,
): Item {
  const id = idOf(details.cluster_id);
  const installed = libraries.get(id);
  const unsettled = [
    ...(restingStates.has(String(details.state)) ? [] : ["is running on the standby; it is terminated"]),
    ...(isPinned(details) || pins >= mostPins ? [] : ["is not pinned"]),
  ];
  const leftOut = whyLeftOut(side, details);
  return {
    id,
    name: String(details.cluster_name ?? ""),
    ...provenance(workspaceId, "clusters", id, details.custom_tags),
    ...creatorOf(details),
    definition: { ...definitionOf(details), ...(installed ? { libraries: sorted(installed) } : {}) },
    ...(installed ? { asListed: installed } : {}),
    unsettled,
    ...(leftOut ? { leftOut } : {}),
  };
}

/**
 * Fields of the simple form. The service fills in workers, Spark settings and tags beside them, and refuses those when
 * they are sent. https://docs.databricks.com/api/azure/workspace/clusters/create (kind)
 */
const simpleForm = ["kind", "is_single_node", "use_ml_runtime"];

/** Filled in by the service, but ours to send: left out, the copy would be whoever's makes it. */
const alwaysSent = ["single_user_name"];

/**
 * What the user asked for. The listing mixes it with what the service decides, and only `get` tells them apart, in its
 * `spec`: it is asked for a cluster of the simple form, and for one with fields that are new to us.
 */
async function settledByUser(client: WorkspaceClient, details: JsonObject): Promise<JsonObject> {
  if (String(details.cluster_source) in transientSources) return details;
  const isSimple = simpleForm.some((field) => details[field] !== undefined && details[field] !== false);
  const unheardOf = Object.keys(details).filter((field) => !createFields.has(field) && !(field in decidedByWorkspace));
  if (!isSimple && unheardOf.length === 0) return details;
  const { spec } = await client.get("/api/2.1/clusters/get", { cluster_id: idOf(details.cluster_id) });
  if (!isObject(spec)) return details;
  if (isSimple) return { ...only(details, [...Object.keys(decidedByWorkspace), ...alwaysSent]), ...spec };
  return without(
    details,
    unheardOf.filter((field) => !(field in spec)),
  );
}

function isPinned(details: JsonObject): boolean {
  return Boolean(details.pinned_by_user_name) || details.pinned === true;
}

function whyLeftOut(side: Side, details: JsonObject): string | undefined {
  const isOperations = isObject(details.custom_tags) && operationsTag in details.custom_tags;
  if (isOperations || details.cluster_id === side.endpoint.operationsClusterId)
    return "the operations cluster: each side has its own";
  return transientSources[String(details.cluster_source)];
}

/** Every field of `create`, those of later API versions included. */
function definitionOf(details: JsonObject): JsonObject {
  const tags = withoutMarker(details.custom_tags);
  const autoscale = isObject(details.autoscale) ? without(details.autoscale, ["target_workers"]) : undefined;
  return {
    ...without(details, [
      ...Object.keys(decidedByWorkspace),
      "custom_tags",
      ...(autoscale ? ["autoscale", "num_workers"] : []),
      ...("instance_pool_id" in details ? Object.keys(decidedByPool) : []),
    ]),
    // How many workers autoscaling aims at is run time, although it stands among the limits.
    ...(autoscale ? { autoscale } : {}),
    ...(tags ? { custom_tags: tags } : {}),
  };
}

function requestOf({ source, definition }: Copy, marked: boolean): JsonObject {
  const { libraries: _, ...fields } = definition;
  return marked ? { ...fields, custom_tags: withMarker(fields.custom_tags, source.origin) } : fields;
}

/** One listing has the libraries of all clusters: where it shows none, the cluster is asked by itself before any is taken off. */
async function assertNotOnSource(surplus: readonly JsonObject[], { source }: Copy, run: Inventory): Promise<void> {
  if ((await installedOf(run.source!.client, source.id, surplus)).length > 0)
    throw new UnexpectedAnswer(
      "the source lists fewer libraries than the cluster itself shows: none is uninstalled; run again",
    );
}

/** An answer of 200 is no proof that it was done. */
async function install(client: WorkspaceClient, id: string, libraries: readonly JsonObject[]): Promise<void> {
  if (libraries.length === 0) return;
  await client.post("/api/2.0/libraries/install", { cluster_id: id, libraries }, { idempotent: true });
  const lacking = libraries.length - (await installedOf(client, id, libraries)).length;
  if (lacking > 0) throw new UnexpectedAnswer(`${lacking} libraries that were installed are not there`);
}

/** Those of the libraries that a cluster has. */
async function installedOf(
  client: WorkspaceClient,
  id: string,
  libraries: readonly JsonObject[],
): Promise<readonly JsonObject[]> {
  const { library_statuses } = await client.get("/api/2.0/libraries/cluster-status", { cluster_id: id });
  const there = new Set(installedIn(library_statuses).map(textOf));
  return libraries.filter((library) => there.has(textOf(library)));
}

/** Those that are going, and those that every cluster has, are left out. */
function installedIn(statuses: Json | undefined): JsonObject[] {
  return objectsOf(statuses)
    .filter((each) => each.is_library_for_all_clusters !== true && each.status !== "UNINSTALL_ON_RESTART")
    .map(({ library }) => library)
    .filter(isObject);
}

/** Libraries by cluster, in the order in which they were installed. */
async function librariesByCluster(client: WorkspaceClient): Promise<Map<string, JsonObject[]>> {
  const { statuses } = await client.get("/api/2.0/libraries/all-cluster-statuses");
  return new Map(
    objectsOf(statuses)
      .map((each): [string, JsonObject[]] => [idOf(each.cluster_id), installedIn(each.library_statuses)])
      .filter(([, libraries]) => libraries.length > 0),
  );
}

/** One order for both sides, to compare them: the order in which they are installed is the source's. */
function sorted(libraries: readonly JsonObject[]): JsonObject[] {
  return [...libraries].sort((a, b) => (textOf(a) < textOf(b) ? -1 : 1));
}

/** Of two versions of a package the last one installed counts, and one may need another. */
function inOrder(libraries: readonly JsonObject[], { source }: Copy): JsonObject[] {
  const places = new Map((source.asListed ?? []).map((each, place) => [textOf(each), place]));
  const place = (library: JsonObject): number => places.get(textOf(library)) ?? places.size;
  return [...libraries].sort((a, b) => place(a) - place(b));
}

function textOf(library: Json): string {
  return stringifyJson(canonical(library));
}
