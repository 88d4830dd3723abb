import { Workspace } from "@pulumi/azure-native/databricks/workspace.js";
import * as pulumi from "@pulumi/pulumi";
import { asItWas } from "./once-there.js";

/** The workspace as an update left it; the stack keeps it as an output, and the next preview reads it back. */
export interface DeployedWorkspace {
  readonly host: string;
  readonly resourceId: string;
  /** Absent where an earlier version left it. */
  readonly workspaceId?: string;
}

export interface DatabricksWorkspaceArgs {
  /** A change replaces the workspace. */
  readonly resourceGroupName: pulumi.Input<string>;
  /** Id of the group that Databricks makes for itself; it must not exist. A change replaces the workspace. */
  readonly managedResourceGroupId: pulumi.Input<string>;
  /** 3 to 64 characters. A change replaces the workspace. */
  readonly workspaceName: pulumi.Input<string>;
  /** Azure region. A change replaces the workspace. */
  readonly location: pulumi.Input<string>;
  readonly sku: pulumi.Input<"premium" | "standard" | "trial">;
  /** The network that it is injected into. A change replaces the workspace. */
  readonly network: {
    readonly virtualNetworkId: pulumi.Input<string>;
    readonly publicSubnetName: pulumi.Input<string>;
    readonly privateSubnetName: pulumi.Input<string>;
  };
  /** Whether Pulumi refuses to delete or replace the workspace. */
  readonly protect: boolean;
  readonly tags: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** The workspace as the stack's last update left it; nothing on the first one. */
  readonly lastDeployed?: DeployedWorkspace;
}

/** An Azure Databricks workspace whose clusters run in our network and have no public IPs. */
export class DatabricksWorkspace extends pulumi.ComponentResource {
  /** `https://adb-….azuredatabricks.net` */
  readonly host: pulumi.Output<string>;
  /** The id that Databricks itself gives, in decimal digits. */
  readonly workspaceId: pulumi.Output<string>;
  /** The id in Azure Resource Manager. */
  readonly resourceId: pulumi.Output<string>;

  constructor(name: string, args: DatabricksWorkspaceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("databricks-dr:databricks:DatabricksWorkspace", name, {}, opts);
    const workspace = workspaceOf(this, name, args);
    const last = args.lastDeployed;
    const asLast = <T>(value: T | undefined) =>
      last && value !== undefined ? { isOf: (id: string) => id === last.resourceId, value } : undefined;
    this.host = asItWas(workspace, workspace.workspaceUrl.apply(withScheme), asLast(last?.host));
    this.workspaceId = asItWas(workspace, workspace.workspaceId, asLast(last?.workspaceId));
    this.resourceId = workspace.id;
    this.registerOutputs({ host: this.host, workspaceId: this.workspaceId, resourceId: this.resourceId });
  }
}

function workspaceOf(parent: DatabricksWorkspace, name: string, args: DatabricksWorkspaceArgs): Workspace {
  return new Workspace(
    `${name}-workspace`,
    {
      workspaceName: args.workspaceName,
      resourceGroupName: args.resourceGroupName,
      managedResourceGroupId: args.managedResourceGroupId,
      location: args.location,
      // Required by the API from 2026-01-01; the other mode, Serverless, has no clusters.
      computeMode: "Hybrid",
      sku: { name: args.sku },
      publicNetworkAccess: "Enabled",
      requiredNsgRules: "AllRules",
      parameters: {
        customVirtualNetworkId: { value: args.network.virtualNetworkId },
        customPublicSubnetName: { value: args.network.publicSubnetName },
        customPrivateSubnetName: { value: args.network.privateSubnetName },
        enableNoPublicIp: { value: true },
      },
      tags: args.tags,
    },
    {
      protect: args.protect,
      // Azure takes some minutes for either, and in a bad hour much longer.
      customTimeouts: { create: "60m", update: "60m", delete: "60m" },
      parent,
    },
  );
}

function withScheme(url: string): string {
  return /^https?:\/\//.test(url) ? url : `https://${url}`;
}
