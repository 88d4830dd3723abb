import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ArmStorageAccounts } from "../../sandbox/azure/storage/account-storage.js";
import { ArmUnderTest } from "./arm-requests.js";

describe("storage as drivers meet it", () => {
  let arm: ArmUnderTest;
  let path: string;
  let storage: ArmStorageAccounts;
  const application = { clientId: "app", clientSecret: "secret", endpoint: undefined };
  beforeAll(async () => {
    arm = await ArmUnderTest.start();
    path = `${(await arm.group("drivers")).body.id}/providers/Microsoft.Storage/storageAccounts/drlake`;
    await arm.settle("PUT", path, { location: "eastus2", kind: "StorageV2", sku: { name: "Standard_RAGRS" } });
    await arm.send("PUT", `${path}/blobServices/default/containers/data`, {});
    storage = new ArmStorageAccounts(arm.arm.arm, application);
  });
  afterAll(() => arm.stop());

  it("takes the account's own keys and the application, and has the containers that ARM knows", async () => {
    const account = storage.lookup("drlake");
    const { keys } = (await arm.send("POST", `${path}/listKeys`)).body;
    expect(account?.acceptsKey(keys[0].value)).toBe(true);
    expect(account?.acceptsKey("another")).toBe(false);
    expect(account?.acceptsServicePrincipal(application)).toBe(true);
    expect(account?.acceptsServicePrincipal({ ...application, clientSecret: "wrong" })).toBe(false);
    expect(account?.container("data")).toBeDefined();
    expect(account?.container("none")).toBeUndefined();
    await arm.send("PATCH", path, { properties: { allowSharedKeyAccess: false } });
    expect(storage.lookup("drlake")?.acceptsKey(keys[0].value)).toBe(false);
  });

  it("reads the copy only where the account has a readable one, with what the account holds", async () => {
    expect(storage.lookup("drlake-secondary")?.readOnly).toBe(true);
    expect(storage.lookup("drlake-secondary")?.container("data")).toBe(storage.lookup("drlake")?.container("data"));
    await arm.send("PATCH", path, { sku: { name: "Standard_LRS" } });
    expect(storage.lookup("drlake-secondary")).toBeUndefined();
  });

  it("lets any other account exist, and a deleted one be empty", async () => {
    expect(storage.lookup("elsewhere")?.acceptsKey("any")).toBe(true);
    const before = storage.lookup("drlake")?.container("data");
    await arm.send("DELETE", path);
    expect(storage.lookup("drlake")?.container("data")).not.toBe(before);
  });
});
