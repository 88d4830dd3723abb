import { NatGateway } from "@pulumi/azure-native/network/natGateway.js";
import { NetworkSecurityGroup } from "@pulumi/azure-native/network/networkSecurityGroup.js";
import { PublicIPAddress } from "@pulumi/azure-native/network/publicIPAddress.js";
import { Subnet } from "@pulumi/azure-native/network/subnet.js";
import { VirtualNetwork } from "@pulumi/azure-native/network/virtualNetwork.js";
import * as pulumi from "@pulumi/pulumi";
import { onceThere } from "./once-there.js";

export interface WorkspaceNetworkArgs {
  /** A change replaces the network, and the workspace in it. */
  readonly resourceGroupName: pulumi.Input<string>;
  /** Azure region. A change replaces the network, and the workspace in it. */
  readonly location: pulumi.Input<string>;
  /** Physical names; a change replaces the resource of that name. */
  readonly names: {
    readonly virtualNetwork: string;
    readonly networkSecurityGroup: string;
    readonly natGateway: string;
    readonly natAddress: string;
    readonly publicSubnet: string;
    readonly privateSubnet: string;
  };
  /** CIDR, /16 to /24. Azure refuses a change while a workspace is in the network. */
  readonly addressRange: pulumi.Input<string>;
  /** CIDR within `addressRange`, /26 or larger. Cannot change while a cluster runs. */
  readonly publicSubnetRange: pulumi.Input<string>;
  /** CIDR within `addressRange`, /26 or larger. Cannot change while a cluster runs. */
  readonly privateSubnetRange: pulumi.Input<string>;
  /** Whether a NAT gateway is the clusters' way out. False where the network gets another one. */
  readonly natGateway: boolean;
  readonly tags: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/** The network that a workspace is injected into: two subnets delegated to Databricks, and no public IP in them. */
export class WorkspaceNetwork extends pulumi.ComponentResource {
  readonly virtualNetworkId: pulumi.Output<string>;
  readonly publicSubnetName: pulumi.Output<string>;
  readonly privateSubnetName: pulumi.Output<string>;

  constructor(name: string, args: WorkspaceNetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("databricks-dr:network:WorkspaceNetwork", name, {}, opts);
    const securityGroup = securityGroupOf(this, name, args);
    const virtualNetwork = virtualNetworkOf(this, name, args);
    const wayOut = args.natGateway ? natGatewayOf(this, name, args) : undefined;
    const subnet = (role: "public" | "private", after: pulumi.Resource[]) =>
      delegatedSubnet(this, name, args, role, { virtualNetwork, securityGroup, wayOut, after });
    const publicSubnet = subnet("public", []);
    // One after the other: Azure refuses two changes of one virtual network at a time.
    const privateSubnet = subnet("private", [publicSubnet]);

    this.virtualNetworkId = virtualNetwork.id;
    this.publicSubnetName = onceThere(publicSubnet, args.names.publicSubnet);
    this.privateSubnetName = onceThere(privateSubnet, args.names.privateSubnet);
    this.registerOutputs({
      virtualNetworkId: this.virtualNetworkId,
      publicSubnetName: this.publicSubnetName,
      privateSubnetName: this.privateSubnetName,
    });
  }
}

/** Databricks puts its own rules in as soon as the subnets are delegated; they are left to it. */
function securityGroupOf(parent: WorkspaceNetwork, name: string, args: WorkspaceNetworkArgs): NetworkSecurityGroup {
  return new NetworkSecurityGroup(
    `${name}-nsg`,
    {
      networkSecurityGroupName: args.names.networkSecurityGroup,
      resourceGroupName: args.resourceGroupName,
      location: args.location,
      tags: args.tags,
    },
    // https://learn.microsoft.com/azure/databricks/security/network/classic/vnet-inject#network-security-group-rules
    { ignoreChanges: ["securityRules"], parent },
  );
}

function virtualNetworkOf(parent: WorkspaceNetwork, name: string, args: WorkspaceNetworkArgs): VirtualNetwork {
  return new VirtualNetwork(
    `${name}-vnet`,
    {
      virtualNetworkName: args.names.virtualNetwork,
      resourceGroupName: args.resourceGroupName,
      location: args.location,
      addressSpace: { addressPrefixes: [args.addressRange] },
      tags: args.tags,
    },
    // The subnets are resources of their own; listed here as well, each would undo the other's changes.
    { ignoreChanges: ["subnets"], parent },
  );
}

function natGatewayOf(parent: WorkspaceNetwork, name: string, args: WorkspaceNetworkArgs): NatGateway {
  const address = new PublicIPAddress(
    `${name}-nat-ip`,
    {
      publicIpAddressName: args.names.natAddress,
      resourceGroupName: args.resourceGroupName,
      location: args.location,
      sku: { name: "Standard" },
      publicIPAllocationMethod: "Static",
      tags: args.tags,
    },
    // The gateway that takes the address is written into it by Azure; after a refresh it would look like a drift.
    { ignoreChanges: ["natGateway"], parent },
  );
  return new NatGateway(
    `${name}-nat`,
    {
      natGatewayName: args.names.natGateway,
      resourceGroupName: args.resourceGroupName,
      location: args.location,
      sku: { name: "Standard" },
      publicIpAddresses: [{ id: address.id }],
      tags: args.tags,
    },
    { parent },
  );
}

interface SubnetSurroundings {
  readonly virtualNetwork: VirtualNetwork;
  readonly securityGroup: NetworkSecurityGroup;
  readonly wayOut: NatGateway | undefined;
  readonly after: pulumi.Resource[];
}

function delegatedSubnet(
  parent: WorkspaceNetwork,
  name: string,
  args: WorkspaceNetworkArgs,
  role: "public" | "private",
  { virtualNetwork, securityGroup, wayOut, after }: SubnetSurroundings,
): Subnet {
  return new Subnet(
    `${name}-${role}-subnet`,
    {
      subnetName: role === "public" ? args.names.publicSubnet : args.names.privateSubnet,
      resourceGroupName: args.resourceGroupName,
      virtualNetworkName: onceThere(virtualNetwork, args.names.virtualNetwork),
      addressPrefix: role === "public" ? args.publicSubnetRange : args.privateSubnetRange,
      networkSecurityGroup: { id: securityGroup.id },
      ...(wayOut ? { natGateway: { id: wayOut.id } } : {}),
      delegations: [{ name: "databricks", serviceName: "Microsoft.Databricks/workspaces" }],
    },
    { dependsOn: after, parent },
  );
}
