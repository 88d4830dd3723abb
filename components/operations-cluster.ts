import { Cluster } from "@pulumi/databricks/cluster.js";
import { getCluster } from "@pulumi/databricks/getCluster.js";
import { getNodeType } from "@pulumi/databricks/getNodeType.js";
import { getSparkVersion } from "@pulumi/databricks/getSparkVersion.js";
import type { Provider } from "@pulumi/databricks/provider.js";
import * as pulumi from "@pulumi/pulumi";

/** The cluster as an update left it; the stack keeps it as an output, and the next update reads it back. */
export interface DeployedOperationsCluster {
  readonly clusterId: string;
  /** How often it was made again after somebody had deleted it. */
  readonly generation: number;
  /** Absent where an earlier version left it. */
  readonly nodeType?: string;
  readonly sparkVersion?: string;
}

export interface OperationsClusterArgs {
  /** The workspace that the cluster is made in. */
  readonly provider: Provider;
  /** Default: the smallest that the workspace's region has. */
  readonly nodeType?: string;
  /** Databricks runtime. Default: the latest one with long-term support. */
  readonly sparkVersion?: string;
  /** Minutes without a command until it stops. Default 20. */
  readonly autoterminationMinutes?: number;
  readonly tags: Readonly<Record<string, string>>;
  /** The cluster as the stack's last update left it, to see whether somebody deleted it since; nothing on the first one. */
  readonly lastDeployed?: DeployedOperationsCluster;
}

/** The custom tag that tells the operations cluster from those that are copied; the replication knows it too. */
export const operationsTag = "databricks_dr_operations";

/**
 * The small cluster for work that has no REST API and needs a driver: mounts, table access control. It costs nothing
 * while nothing runs on it, and no job can run on it.
 */
export class OperationsCluster extends pulumi.ComponentResource {
  readonly clusterId: pulumi.Output<string>;
  /** To be given back as `lastDeployed` by the next update. */
  readonly deployed: pulumi.Output<DeployedOperationsCluster>;

  constructor(name: string, args: OperationsClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("databricks-dr:databricks:OperationsCluster", name, {}, opts);
    const generation = currentGeneration(this, args);
    const cluster = clusterOf(this, name, args, generation);
    this.clusterId = cluster.clusterId;
    const { clusterId, nodeTypeId: nodeType, sparkVersion } = cluster;
    this.deployed = pulumi.output({ clusterId, generation, nodeType, sparkVersion }) as typeof this.deployed;
    this.registerOutputs({ clusterId: this.clusterId, deployed: this.deployed });
  }
}

/**
 * An update without a refresh does not see that the cluster is gone, and an edit of it would fail. So the workspace is asked;
 * a generation more makes a new cluster in its place. Before there is a workspace there is none to ask.
 */
function currentGeneration(component: OperationsCluster, args: OperationsClusterArgs): pulumi.Output<number> {
  const { provider, lastDeployed: last } = args;
  if (!last?.clusterId) return pulumi.output(0);
  return provider.host.apply(async () => {
    if (!(await isGone(component, provider, last.clusterId))) return last.generation;
    void pulumi.log.warn(
      `the operations cluster, ${last.clusterId}, is not in the workspace any more: it is made again`,
      component,
    );
    return last.generation + 1;
  });
}

/** Only an answer that says so is taken for that: a workspace that cannot be asked now may have it. */
async function isGone(parent: OperationsCluster, provider: Provider, clusterId: string): Promise<boolean> {
  try {
    await getCluster({ clusterId }, { parent, provider });
    return false;
  } catch (error) {
    return error instanceof Error && error.message.includes(`Cluster ${clusterId} does not exist`);
  }
}

/**
 * What the workspace answers, or what it answered last: a question that fails does not end a run that needs no other answer. In
 * the first preview there is no workspace to ask.
 */
function answerOf(
  parent: OperationsCluster,
  provider: Provider,
  what: string,
  ask: () => Promise<{ readonly id: string }>,
  last: string | undefined,
): pulumi.Output<string> {
  return provider.host.apply(async () => {
    try {
      return (await ask()).id;
    } catch (error) {
      const why = (error as Error).message.replace(/^[\s\S]*?returned an error: /, "").split("\n")[0]!;
      if (last === undefined)
        throw new pulumi.RunError(`${what} for the operations cluster cannot be asked of the workspace: ${why}`);
      void pulumi.log.warn(`${what} for the operations cluster cannot be asked now, and stays ${last}: ${why}`, parent);
      return last;
    }
  });
}

function clusterOf(
  parent: OperationsCluster,
  name: string,
  args: OperationsClusterArgs,
  generation: pulumi.Output<number>,
): Cluster {
  const { provider, lastDeployed: last } = args;
  const invoke = { parent, provider };
  const smallest = () => getNodeType({}, invoke);
  const latest = () => getSparkVersion({ longTermSupport: true }, invoke);
  return new Cluster(
    `${name}-cluster`,
    {
      clusterName: "databricks-dr operations",
      nodeTypeId: args.nodeType ?? answerOf(parent, provider, "the smallest node type", smallest, last?.nodeType),
      sparkVersion: args.sparkVersion ?? answerOf(parent, provider, "the latest runtime", latest, last?.sparkVersion),
      autoterminationMinutes: args.autoterminationMinutes ?? 20,
      // A terminated cluster is forgotten after 30 days, unless it is pinned.
      isPinned: true,
      // Creating it starts it: there is no need to wait for that.
      noWait: true,
      // Single node: https://learn.microsoft.com/azure/databricks/compute/configure#single-node
      numWorkers: 0,
      sparkConf: { "spark.databricks.cluster.profile": "singleNode", "spark.master": "local[*, 4]" },
      customTags: {
        ...args.tags,
        ResourceClass: "SingleNode",
        [operationsTag]: generation.apply((number) => (number === 0 ? "true" : `true-${number}`)),
      },
      // dbutils.fs.mount is refused in the access modes of Unity Catalog.
      dataSecurityMode: "NONE",
      workloadType: { clients: { jobs: false, notebooks: true } },
    },
    // Deleting one that is gone is no error to the provider.
    { provider: args.provider, replaceOnChanges: [`customTags.${operationsTag}`], parent },
  );
}
