import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startSandbox, type Sandbox } from "../../sandbox/sandbox.js";
import { initializationFailure, ProviderInstance, secretOf, unknownValue, type Values } from "./engine-side.js";

const groupType = "azure-native:resources:ResourceGroup";
const accountType = "azure-native:storage:StorageAccount";
const securityGroupType = "azure-native:network:NetworkSecurityGroup";
const networkType = "azure-native:network:VirtualNetwork";
const subnetType = "azure-native:network:Subnet";
const workspaceType = "azure-native:databricks:Workspace";
const clusterType = "databricks:index/cluster:Cluster";
const scopeType = "databricks:index/secretScope:SecretScope";
const secretType = "databricks:index/secret:Secret";

let sandbox: Sandbox;
const ports = () =>
  Object.fromEntries(
    (sandbox.description.env.PULUMI_DEBUG_PROVIDERS ?? "")
      .split(",")
      .map((pair) => pair.split(":") as [string, string]),
  );

beforeAll(async () => {
  sandbox = await startSandbox({ provisioned: true, clusterStartMs: 60, clusterStopMs: 30, armOperationMs: 10 });
});
afterAll(() => sandbox.stop());

describe("azure-native", () => {
  let azure: ProviderInstance;
  beforeAll(async () => {
    azure = new ProviderInstance(Number(ports()["azure-native"]));
    await azure.configure({});
  });
  afterAll(() => azure.close());

  const make = async (
    type: string,
    name: string,
    given: Values,
  ): Promise<{ id: string; inputs: Values; outputs: Values }> => {
    const { inputs, failures } = await azure.check(type, name, given);
    expect(failures).toEqual([]);
    return { inputs, ...(await azure.create(type, name, inputs)) };
  };

  it("refuses a type and a function that it does not emulate, by name", async () => {
    await expect(azure.check("azure-native:keyvault:Vault", "v", {})).rejects.toThrow("azure-native:keyvault:Vault");
    await expect(azure.invoke("azure-native:keyvault:getVault")).rejects.toThrow("azure-native:keyvault:getVault");
  });

  it("names what has no name, the same again for the same seed and for the old name", async () => {
    const first = await azure.check(groupType, "team", { location: "westus" });
    expect(first.inputs.resourceGroupName).toMatch(/^team[0-9a-f]{8}$/);
    expect((await azure.check(groupType, "team", { location: "westus" })).inputs).toEqual(first.inputs);
    const kept = await azure.check(groupType, "team", {}, { resourceGroupName: "teamold" });
    expect(kept.inputs.resourceGroupName).toBe("teamold");
    expect(
      (await azure.check(subnetType, "public", { resourceGroupName: "g", virtualNetworkName: "v" })).inputs.subnetName,
    ).toBe("public");
  });

  it("lists every mistake of the inputs", async () => {
    const { failures } = await azure.check(accountType, "a", { colour: "red" });
    expect(failures).toEqual([
      "missing required property 'kind'",
      "missing required property 'resourceGroupName'",
      "missing required property 'sku'",
      `'colour' is no input of ${accountType}`,
    ]);
  });

  it("previews a creation: inputs as given, the rest unknown", async () => {
    const { id, outputs } = await azure.create(
      accountType,
      "a",
      { accountName: "previewed", location: "westus" },
      true,
    );
    expect(id).toBe("");
    expect(outputs).toMatchObject({ accountName: "previewed", location: "westus", primaryEndpoints: unknownValue });
  });

  it("creates, reads without drift, shows drift, updates, and deletes", async () => {
    const group = await make(groupType, "cycle", { resourceGroupName: "cycle", location: "eastus2" });
    const given = {
      resourceGroupName: "cycle",
      accountName: "cycleaccount",
      kind: "StorageV2",
      sku: { name: "Standard_RAGRS" },
      enableHttpsTrafficOnly: true,
    };
    const account = await make(accountType, "account", given);
    // The location comes from the group.
    expect(account.inputs.location).toBe("eastus2");
    expect(account.outputs).toMatchObject({
      name: "cycleaccount",
      secondaryLocation: "centralus",
      enableHttpsTrafficOnly: true,
      sku: { tier: "Standard" },
    });

    const unchanged = await azure.read(accountType, account.id, account);
    expect(unchanged.inputs).toEqual(account.inputs);

    await fetch(`${sandbox.description.arm.endpoint}${account.id}?api-version=2024-01-01`, {
      method: "PATCH",
      headers: { authorization: "Bearer test" },
      body: JSON.stringify({ sku: { name: "Standard_LRS" }, tags: { by: "hand" } }),
    });
    const drifted = await azure.read(accountType, account.id, account);
    expect(drifted.inputs).toMatchObject({ sku: { name: "Standard_LRS" }, tags: { by: "hand" } });

    const diff = await azure.diff(accountType, account.id, drifted.inputs, account.inputs);
    expect(diff).toMatchObject({ changes: true, replaces: [], paths: ["sku.name", "tags"] });
    const preview = await azure.update(accountType, account.id, drifted.outputs, account.inputs, true);
    expect(preview).toMatchObject({
      name: "cycleaccount",
      primaryEndpoints: unknownValue,
      sku: { name: "Standard_RAGRS" },
    });
    const updated = await azure.update(accountType, account.id, drifted.outputs, account.inputs);
    expect(updated).toMatchObject({ sku: { name: "Standard_RAGRS" }, secondaryLocation: "centralus" });

    await azure.delete(accountType, account.id);
    await azure.delete(accountType, account.id);
    expect((await azure.read(accountType, account.id, account)).id).toBe("");
    await azure.delete(groupType, group.id);
  });

  it("replaces where ARM cannot change, deleting first, and takes two spellings of a region for one", async () => {
    const old = { accountName: "a", location: "eastus2", sku: { name: "Standard_LRS" } };
    expect(await azure.diff(accountType, "id", old, { ...old, location: "East US 2" })).toMatchObject({
      changes: false,
    });
    const moved = await azure.diff(accountType, "id", old, { ...old, location: "westus" });
    expect(moved).toMatchObject({ replaces: ["location"], deleteBeforeReplace: true });
    expect(await azure.diff(accountType, "id", old, { ...old, location: "westus" }, ["location"])).toMatchObject({
      changes: false,
    });
  });

  it("does not take over what is there already", async () => {
    await make(groupType, "taken", { resourceGroupName: "taken", location: "westus" });
    await expect(azure.create(groupType, "taken", { resourceGroupName: "taken", location: "westus" })).rejects.toThrow(
      "cannot create already existing resource",
    );
  });

  it("says what ARM refused, in ARM's words", async () => {
    await make(groupType, "refused", { resourceGroupName: "refused", location: "westus" });
    const wrong = {
      resourceGroupName: "refused",
      accountName: "zonal1",
      location: "westus",
      kind: "StorageV2",
      sku: { name: "Standard_GZRS" },
    };
    await expect(azure.create(accountType, "a", wrong)).rejects.toThrow(
      /Status=400 Code="InvalidAccountType" Message="/,
    );
  });

  it("imports from an id alone", async () => {
    const group = await make(groupType, "imported", {
      resourceGroupName: "imported",
      location: "westus",
      tags: { a: "1" },
    });
    const read = await azure.read(groupType, group.id);
    expect(read.inputs).toEqual({ resourceGroupName: "imported", location: "westus", tags: { a: "1" } });
  });

  it("brings a workspace to life in its slot; a network's own subnets and rules are no drift", async () => {
    await make(groupType, "net", { resourceGroupName: "net", location: "westus" });
    const nsg = await make(securityGroupType, "nsg", { resourceGroupName: "net", networkSecurityGroupName: "nsg" });
    const vnet = await make(networkType, "vnet", {
      resourceGroupName: "net",
      virtualNetworkName: "vnet",
      addressSpace: { addressPrefixes: ["10.2.0.0/16"] },
    });
    for (const [index, subnetName] of ["public", "private"].entries())
      await make(subnetType, subnetName, {
        resourceGroupName: "net",
        virtualNetworkName: "vnet",
        subnetName,
        addressPrefix: `10.2.${index}.0/24`,
        networkSecurityGroup: { id: nsg.id },
        delegations: [{ name: "databricks", serviceName: "Microsoft.Databricks/workspaces" }],
      });
    const workspace = await make(workspaceType, "ws", {
      resourceGroupName: "net",
      workspaceName: "dr-secondary",
      sku: { name: "premium" },
      managedResourceGroupId: `${sandbox.arm.arm.subscription.path}/resourceGroups/net-managed`,
      parameters: {
        customVirtualNetworkId: { value: vnet.id },
        customPublicSubnetName: { value: "public" },
        customPrivateSubnetName: { value: "private" },
      },
      tags: { "databricks-dr:stack": "secondary" },
    });
    expect(workspace.outputs.workspaceUrl).toBe(sandbox.description.secondary.host);
    for (const [type, made] of [
      [securityGroupType, nsg],
      [networkType, vnet],
    ] as const) {
      const read = await azure.read(type, made.id, made);
      expect(read.inputs).toEqual(made.inputs);
      expect(read.outputs).not.toEqual(made.outputs);
    }
    // An update of the network that says nothing of subnets leaves them alone.
    await azure.update(networkType, vnet.id, vnet.outputs, { ...vnet.inputs, tags: { a: "1" } });
    expect((await azure.read(networkType, vnet.id, vnet)).outputs.subnets).toHaveLength(2);
  });

  it("answers its functions", async () => {
    const config = await azure.invoke("azure-native:authorization:getClientConfig");
    expect(config.subscriptionId).toBe(sandbox.description.arm.subscriptionId);
    await make(groupType, "functions", { resourceGroupName: "functions", location: "eastus2" });
    const args = { resourceGroupName: "functions", accountName: "functionsaccount" };
    await make(accountType, "a", { ...args, kind: "StorageV2", sku: { name: "Standard_RAGRS" } });
    const keys = await azure.invoke("azure-native:storage:listStorageAccountKeys", args);
    expect(keys.keys).toHaveLength(2);
    const account = await azure.invoke("azure-native:storage:getStorageAccount", {
      ...args,
      expand: "geoReplicationStats",
    });
    expect(account).toMatchObject({ sku: { name: "Standard_RAGRS" }, geoReplicationStats: { status: "Live" } });
    await expect(
      azure.invoke("azure-native:databricks:getWorkspace", { resourceGroupName: "functions", workspaceName: "none" }),
    ).rejects.toThrow("Status=404");
  });
});

