import { setTimeout as sleep } from "node:timers/promises";
import { InitializationFailure, type ResourceType } from "../provider.js";
import { equal, isObject, type Properties } from "../property-values.js";
import { toCamelCase, toSnakeCase } from "./snake-case.js";
import { WorkspaceFailure, type WorkspaceClient } from "./workspace-client.js";

/** Inputs that go to `clusters/create` and `clusters/edit`; the provider does the rest by calls of their own. */
const attributes = [
  ...["applyPolicyDefaultValues", "autoscale", "autoterminationMinutes", "azureAttributes", "clusterLogConf"],
  ...["clusterName", "customTags", "dataSecurityMode", "dockerImage", "driverInstancePoolId", "driverNodeTypeId"],
  ...["enableElasticDisk", "enableLocalDiskEncryption", "initScripts", "instancePoolId", "isSingleNode", "kind"],
  ...["nodeTypeId", "numWorkers", "policyId", "remoteDiskThroughput", "runtimeEngine", "singleUserName", "sparkConf"],
  ...["sparkEnvVars", "sparkVersion", "sshPublicKeys", "totalInitialRemoteDiskSize", "useMlRuntime", "workloadType"],
];
const ownInputs = ["isPinned", "libraries", "noWait", "idempotencyToken", "clusterMountInfos"];
const outputs = ["clusterId", "state", "url", "defaultTags", "enableElasticDisk", "enableLocalDiskEncryption"];
const computed = [...outputs, "driverNodeTypeId", "driverInstancePoolId", "nodeTypeId"];
const pollMs = 50;

/** `databricks:index/cluster:Cluster`: create waits for RUNNING, delete is for good. */
export const cluster: ResourceType<WorkspaceClient> = {
  outputs: computed,
  stableOutputs: ["clusterId", "url", "defaultTags"],
  replaceOn: ["idempotencyToken"],

  check: async ({ news }) => {
    const inputs: Properties = { ...news };
    const defaulted: string[] = [];
    if (inputs.autoterminationMinutes === undefined) {
      inputs.autoterminationMinutes = 60;
      defaulted.push("autoterminationMinutes");
    }
    inputs.__defaults = defaulted;
    const known = [...attributes, ...ownInputs];
    const failures = Object.keys(news)
      .filter((key) => !key.startsWith("__") && !known.includes(key))
      .map((key) => ({ property: key, reason: `the sandbox's databricks:Cluster does not know '${key}'` }));
    if (news.sparkVersion === undefined)
      failures.push({ property: "sparkVersion", reason: "Missing required argument: sparkVersion" });
    const problem = sizeProblem(news);
    if (problem) failures.push({ property: "numWorkers", reason: problem });
    return { inputs, failures };
  },

  create: async (inputs, client) => {
    const { cluster_id: id } = (await client.post("/api/2.0/clusters/create", bodyOf(inputs))) as {
      cluster_id: string;
    };
    const problem = inputs.noWait === true ? undefined : await waitFor(client, id, ["RUNNING"]);
    if (inputs.isPinned === true) await client.post("/api/2.0/clusters/pin", { cluster_id: id });
    await installLibraries(client, id, inputs.libraries);
    const result = outputsOf(await getCluster(client, id), inputs, client);
    if (problem) throw new InitializationFailure(id, result, problem);
    return { id, outputs: result };
  },

  read: async (id, client, olds) => {
    let found: Properties;
    try {
      found = await getCluster(client, id);
    } catch (error) {
      if (error instanceof WorkspaceFailure && isGone(error)) return undefined;
      throw error;
    }
    const inputs = olds.inputs ?? { autoterminationMinutes: 60 };
    const now = outputsOf(found, inputs, client);
    const names = olds.inputs ? [...attributes, "isPinned"] : attributes;
    const read = Object.fromEntries(
      names
        .filter((name) => (olds.inputs ? name in inputs : now[name] !== undefined))
        .map((name) => [name, projected(now[name], inputs[name])]),
    );
    return { inputs: { ...inputs, ...read }, outputs: now };
  },

  update: async (id, inputs, client, olds) => {
    await waitFor(client, id, ["RUNNING", "TERMINATED"]);
    await client.post("/api/2.0/clusters/edit", { cluster_id: id, ...bodyOf(inputs) });
    await waitFor(client, id, ["RUNNING", "TERMINATED"]);
    if ((inputs.isPinned ?? false) !== (olds.isPinned ?? false))
      await client.post(`/api/2.0/clusters/${inputs.isPinned === true ? "pin" : "unpin"}`, { cluster_id: id });
    if (!equal(inputs.libraries, olds.libraries)) await installLibraries(client, id, inputs.libraries);
    return outputsOf(await getCluster(client, id), inputs, client);
  },

  delete: async (id, client) => {
    try {
      await client.post("/api/2.0/clusters/permanent-delete", { cluster_id: id });
    } catch (error) {
      if (error instanceof WorkspaceFailure && isGone(error)) return;
      // A pinned cluster cannot be deleted for good; the provider unpins it and tries again.
      if (!(error instanceof WorkspaceFailure) || !/unpin/i.test(error.message)) throw error;
      await client.post("/api/2.0/clusters/unpin", { cluster_id: id });
      await client.post("/api/2.0/clusters/permanent-delete", { cluster_id: id });
    }
  },
};

