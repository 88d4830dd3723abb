import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ArmUnderTest } from "./arm-requests.js";

describe("storage accounts", () => {
  let arm: ArmUnderTest;
  let accounts: string;
  beforeAll(async () => {
    arm = await ArmUnderTest.start();
    accounts = `${(await arm.group("storage")).body.id}/providers/Microsoft.Storage/storageAccounts`;
  });
  afterAll(() => arm.stop());

  const body = (sku: string, location = "eastus2", properties = {}) => ({
    location,
    kind: "StorageV2",
    sku: { name: sku },
    properties,
  });

  it("is created asynchronously and knows both regions and both endpoints", async () => {
    const accepted = await arm.send("PUT", `${accounts}/geoone`, body("Standard_RAGRS"));
    expect([accepted.status, accepted.text]).toEqual([202, ""]);
    const result = new URL(accepted.headers.get("location") ?? "").pathname;
    arm.clock.advance(60_000);
    const { body: account } = await arm.send("GET", result);
    expect(account.properties).toMatchObject({
      provisioningState: "Succeeded",
      primaryLocation: "eastus2",
      secondaryLocation: "centralus",
      statusOfPrimary: "available",
      primaryEndpoints: { blob: "https://geoone.blob.core.windows.net/" },
      secondaryEndpoints: { blob: "https://geoone-secondary.blob.core.windows.net/" },
    });
  });

  it.each([
    ["westus", "eastus"],
    ["eastus2", "centralus"],
  ])("keeps the copy of %s in %s", async (location, pair) => {
    const account = await arm.settle("PUT", `${accounts}/pair${location}`, body("Standard_GRS", location));
    expect(account.body.properties.secondaryLocation).toBe(pair);
    expect(account.body.properties.secondaryEndpoints).toBeUndefined();
  });

  it.each([
    ["Bad-Name", body("Standard_LRS"), "AccountNameInvalid"],
    ["ab", body("Standard_LRS"), "AccountNameInvalid"],
    ["badsku", body("Standard_FAST"), "InvalidAccountType"],
    ["zonesinwestus", body("Standard_RAGZRS", "westus"), "InvalidAccountType"],
    ["nopair", body("Standard_GRS", "italynorth"), "InvalidAccountType"],
    ["badkind", { ...body("Standard_LRS"), kind: "Shoebox" }, "InvalidValuesForRequestParameters"],
    ["nolocation", { ...body("Standard_LRS"), location: undefined }, "LocationRequired"],
    ["nfsgeo", body("Standard_GRS", "eastus2", { isNfsV3Enabled: true }), "InvalidAccountType"],
  ])("refuses %s with %o", async (name, request, code) => {
    const answer = await arm.send("PUT", `${accounts}/${name}`, request);
    expect([answer.status, answer.body.error.code]).toEqual([400, code]);
  });

  it("takes a name once in all of Azure", async () => {
    await arm.settle("PUT", `${accounts}/unique1`, body("Standard_LRS"));
    const other = (await arm.group("elsewhere")).body.id as string;
    const again = `${other}/providers/Microsoft.Storage/storageAccounts/unique1`;
    expect((await arm.send("PUT", again, body("Standard_LRS"))).body.error.code).toBe("StorageAccountAlreadyTaken");
    const check = `${arm.scope}/providers/Microsoft.Storage/checkNameAvailability`;
    const taken = await arm.send("POST", check, { name: "unique1", type: "Microsoft.Storage/storageAccounts" });
    expect(taken.body).toMatchObject({ nameAvailable: false, reason: "AlreadyExists" });
    expect((await arm.send("POST", check, { name: "free1" })).body).toEqual({ nameAvailable: true });
  });

  it("lets redundancy change, and not location, tier or the hierarchical namespace", async () => {
    const path = `${accounts}/changing`;
    await arm.settle("PUT", path, body("Standard_LRS"));
    const grown = await arm.send("PUT", path, body("Standard_RAGRS"));
    expect(grown.body.properties.secondaryEndpoints.dfs).toBe("https://changing-secondary.dfs.core.windows.net/");
    expect((await arm.send("PUT", path, body("Standard_LRS", "westus"))).body.error.code).toBe(
      "InvalidResourceLocation",
    );
    expect((await arm.send("PUT", path, body("Premium_LRS"))).status).toBe(409);
    const hns = await arm.send("PATCH", path, { properties: { isHnsEnabled: true } });
    expect(hns.status).toBe(400);
  });

  it("gives two different keys, the same each time", async () => {
    await arm.settle("PUT", `${accounts}/keyed`, body("Standard_LRS"));
    const first = (await arm.send("POST", `${accounts}/keyed/listKeys`)).body.keys;
    expect(first.map((key: { keyName: string }) => key.keyName)).toEqual(["key1", "key2"]);
    expect(first[0].value).not.toBe(first[1].value);
    expect((await arm.send("POST", `${accounts}/keyed/listKeys`)).body.keys).toEqual(first);
  });

  it("keeps soft delete and containers, public access refused", async () => {
    const path = `${accounts}/blobs`;
    await arm.settle("PUT", path, body("Standard_LRS"));
    const soft = { deleteRetentionPolicy: { enabled: true, days: 14 } };
    const service = await arm.send("PUT", `${path}/blobServices/default`, { properties: soft });
    expect(service.body.properties).toMatchObject(soft);
    const never = { properties: { deleteRetentionPolicy: { enabled: true, days: 0 } } };
    expect((await arm.send("PUT", `${path}/blobServices/default`, never)).status).toBe(400);
    const containers = `${path}/blobServices/default/containers`;
    expect((await arm.send("PUT", `${containers}/data`, {})).status).toBe(201);
    expect((await arm.send("PUT", `${containers}/Data`, {})).body.error.code).toBe("InvalidContainerName");
    const open = await arm.send("PUT", `${containers}/open`, { properties: { publicAccess: "Blob" } });
    expect(open.body.error.code).toBe("PublicAccessNotPermitted");
    expect((await arm.send("GET", containers)).body.value).toHaveLength(1);
    expect((await arm.send("DELETE", `${containers}/data`)).status).toBe(200);
    expect((await arm.send("GET", `${containers}/data`)).body.error.code).toBe("ContainerNotFound");
  });

  it("tells the Last Sync Time on request, and by the secondary's blob endpoint only", async () => {
    const path = `${accounts}/lagging`;
    await arm.settle("PUT", path, body("Standard_RAGRS"));
    arm.clock.advance(60 * 60_000);
    arm.arm.arm.geoReplicationLagMs = 10 * 60_000;
    const plain = await arm.send("GET", path);
    expect(plain.body.properties.geoReplicationStats).toBeUndefined();
    const expanded = await arm.send("GET", path, undefined, "api-version=2024-01-01&$expand=geoReplicationStats");
    const stats = expanded.body.properties.geoReplicationStats;
    expect(stats).toMatchObject({ status: "Live", canFailover: true, postFailoverRedundancy: "Standard_LRS" });
    expect(arm.clock.now() - Date.parse(stats.lastSyncTime)).toBeGreaterThanOrEqual(10 * 60_000);
    expect(arm.clock.now() - Date.parse(stats.lastSyncTime)).toBeLessThan(11 * 60_000);

    const query = "restype=service&comp=stats";
    const secondary = await arm.send("GET", "/blob/lagging-secondary/", undefined, query);
    expect(secondary.text).toMatch(/<Status>live<\/Status><LastSyncTime>.* GMT<\/LastSyncTime>/);
    const primary = await arm.send("GET", "/blob/lagging/", undefined, query);
    expect([primary.status, primary.headers.get("x-ms-error-code")]).toEqual([400, "InvalidQueryParameterValue"]);
  });

  it("has no Last Sync Time where there is no second copy", async () => {
    await arm.settle("PUT", `${accounts}/single`, body("Standard_LRS"));
    const query = "api-version=2024-01-01&$expand=geoReplicationStats";
    const answer = await arm.send("GET", `${accounts}/single`, undefined, query);
    expect([answer.status, answer.body.error.code]).toEqual([400, "InvalidAccountType"]);
  });

  describe("failover", () => {
    const failOver = async (name: string, type: "Planned" | "Unplanned") => {
      const query = `api-version=2024-01-01&failoverType=${type}`;
      const answer = await arm.send("POST", `${accounts}/${name}/failover`, undefined, query);
      return answer;
    };

    it("unplanned: the copy becomes an LRS account, and the location stays as it was", async () => {
      const path = `${accounts}/unplanned`;
      await arm.settle("PUT", path, body("Standard_RAGRS"));
      const accepted = await failOver("unplanned", "Unplanned");
      expect(accepted.status).toBe(202);
      expect((await arm.send("GET", path)).body.properties.failoverInProgress).toBe(true);
      expect((await failOver("unplanned", "Unplanned")).body.error.code).toBe("AccountFailoverInProgress");
      arm.clock.advance(60_000);
      const { body: account } = await arm.send("GET", path);
      expect(account).toMatchObject({ location: "eastus2", sku: { name: "Standard_LRS" } });
      expect(account.properties).toMatchObject({ primaryLocation: "centralus" });
      expect(account.properties.secondaryLocation).toBeUndefined();
      expect(account.properties.secondaryEndpoints).toBeUndefined();
      expect((await failOver("unplanned", "Unplanned")).status).toBe(400);
      const restored = await arm.send("PUT", path, body("Standard_RAGRS"));
      expect(restored.body.properties).toMatchObject({ primaryLocation: "centralus", secondaryLocation: "eastus2" });
    });

    it("planned: the regions swap, and swap back, and redundancy stays", async () => {
      const path = `${accounts}/planned`;
      await arm.settle("PUT", path, body("Standard_RAGRS"));
      for (const [primaryLocation, secondaryLocation] of [
        ["centralus", "eastus2"],
        ["eastus2", "centralus"],
      ]) {
        expect((await failOver("planned", "Planned")).status).toBe(202);
        arm.clock.advance(60_000);
        const { body: account } = await arm.send("GET", path);
        expect(account).toMatchObject({ location: "eastus2", sku: { name: "Standard_RAGRS" } });
        expect(account.properties).toMatchObject({ primaryLocation, secondaryLocation });
      }
    });

    it("is refused where there is nothing to fail over to", async () => {
      await arm.settle("PUT", `${accounts}/local`, body("Standard_LRS"));
      expect((await failOver("local", "Planned")).status).toBe(400);
    });
  });
});
