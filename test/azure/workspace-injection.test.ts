import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ArmUnderTest } from "./arm-requests.js";

describe("a Databricks workspace in a network of ours", () => {
  let arm: ArmUnderTest;
  let group: string;
  let count = 0;
  beforeAll(async () => {
    arm = await ArmUnderTest.start();
  });
  afterAll(() => arm.stop());

  const network = () => `${group}/providers/Microsoft.Network/virtualNetworks/vnet`;
  const nsg = () => `${group}/providers/Microsoft.Network/networkSecurityGroups/nsg`;
  const workspacePath = () => `${group}/providers/Microsoft.Databricks/workspaces/dbw`;
  const subnet = (prefix: string, more = {}) => ({
    properties: {
      addressPrefix: prefix,
      networkSecurityGroup: { id: nsg() },
      delegations: [{ name: "databricks", properties: { serviceName: "Microsoft.Databricks/workspaces" } }],
      ...more,
    },
  });
  const workspace = (parameters = {}) => ({
    location: "eastus2",
    sku: { name: "premium" },
    tags: { "databricks-dr:stack": "primary" },
    properties: {
      managedResourceGroupId: `${arm.scope}/resourceGroups/managed-${count}`,
      parameters: {
        customVirtualNetworkId: { value: network() },
        customPublicSubnetName: { value: "public" },
        customPrivateSubnetName: { value: "private" },
        enableNoPublicIp: { value: true },
        ...parameters,
      },
    },
  });

  beforeEach(async () => {
    group = (await arm.group(`injection-${++count}`)).body.id as string;
    await arm.settle("PUT", nsg(), { location: "eastus2" });
    const space = { addressSpace: { addressPrefixes: ["10.1.0.0/16"] } };
    await arm.settle("PUT", network(), { location: "eastus2", properties: space });
    await arm.settle("PUT", `${network()}/subnets/public`, subnet("10.1.0.0/24"));
    await arm.settle("PUT", `${network()}/subnets/private`, subnet("10.1.1.0/24"));
  });

  it("comes to life when its creation has succeeded, and ends with its deletion", async () => {
    const created = await arm.send("PUT", workspacePath(), workspace());
    expect([created.status, created.body.properties.provisioningState]).toEqual([201, "Accepted"]);
    expect(created.body.properties.workspaceUrl).toBeUndefined();
    const poll = new URL(created.headers.get("azure-asyncoperation") ?? "").pathname;
    expect((await arm.send("GET", poll)).body.status).toBe("InProgress");
    arm.clock.advance(60_000);
    await arm.arm.arm.operations.settled();
    expect((await arm.send("GET", poll)).body.status).toBe("Succeeded");
    const { body: living } = await arm.send("GET", workspacePath());
    expect(living.properties).toMatchObject({ workspaceUrl: "http://dbw.test", workspaceId: "42" });
    expect(living.properties.parameters.enableNoPublicIp).toEqual({ type: "Bool", value: true });
    const managed = await arm.send("GET", `${arm.scope}/resourceGroups/managed-${count}`);
    expect(managed.body.managedBy).toBe(living.id);

    await arm.settle("DELETE", workspacePath());
    expect(arm.removed.at(-1)).toBe("dbw");
    expect((await arm.send("GET", workspacePath())).body.error.code).toBe("ResourceNotFound");
    expect((await arm.send("GET", `${arm.scope}/resourceGroups/managed-${count}`)).status).toBe(404);
  });

  it.each([
    [
      "a network that is not there",
      { customVirtualNetworkId: { value: "/subscriptions/x" } },
      "LinkedInvalidPropertyId",
    ],
    ["a subnet that is not there", { customPublicSubnetName: { value: "none" } }, "SubnetIsNotWithinVnetError"],
    ["one subnet for both", { customPublicSubnetName: { value: "private" } }, "InvalidWorkspaceParameters"],
    ["half of the parameters", { customVirtualNetworkId: undefined }, "InvalidWorkspaceParameters"],
  ])("refuses %s", async (_case, parameters, code) => {
    const answer = await arm.send("PUT", workspacePath(), workspace(parameters));
    expect([answer.status, answer.body.error.code]).toEqual([400, code]);
  });

  it("refuses a subnet that is not delegated, or has no security group, or is in another region", async () => {
    await arm.settle("PUT", `${network()}/subnets/bare`, subnet("10.1.2.0/24", { delegations: [] }));
    const bare = await arm.send("PUT", workspacePath(), workspace({ customPublicSubnetName: { value: "bare" } }));
    expect(bare.body.error.code).toBe("SubnetDelegationMissing");
    await arm.settle("PUT", `${network()}/subnets/open`, subnet("10.1.3.0/24", { networkSecurityGroup: undefined }));
    const open = await arm.send("PUT", workspacePath(), workspace({ customPublicSubnetName: { value: "open" } }));
    expect(open.body.error.code).toBe("SubnetNetworkSecurityGroupMissing");
    const far = await arm.send("PUT", workspacePath(), { ...workspace(), location: "westus" });
    expect(far.body.error.code).toBe("InvalidVirtualNetworkLocation");
  });

  it("holds its subnets, puts its rules into the security group, and takes them out again", async () => {
    await arm.settle("PUT", workspacePath(), workspace());
    for (const path of [`${network()}/subnets/public`, network()])
      expect((await arm.send("DELETE", path)).body.error.code).toBe("InUseSubnetCannotBeDeleted");
    expect((await arm.send("DELETE", nsg())).body.error.code).toBe("InUseNetworkSecurityGroupCannotBeDeleted");
    const rules = async () => (await arm.send("GET", nsg())).body.properties.securityRules as { name: string }[];
    expect((await rules()).map((rule) => rule.name)).toContain(
      "Microsoft.Databricks-workspaces_UseOnly_databricks-worker-to-worker-inbound",
    );
    // A PUT that does not list them does not remove them.
    await arm.settle("PUT", nsg(), { location: "eastus2", properties: { securityRules: [] } });
    expect(await rules()).toHaveLength(5);
    const bare = subnet("10.1.0.0/24", { delegations: [] });
    expect((await arm.send("PUT", `${network()}/subnets/public`, bare)).body.error.code).toBe(
      "SubnetMissingRequiredDelegation",
    );
    const moved = await arm.send(
      "PUT",
      workspacePath(),
      workspace({ customVirtualNetworkId: { value: `${network()}2` } }),
    );
    expect(moved.body.error.code).toBe("VirtualNetworkIdChangeNotAllowed");

    await arm.settle("DELETE", workspacePath());
    expect(await rules()).toEqual([]);
    expect((await arm.send("DELETE", `${network()}/subnets/public`)).status).toBe(202);
  });

  it("refuses subnets that overlap, leave the network's range, or change two at a time", async () => {
    const put = (name: string, prefix: string) => arm.send("PUT", `${network()}/subnets/${name}`, subnet(prefix));
    expect((await put("overlap", "10.1.0.128/25")).body.error.code).toBe("NetcfgSubnetRangesOverlap");
    expect((await put("outside", "10.2.0.0/24")).body.error.code).toBe("NetcfgInvalidSubnet");
    expect((await put("crooked", "10.1.4.1/24")).body.error.code).toBe("InvalidCIDRNotation");
    expect((await put("first", "10.1.5.0/24")).status).toBe(201);
    const second = await put("second", "10.1.6.0/24");
    expect([second.status, second.body.error.code]).toEqual([429, "AnotherOperationInProgress"]);
    arm.clock.advance(60_000);
  });

  it("needs its way out in the same region, and keeps it while it is in use", async () => {
    const address = `${group}/providers/Microsoft.Network/publicIPAddresses/ip`;
    const gateway = `${group}/providers/Microsoft.Network/natGateways/nat`;
    const dynamic = {
      location: "eastus2",
      sku: { name: "Standard" },
      properties: { publicIPAllocationMethod: "Dynamic" },
    };
    expect((await arm.send("PUT", address, dynamic)).body.error.code).toBe("StandardSkuPublicIPAddressMustBeStatic");
    await arm.settle("PUT", address, { ...dynamic, properties: { publicIPAllocationMethod: "Static" } });
    const nat = {
      location: "eastus2",
      sku: { name: "Standard" },
      properties: { publicIpAddresses: [{ id: address }] },
    };
    await arm.settle("PUT", gateway, nat);
    await arm.settle("PUT", `${network()}/subnets/public`, subnet("10.1.0.0/24", { natGateway: { id: gateway } }));
    expect((await arm.send("DELETE", address)).body.error.code).toBe("PublicIPAddressCannotBeDeleted");
    expect((await arm.send("DELETE", gateway)).body.error.code).toBe("InUseNatGatewayCannotBeDeleted");
  });
});
