import { describe, expect, it } from "vitest";
import { GeoStorage, type GeoStorageArgs } from "../../components/geo-storage.js";
import { runWithMocks } from "./mocks.js";

const args: GeoStorageArgs = {
  resourceGroupName: "dbdr-primary-rg",
  location: "eastus2",
  accountName: "dbdrprimary0000000",
  sku: "Standard_RAGRS",
  onFailover: "accept",
  peerLocation: "centralus",
  hierarchicalNamespace: true,
  sharedKeyAccess: false,
  softDeleteDays: 14,
  containers: ["data", "logs"],
  protect: true,
  tags: { "databricks-dr:stack": "primary" },
};
const lastDeployed = {
  account: "dbdrprimary0000000",
  resourceGroup: "dbdr-primary-rg",
  sku: "Standard_RAGRS",
  location: "eastus2",
  peerLocation: "centralus",
};
const accountType = "azure-native:storage:StorageAccount";
const accountOutputs = {
  primaryEndpoints: { blob: "https://a.blob.core.windows.net/", dfs: "https://a.dfs.core.windows.net/" },
  secondaryEndpoints: {
    blob: "https://a-secondary.blob.core.windows.net/",
    dfs: "https://a-secondary.dfs.core.windows.net/",
  },
};

function run(changes: Partial<GeoStorageArgs> = {}, actual?: { sku: string; primaryLocation?: string } | Error) {
  const program = () => {
    const { deployed, primaryEndpoints, secondaryEndpoints } = new GeoStorage("store", { ...args, ...changes });
    return { deployed, primaryEndpoints, secondaryEndpoints };
  };
  return runWithMocks(program, {
    outputs: { [accountType]: accountOutputs },
    invokes: {
      "azure-native:storage:getStorageAccount": () => {
        if (actual instanceof Error) throw actual;
        return { sku: { name: actual?.sku }, primaryLocation: actual?.primaryLocation ?? "eastus2" };
      },
    },
  });
}

describe("GeoStorage", () => {
  it("makes an account, soft delete and containers, each below the component", async () => {
    expect((await run()).tree).toEqual([
      "azure-native:storage:BlobContainer store-container-data < store",
      "azure-native:storage:BlobContainer store-container-logs < store",
      "azure-native:storage:BlobServiceProperties store-blobs < store",
      "azure-native:storage:StorageAccount store-account < store",
      "databricks-dr:storage:GeoStorage store",
    ]);
  });

  it("makes the account geo-redundant and closed", async () => {
    const { inputs, options } = (await run()).resource(accountType);
    expect(inputs).toMatchObject({
      accountName: "dbdrprimary0000000",
      kind: "StorageV2",
      sku: { name: "Standard_RAGRS" },
      minimumTlsVersion: "TLS1_2",
      enableHttpsTrafficOnly: true,
      allowBlobPublicAccess: false,
      allowSharedKeyAccess: false,
      tags: { "databricks-dr:stack": "primary" },
    });
    expect(options.protect).toBe(true);
  });

  it("gives out both endpoints, and what the next update reads back", async () => {
    expect((await run()).outputs).toEqual({ deployed: lastDeployed, ...accountOutputs });
  });

  it("protects nothing when told so", async () => {
    expect((await run()).resources.some(({ options }) => options.protect)).toBe(true);
    expect((await run({ protect: false })).resources.some(({ options }) => options.protect)).toBe(false);
  });

  it("keeps deleted blobs and containers for the days it is given, and none for 0", async () => {
    const kept = (await run()).resource("azure-native:storage:BlobServiceProperties").inputs;
    expect(kept).toMatchObject({
      deleteRetentionPolicy: { enabled: true, days: 14 },
      containerDeleteRetentionPolicy: { days: 14 },
    });
    const none = (await run({ softDeleteDays: 0 })).resource("azure-native:storage:BlobServiceProperties").inputs;
    expect(none["deleteRetentionPolicy"]).toEqual({ enabled: false });
  });
});