/** https://registry.terraform.io/providers/databricks/databricks/latest/docs/resources/cluster#fixed-size-or-autoscaling-cluster */
function sizeProblem(inputs: Properties): string | undefined {
  if (inputs.autoscale !== undefined || inputs.isSingleNode === true || inputs.kind !== undefined) return undefined;
  if (inputs.numWorkers !== undefined && inputs.numWorkers !== 0) return undefined;
  const conf = isObject(inputs.sparkConf) ? inputs.sparkConf : {};
  const tags = isObject(inputs.customTags) ? inputs.customTags : {};
  if (inputs.policyId !== undefined || typeof inputs.sparkConf === "string") return undefined;
  const single =
    conf["spark.databricks.cluster.profile"] === "singleNode" &&
    String(conf["spark.master"] ?? "").startsWith("local") &&
    tags.ResourceClass === "SingleNode";
  return single
    ? undefined
    : "NumWorkers could be 0 only for SingleNode clusters. See https://docs.databricks.com/clusters/single-node.html for more details";
}

function bodyOf(inputs: Properties): Properties {
  const given = Object.fromEntries(
    attributes.filter((name) => inputs[name] !== undefined).map((name) => [name, inputs[name]]),
  );
  const needsWorkers = given.autoscale === undefined && given.numWorkers === undefined && given.isSingleNode !== true;
  return toSnakeCase({
    ...given,
    ...(needsWorkers ? { numWorkers: 0 } : {}),
    ...(inputs.idempotencyToken === undefined ? {} : { idempotencyToken: inputs.idempotencyToken }),
  });
}

function getCluster(client: WorkspaceClient, id: string): Promise<Properties> {
  return client.get("/api/2.0/clusters/get", { cluster_id: id });
}

function isGone(error: WorkspaceFailure): boolean {
  return error.status === 404 || error.code === "RESOURCE_DOES_NOT_EXIST" || /does not exist/i.test(error.message);
}

function outputsOf(found: Properties, inputs: Properties, client: WorkspaceClient): Properties {
  const now = toCamelCase(found);
  const kept = ["clusterId", "state", "defaultTags", ...attributes];
  const own = Object.fromEntries(ownInputs.filter((name) => name in inputs).map((name) => [name, inputs[name]]));
  return {
    ...own,
    ...Object.fromEntries(kept.filter((name) => now[name] !== undefined).map((name) => [name, now[name]])),
    ...(inputs.isPinned === undefined ? {} : { isPinned: found.pinned_by_user_name !== undefined }),
    enableElasticDisk: now.enableElasticDisk ?? false,
    enableLocalDiskEncryption: now.enableLocalDiskEncryption ?? false,
    driverInstancePoolId: now.driverInstancePoolId ?? "",
    url: `${client.host}/#setting/clusters/${String(found.cluster_id)}/configuration`,
  };
}

/** What was read, cut down to what the input speaks of: the service's own defaults are no drift. */
function projected(now: unknown, input: unknown): unknown {
  if (now === undefined && (input === false || equal(input, []) || equal(input, {}))) return input;
  if (!isObject(now) || !isObject(input)) return now;
  return Object.fromEntries(Object.keys(input).map((key) => [key, projected(now[key], input[key])]));
}

/** Undefined once the cluster is in one of `states`, or why it never will be. */
async function waitFor(client: WorkspaceClient, id: string, states: readonly string[]): Promise<string | undefined> {
  for (;;) {
    const { state, state_message: message } = await getCluster(client, id);
    if (states.includes(String(state))) return undefined;
    if (["TERMINATED", "ERROR", "UNKNOWN"].includes(String(state)))
      return `failed to reach ${states.join(" or ")}, got ${String(state)}: ${String(message ?? "")}`;
    await sleep(pollMs);
  }
}

async function installLibraries(client: WorkspaceClient, id: string, libraries: unknown): Promise<void> {
  if (!Array.isArray(libraries) || libraries.length === 0) return;
  await client.post("/api/2.0/libraries/install", {
    cluster_id: id,
    libraries: libraries.map((library) => toSnakeCase(library as Properties)),
  });
}
