import { Cluster } from "@pulumi/databricks/cluster.js";
import { getNodeTypeOutput } from "@pulumi/databricks/getNodeType.js";
import { getSparkVersionOutput } from "@pulumi/databricks/getSparkVersion.js";
import type { Provider } from "@pulumi/databricks/provider.js";
import * as pulumi from "@pulumi/pulumi";

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
}

/** The custom tag that tells the operations cluster from those that are copied; the replication knows it too. */
export const operationsTag = "databricks_dr_operations";

/**
 * The small cluster for work that has no REST API and needs a driver: mounts, table access control. It costs nothing
 * while nothing runs on it, and no job can run on it.
 */
export class OperationsCluster extends pulumi.ComponentResource {
  readonly clusterId: pulumi.Output<string>;

  constructor(name: string, args: OperationsClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("databricks-dr:databricks:OperationsCluster", name, {}, opts);
    const cluster = clusterOf(this, name, args);
    this.clusterId = cluster.clusterId;
    this.registerOutputs({ clusterId: this.clusterId });
  }
}

function clusterOf(parent: OperationsCluster, name: string, args: OperationsClusterArgs): Cluster {
  // In the first preview there is no workspace to ask yet: dependsOn makes the answers unknown then, instead of empty.
  const invoke = { parent, provider: args.provider, dependsOn: [args.provider] };
  return new Cluster(
    `${name}-cluster`,
    {
      clusterName: "databricks-dr operations",
      nodeTypeId: args.nodeType ?? getNodeTypeOutput({}, invoke).id,
      sparkVersion: args.sparkVersion ?? getSparkVersionOutput({ longTermSupport: true }, invoke).id,
      autoterminationMinutes: args.autoterminationMinutes ?? 20,
      // A terminated cluster is forgotten after 30 days, unless it is pinned.
      isPinned: true,
      // Creating it starts it: there is no need to wait for that.
      noWait: true,
      // Single node: https://learn.microsoft.com/azure/databricks/compute/configure#single-node
      numWorkers: 0,
      sparkConf: { "spark.databricks.cluster.profile": "singleNode", "spark.master": "local[*, 4]" },
      customTags: { ...args.tags, ResourceClass: "SingleNode", [operationsTag]: "true" },
      // dbutils.fs.mount is refused in the access modes of Unity Catalog.
      dataSecurityMode: "NONE",
      workloadType: { clients: { jobs: false, notebooks: true } },
    },
    { provider: args.provider, parent },
  );
}
