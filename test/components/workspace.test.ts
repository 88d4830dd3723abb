import { Provider } from "@pulumi/databricks/provider.js";
import { describe, expect, it } from "vitest";
import { DatabricksWorkspace } from "../../components/databricks-workspace.js";
import { OperationsCluster, operationsTag, type OperationsClusterArgs } from "../../components/operations-cluster.js";
import { WorkspaceNetwork } from "../../components/workspace-network.js";
import { resourceNames } from "../../components/names.js";
import { operationsTag as replicationsOperationsTag } from "../../replication/inventory/marker.js";
import { runWithMocks } from "./mocks.js";

const names = resourceNames({ prefix: "dbdr", stack: "primary" });
const place = {
  resourceGroupName: names.resourceGroup,
  location: "eastus2",
  tags: { "databricks-dr:stack": "primary" },
};

describe("WorkspaceNetwork", () => {
  const run = (natGateway: boolean) =>
    runWithMocks(() => {
      const { virtualNetworkId, publicSubnetName, privateSubnetName } = new WorkspaceNetwork("net", {
        ...place,
        names,
        addressRange: "10.10.0.0/16",
        publicSubnetRange: "10.10.0.0/18",
        privateSubnetRange: "10.10.64.0/18",
        natGateway,
      });
      return { virtualNetworkId, publicSubnetName, privateSubnetName };
    });

  it("makes a network, a security group, two subnets and a way out", async () => {
    const { tree, outputs } = await run(true);
    expect(tree).toEqual([
      "azure-native:network:NatGateway net-nat < net",
      "azure-native:network:NetworkSecurityGroup net-nsg < net",
      "azure-native:network:PublicIPAddress net-nat-ip < net",
      "azure-native:network:Subnet net-private-subnet < net",
      "azure-native:network:Subnet net-public-subnet < net",
      "azure-native:network:VirtualNetwork net-vnet < net",
      "databricks-dr:network:WorkspaceNetwork net",
    ]);
    expect(outputs).toEqual({
      virtualNetworkId: "/subscriptions/0000/net-vnet",
      publicSubnetName: "databricks-public",
      privateSubnetName: "databricks-private",
    });
  });

  it.each(["public", "private"])("delegates the %s subnet to Databricks, behind the security group", async (role) => {
    const { inputs } = (await run(true)).resource("azure-native:network:Subnet", `net-${role}-subnet`);
    expect(inputs).toMatchObject({
      virtualNetworkName: "dbdr-primary-vnet",
      networkSecurityGroup: { id: "/subscriptions/0000/net-nsg" },
      natGateway: { id: "/subscriptions/0000/net-nat" },
      delegations: [{ serviceName: "Microsoft.Databricks/workspaces" }],
    });
  });

  it("leaves the way out to others when told so", async () => {
    const { tree, resource } = await run(false);
    expect(tree.filter((line) => /Nat|PublicIP/.test(line))).toEqual([]);
    expect(resource("azure-native:network:Subnet").inputs).not.toHaveProperty("natGateway");
  });

  it("leaves Databricks' own rules and the subnets to those who made them", async () => {
    const { resource } = await run(false);
    expect(resource("azure-native:network:NetworkSecurityGroup").options.ignoreChanges).toEqual(["securityRules"]);
    expect(resource("azure-native:network:VirtualNetwork").options.ignoreChanges).toEqual(["subnets"]);
  });
});

describe("DatabricksWorkspace", () => {
  const run = (workspaceUrl: string) =>
    runWithMocks(
      () => {
        const { host, workspaceId, resourceId } = new DatabricksWorkspace("dbw", {
          ...place,
          managedResourceGroupId: `/subscriptions/0000/resourceGroups/${names.managedResourceGroup}`,
          workspaceName: names.workspace,
          sku: "premium",
          network: { virtualNetworkId: "/vnet", publicSubnetName: "pub", privateSubnetName: "priv" },
          protect: true,
        });
        return { host, workspaceId, resourceId };
      },
      { outputs: { "azure-native:databricks:Workspace": { workspaceUrl, workspaceId: "12345678901234567" } } },
    );

  it("injects a premium workspace without public IPs, protected and with time to come up", async () => {
    const { inputs, options, parent } = (await run("adb-1.2.azuredatabricks.net")).resource(
      "azure-native:databricks:Workspace",
    );
    expect(parent).toBe("dbw");
    expect(inputs).toMatchObject({
      workspaceName: "dbdr-primary-dbw",
      managedResourceGroupId: "/subscriptions/0000/resourceGroups/dbdr-primary-databricks-rg",
      computeMode: "Hybrid",
      sku: { name: "premium" },
      parameters: {
        customVirtualNetworkId: { value: "/vnet" },
        customPublicSubnetName: { value: "pub" },
        customPrivateSubnetName: { value: "priv" },
        enableNoPublicIp: { value: true },
      },
      tags: { "databricks-dr:stack": "primary" },
    });
    expect(options.protect).toBe(true);
    expect(options.customTimeouts).toEqual({ create: "60m", update: "60m", delete: "60m" });
  });

  it.each([
    ["adb-1.2.azuredatabricks.net", "https://adb-1.2.azuredatabricks.net"],
    ["http://127.0.0.1:8443", "http://127.0.0.1:8443"],
  ])("reached at %s, has the host %s", async (url, host) => {
    expect((await run(url)).outputs).toEqual({
      host,
      workspaceId: "12345678901234567",
      resourceId: "/subscriptions/0000/dbw-workspace",
    });
  });
});

