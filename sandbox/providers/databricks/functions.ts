import { isObject, type Properties } from "../property-values.js";
import { toCamelCase } from "./snake-case.js";
import type { WorkspaceClient } from "./workspace-client.js";

interface NodeType {
  readonly node_type_id: string;
  readonly memory_mb: number;
  readonly num_cores: number;
  readonly num_gpus?: number;
  readonly category?: string;
  readonly is_deprecated?: boolean;
  readonly is_io_cache_enabled?: boolean;
  readonly photon_worker_capable?: boolean;
  readonly photon_driver_capable?: boolean;
  readonly node_instance_type?: { readonly local_disks?: number; readonly local_disk_size_gb?: number };
  readonly node_info?: { readonly status?: readonly string[] };
}

const unavailable = ["NotAvailableInRegion", "NotEnabledOnSubscription"];

/** The smallest node type that has what is asked for, fewest cores first, as the provider's data source picks it. */
export async function getNodeType(args: Properties, client: WorkspaceClient): Promise<Properties> {
  const { node_types: all = [] } = (await client.get("/api/2.0/clusters/list-node-types")) as {
    node_types?: NodeType[];
  };
  const atLeast = (value: number | undefined, wanted: unknown): boolean => (value ?? 0) >= Number(wanted ?? 0);
  const fits = (type: NodeType): boolean =>
    !type.node_info?.status?.some((status) => unavailable.includes(status)) &&
    atLeast(type.num_cores, args.minCores) &&
    atLeast(type.num_gpus, args.minGpus) &&
    atLeast(type.memory_mb / 1024, args.minMemoryGb) &&
    atLeast(type.memory_mb / 1024 / type.num_cores, args.gbPerCore) &&
    (args.category === undefined || String(args.category).toLowerCase() === type.category?.toLowerCase()) &&
    (args.localDisk !== true || atLeast(type.node_instance_type?.local_disks, 1)) &&
    atLeast(type.node_instance_type?.local_disk_size_gb, args.localDiskMinSize) &&
    (args.isIoCacheEnabled !== true || type.is_io_cache_enabled === true) &&
    (args.photonWorkerCapable !== true || type.photon_worker_capable === true) &&
    (args.photonDriverCapable !== true || type.photon_driver_capable === true);
  const found = all
    .filter(fits)
    .sort(
      (a, b) =>
        Number(a.is_deprecated ?? false) - Number(b.is_deprecated ?? false) ||
        a.num_cores - b.num_cores ||
        a.memory_mb - b.memory_mb ||
        (a.num_gpus ?? 0) - (b.num_gpus ?? 0) ||
        (a.node_type_id < b.node_type_id ? -1 : 1),
    )[0];
  if (!found) throw new Error("cannot determine smallest node type: no node type of the workspace fits");
  return { ...args, id: found.node_type_id };
}

interface SparkVersion {
  readonly key: string;
  readonly name: string;
}

/** The newest runtime that fits, or the only one when `latest` is false. */
export async function getSparkVersion(args: Properties, client: WorkspaceClient): Promise<Properties> {
  const { versions = [] } = (await client.get("/api/2.0/clusters/spark-versions")) as { versions?: SparkVersion[] };
  const flag = (name: string): boolean => args[name] === true;
  const fits = ({ key, name }: SparkVersion): boolean =>
    key.includes(`scala${String(args.scala ?? "2.1")}`) &&
    key.includes("-ml-") === flag("ml") &&
    key.includes("-gpu-") === (flag("gpu") && flag("ml")) &&
    key.includes("-photon-") === flag("photon") &&
    key.includes("-aarch64-") === flag("graviton") &&
    (flag("beta") || !name.includes("Beta")) &&
    (!flag("longTermSupport") || name.includes("LTS") || key.includes("-esr-")) &&
    (args.sparkVersion === undefined || name.includes(`Apache Spark ${String(args.sparkVersion)}`));
  const found = versions.filter(fits).sort((a, b) => compareVersions(b.key, a.key));
  if (found.length === 0)
    throw new Error(`spark versions query returned no results. Please change your search criteria and try again`);
  if (found.length > 1 && args.latest === false)
    throw new Error("spark versions query returned multiple results. Please change your search criteria and try again");
  return { ...args, id: found[0]?.key };
}

function compareVersions(one: string, other: string): number {
  const numbers = (key: string): number[] => (/^[\d.]+/.exec(key)?.[0] ?? "").split(".").map(Number);
  const [a, b] = [numbers(one), numbers(other)];
  return (a[0] ?? 0) - (b[0] ?? 0) || (a[1] ?? 0) - (b[1] ?? 0) || (one < other ? -1 : 1);
}

/**
 * A cluster by its id or its only name. The provider fails where there is none.
 * https://github.com/databricks/terraform-provider-databricks/blob/main/clusters/data_cluster.go
 */
export async function getCluster(args: Properties, client: WorkspaceClient): Promise<Properties> {
  const found = await findCluster(args, client).catch((error: unknown) => {
    throw new Error(`cannot read cluster: ${(error as Error).message}`);
  });
  const { clusterId, clusterName } = toCamelCase(found);
  return { ...args, id: clusterId, clusterId, clusterName, clusterInfo: toCamelCase(found) };
}

async function findCluster(args: Properties, client: WorkspaceClient): Promise<Properties> {
  if (typeof args.clusterName === "string") {
    const { clusters = [] } = (await client.get("/api/2.0/clusters/list")) as { clusters?: Properties[] };
    const named = clusters.filter((cluster) => cluster.cluster_name === args.clusterName);
    if (named.length === 0) throw new Error(`there is no cluster with name '${args.clusterName}'`);
    if (named.length > 1) throw new Error(`there is more than one cluster with name '${args.clusterName}'`);
    return named[0]!;
  }
  if (typeof args.clusterId !== "string") throw new Error("you need to specify either `cluster_name` or `cluster_id`");
  return client.get("/api/2.0/clusters/get", { cluster_id: args.clusterId });
}

/** Whom the provider's token belongs to. */
export async function getCurrentUser(args: Properties, client: WorkspaceClient): Promise<Properties> {
  const me = await client.get("/api/2.0/preview/scim/v2/Me");
  const userName = String(me.userName ?? "");
  const isPrincipal = isObject(me) && !userName.includes("@");
  return {
    ...args,
    id: String(me.id ?? ""),
    userName,
    externalId: String(me.externalId ?? ""),
    home: `/Users/${userName}`,
    repos: `/Repos/${userName}`,
    alphanumeric: (userName.split("@")[0] ?? "").toLowerCase().replaceAll(/[^a-z0-9]/g, "_"),
    aclPrincipalId: `${isPrincipal ? "servicePrincipals" : "users"}/${userName}`,
    workspaceUrl: client.host,
  };
}