describe("databricks", () => {
  let primary: ProviderInstance;
  let secondary: ProviderInstance;
  beforeAll(async () => {
    const port = Number(ports().databricks);
    primary = new ProviderInstance(port);
    secondary = new ProviderInstance(port);
    const { env, primary: one, secondary: other } = sandbox.description;
    const configFile = env.DATABRICKS_CONFIG_FILE;
    await primary.configure({ host: one.host, profile: "primary", configFile });
    await secondary.configure({ host: other.host, profile: "secondary", configFile });
  });
  afterAll(() => {
    primary.close();
    secondary.close();
  });

  const single = {
    clusterName: "operations",
    sparkVersion: "15.4.x-scala2.12",
    nodeTypeId: "Standard_D4ds_v5",
    numWorkers: 0,
    sparkConf: { "spark.databricks.cluster.profile": "singleNode", "spark.master": "local[*]" },
    customTags: { ResourceClass: "SingleNode" },
    autoterminationMinutes: 20,
    isPinned: true,
  };

  it("keeps the configurations of two instances apart", async () => {
    const { inputs } = await primary.check(scopeType, "only-here", { name: "only-here" });
    const { id } = await primary.create(scopeType, "only-here", inputs);
    expect((await primary.read(scopeType, id, { inputs, outputs: inputs })).id).toBe("only-here");
    expect((await secondary.read(scopeType, id, { inputs, outputs: inputs })).id).toBe("");
  });

  it("creates a cluster that runs, sees drift and no other, edits it, and deletes it for good", async () => {
    const { inputs, failures } = await primary.check(clusterType, "operations", single);
    expect(failures).toEqual([]);
    const cluster = await primary.create(clusterType, "operations", inputs);
    expect(cluster.outputs).toMatchObject({ state: "RUNNING", isPinned: true, clusterId: cluster.id });
    const made = { inputs, outputs: cluster.outputs };
    expect((await primary.read(clusterType, cluster.id, made)).inputs).toEqual(inputs);

    const { host, token } = sandbox.description.primary;
    const post = (path: string, body: unknown) =>
      fetch(`${host}/api/2.0/clusters/${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify(body),
      });
    await post("unpin", { cluster_id: cluster.id });
    const drifted = await primary.read(clusterType, cluster.id, made);
    expect(drifted.inputs).toEqual({ ...inputs, isPinned: false });
    const diff = await primary.diff(clusterType, cluster.id, drifted.inputs, { ...inputs, autoterminationMinutes: 30 });
    expect(diff).toMatchObject({
      replaces: [],
      paths: expect.arrayContaining(["isPinned", "autoterminationMinutes"]) as string[],
    });
    const updated = await primary.update(clusterType, cluster.id, drifted.outputs, {
      ...inputs,
      autoterminationMinutes: 30,
    });
    expect(updated).toMatchObject({ isPinned: true, autoterminationMinutes: 30 });

    await primary.delete(clusterType, cluster.id);
    expect((await primary.read(clusterType, cluster.id, made)).id).toBe("");
    await primary.delete(clusterType, cluster.id);
  });

  it("keeps the id of a cluster that was made and did not start", async () => {
    const { controls } = sandbox.workspace("primary").workspace;
    controls.launchFailure = "AZURE_QUOTA_EXCEEDED_EXCEPTION";
    const error: unknown = await primary
      .create(clusterType, "c", { ...single, isPinned: false })
      .catch((thrown: unknown) => thrown);
    controls.launchFailure = undefined;
    const failure = initializationFailure(error);
    expect(failure?.id).toMatch(/\S/);
    expect(failure?.reasons[0]).toContain("failed to reach RUNNING");
    await primary.delete(clusterType, failure?.id ?? "");
  });

  it("refuses a cluster of no workers that is no single node", async () => {
    const { failures } = await primary.check(clusterType, "c", { ...single, customTags: {} });
    expect(failures[0]).toContain("only for SingleNode clusters");
  });

  it("writes secrets and gives them back as secrets", async () => {
    const scope = await secondary.create(scopeType, "lake", { name: "lake" });
    const inputs = { scope: scope.id, key: "account-key", stringValue: secretOf("hidden") };
    const made = await secondary.create(secretType, "key", inputs);
    expect(made.id).toBe("lake|||account-key");
    expect(made.outputs).toMatchObject({
      configReference: "{{secrets/lake/account-key}}",
      stringValue: secretOf("hidden"),
    });
    const changed = await secondary.diff(secretType, made.id, inputs, { ...inputs, stringValue: secretOf("other") });
    expect(changed.replaces).toEqual(["stringValue"]);
    const read = await secondary.read(secretType, made.id, { inputs, outputs: made.outputs });
    expect(read.inputs.stringValue).toEqual(secretOf("hidden"));
    await secondary.delete(secretType, made.id);
    expect((await secondary.read(secretType, made.id, { inputs, outputs: made.outputs })).id).toBe("");
    await secondary.delete(scopeType, scope.id);
  });

  it("picks the smallest node type and the newest long-term runtime, and knows who it is", async () => {
    const type = await secondary.invoke("databricks:index/getNodeType:getNodeType", { localDisk: true });
    expect(type.id).toBe("Standard_F4s_v2");
    const memory = await secondary.invoke("databricks:index/getNodeType:getNodeType", { category: "Memory Optimized" });
    expect(memory.id).toBe("Standard_DS12_v2");
    const runtime = await secondary.invoke("databricks:index/getSparkVersion:getSparkVersion", {
      longTermSupport: true,
    });
    expect(runtime.id).toMatch(/^17\.3\.x-scala2\.1\d$/);
    const me = await secondary.invoke("databricks:index/getCurrentUser:getCurrentUser");
    expect(me).toMatchObject({ userName: "admin@example.com", home: "/Users/admin@example.com" });
    await expect(secondary.invoke("databricks:index/getSchemas:getSchemas")).rejects.toThrow("getSchemas");
  });
});