describe("OperationsCluster", () => {
  const asked: string[] = [];
  const run = (changes: Partial<OperationsClusterArgs> = {}) =>
    runWithMocks(
      () => {
        const provider = new Provider("dbx", { host: "https://adb-1.2.azuredatabricks.net" });
        const { clusterId } = new OperationsCluster("ops", { provider, tags: place.tags, ...changes });
        return { clusterId };
      },
      {
        outputs: { "databricks:index/cluster:Cluster": { clusterId: "0101-000000-abcdefgh" } },
        invokes: {
          "databricks:index/getCluster:getCluster": ({ clusterId }) => {
            if (clusterId === "gone") throw new Error("cannot read cluster: Cluster gone does not exist");
            if (clusterId === "unknown") throw new Error("cannot read cluster: PERMISSION_DENIED");
            return { clusterId };
          },
          "databricks:index/getNodeType:getNodeType": () => (asked.push("node type"), { id: "Standard_F4" }),
          "databricks:index/getSparkVersion:getSparkVersion": (args) => (
            asked.push(`LTS ${String(args["longTermSupport"])}`),
            { id: "16.4.x-scala2.12" }
          ),
        },
      },
    );
  const cluster = "databricks:index/cluster:Cluster";

  it("is one small node that stops by itself, is never forgotten, and takes no job", async () => {
    asked.length = 0;
    const { resource, outputs } = await run();
    expect(asked.sort()).toEqual(["LTS true", "node type"]);
    expect(resource(cluster).inputs).toMatchObject({
      nodeTypeId: "Standard_F4",
      sparkVersion: "16.4.x-scala2.12",
      numWorkers: 0,
      autoterminationMinutes: 20,
      isPinned: true,
      workloadType: { clients: { jobs: false, notebooks: true } },
      customTags: {
        ResourceClass: "SingleNode",
        [operationsTag]: "true",
        "databricks-dr:stack": "primary",
      },
    });
    expect(outputs).toEqual({ clusterId: "0101-000000-abcdefgh" });
  });

  it.each([
    ["there", 0, 0],
    ["gone", 0, 1],
    ["gone", 1, 2],
    ["unknown", 3, 3],
  ])("whose last one is %s, of generation %d, is of generation %d", async (clusterId, before, now) => {
    const { resource, warnings } = await run({ lastDeployed: { clusterId, generation: before } });
    expect(resource(cluster).inputs["customTags"]).toMatchObject({
      [operationsTag]: now === 0 ? "true" : `true-${now}`,
    });
    expect(resource(cluster).options.replaceOnChanges).toEqual([`customTags.${operationsTag}`]);
    expect(warnings).toHaveLength(now - before);
  });

  it("has the tag by which the replication leaves it out", () => {
    expect(operationsTag).toBe(replicationsOperationsTag);
  });

  it("is made in the workspace of the provider that it is given", async () => {
    const { resource } = await run();
    expect(resource(cluster).parent).toBe("ops");
    expect(resource(cluster).options.provider).toBeInstanceOf(Provider);
  });

  it("asks nothing that it is told", async () => {
    asked.length = 0;
    const { resource } = await run({
      nodeType: "Standard_D4s_v5",
      sparkVersion: "15.4.x-scala2.12",
      autoterminationMinutes: 10,
    });
    expect(asked).toEqual([]);
    expect(resource(cluster).inputs).toMatchObject({
      nodeTypeId: "Standard_D4s_v5",
      sparkVersion: "15.4.x-scala2.12",
      autoterminationMinutes: 10,
    });
  });
});