describe("the region pair", () => {
  it("is no matter when it is the peer's region", async () => {
    expect((await run()).warnings).toEqual([]);
    expect((await run({ peerLocation: "Central US" })).warnings).toEqual([]);
  });

  it("is warned of when it is another region, with ways out", async () => {
    const { warnings } = await run({ peerLocation: "westus" });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("kept in Central US, which Azure pairs with East US 2, and never in West US");
    expect(warnings[0]).toContain("location centralus there, peerLocation centralus here");
  });

  it("is warned of when it is news: once, and when the configuration changed what it is about", async () => {
    const before = { ...lastDeployed, peerLocation: "westus" };
    const news = async (changes: Partial<GeoStorageArgs>, actual = "Standard_RAGRS") => {
      const { warnings } = await run({ peerLocation: "westus", ...changes }, { sku: actual });
      return warnings.some((text) => text.includes("kept in Central US"));
    };
    expect(await news({ lastDeployed: before })).toBe(false);
    expect(await news({ lastDeployed: { ...before, peerLocation: "westus3" } })).toBe(true);
    expect(await news({ lastDeployed: { ...before, location: "centralus" } })).toBe(true);
    expect(await news({ lastDeployed: before, sku: "Standard_RAGZRS" })).toBe(true);
    const { location: _none, ...ofAnOlderVersion } = before;
    expect(await news({ lastDeployed: ofAnOlderVersion })).toBe(true);
    expect(await news({ lastDeployed: { ...before, sku: "Standard_LRS" } }, "Standard_LRS")).toBe(false);
  });
});

describe("a failover since the last update", () => {
  it("is not looked for before the first one", async () => {
    const { resources, warnings } = await run({}, new Error("must not be asked"));
    expect(resources.find(({ type }) => type === accountType)?.inputs["sku"]).toEqual({ name: "Standard_RAGRS" });
    expect(warnings).toEqual([]);
  });

  it("leaves a geo-redundant account as config says", async () => {
    const { resource, warnings } = await run({ lastDeployed, sku: "Standard_GZRS" }, { sku: "Standard_RAGRS" });
    expect(resource(accountType).inputs["sku"]).toEqual({ name: "Standard_GZRS" });
    expect(warnings).toEqual([]);
  });

  it("is accepted, and warned of", async () => {
    const { resource, warnings } = await run({ lastDeployed }, { sku: "Standard_LRS" });
    expect(resource(accountType).inputs["sku"]).toEqual({ name: "Standard_LRS" });
    expect(warnings.join()).toContain("is Standard_LRS now, and config says Standard_RAGRS");
    expect(warnings.join()).toContain("onStorageFailover restore");
  });

  it("is undone when config says restore, and warned of", async () => {
    const { resource, warnings } = await run({ lastDeployed, onFailover: "restore" }, { sku: "Standard_LRS" });
    expect(resource(accountType).inputs["sku"]).toEqual({ name: "Standard_RAGRS" });
    expect(warnings.join()).toContain("sets Standard_RAGRS again");
  });

  it("that swapped the regions is told of, and the location is not fought", async () => {
    const { resource, warnings } = await run({ lastDeployed }, { sku: "Standard_RAGRS", primaryLocation: "centralus" });
    expect(resource(accountType).inputs["location"]).toBe("eastus2");
    expect(warnings.join()).toContain("written in Central US now");
  });

  it("cannot be seen when the account cannot be read: then nothing is changed on a guess", async () => {
    const left = { ...lastDeployed, sku: "Standard_LRS" };
    const { resource, warnings } = await run({ lastDeployed: left }, new Error("503 try later"));
    expect(resource(accountType).inputs["sku"]).toEqual({ name: "Standard_LRS" });
    expect(warnings.join()).toContain("cannot be read; its SKU is left at Standard_LRS");
  });
});
