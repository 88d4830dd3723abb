import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ArmUnderTest } from "./arm-requests.js";

describe("Azure Resource Manager", () => {
  let arm: ArmUnderTest;
  beforeAll(async () => {
    arm = await ArmUnderTest.start();
  });
  afterAll(() => arm.stop());

  it("refuses a request without a token, without an api-version, or with one that is no date", async () => {
    const unsigned = await fetch(`${arm.arm.url}/subscriptions?api-version=2022-12-01`);
    expect(unsigned.status).toBe(401);
    expect(await unsigned.json()).toMatchObject({ error: { code: "AuthenticationFailed" } });
    const missing = await arm.send("GET", "/subscriptions", undefined, "");
    expect([missing.status, missing.body.error.code]).toEqual([400, "MissingApiVersionParameter"]);
    const wrong = await arm.send("GET", "/subscriptions", undefined, "api-version=latest");
    expect([wrong.status, wrong.body.error.code]).toEqual([400, "InvalidApiVersionParameter"]);
  });

  it("names what it does not emulate, with 501", async () => {
    const answer = await arm.send("GET", `${arm.scope}/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v`);
    expect(answer.status).toBe(501);
    expect(answer.body.error.message).toContain("/providers/Microsoft.KeyVault/vaults/v");
  });

  it("does not know another subscription", async () => {
    const answer = await arm.send("GET", "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/g");
    expect([answer.status, answer.body.error.code]).toEqual([404, "SubscriptionNotFound"]);
  });

  it("keeps a group with its tags, whatever the case of the path", async () => {
    const body = { location: "East US 2", tags: { team: "data" } };
    expect((await arm.send("PUT", `${arm.scope}/resourceGroups/Rg-One`, body)).status).toBe(201);
    expect((await arm.send("PUT", `${arm.scope}/resourcegroups/rg-one`, body)).status).toBe(200);
    const read = await arm.send("GET", `${arm.scope}/resourcegroups/RG-ONE`);
    expect(read.body).toMatchObject({ name: "Rg-One", location: "eastus2", tags: { team: "data" } });
  });

  it("refuses another location, an unknown one, and a bad name", async () => {
    await arm.group("fixed");
    const path = `${arm.scope}/resourceGroups`;
    const moved = await arm.send("PUT", `${path}/fixed`, { location: "westus" });
    expect([moved.status, moved.body.error.code]).toEqual([409, "InvalidResourceGroupLocation"]);
    const nowhere = await arm.send("PUT", `${path}/nowhere`, { location: "atlantis" });
    expect(nowhere.body.error.code).toBe("LocationNotAvailableForResourceType");
    expect((await arm.send("PUT", `${path}/ends.`, { location: "westus" })).status).toBe(400);
  });

  it("deletes a group with what is in it, asynchronously", async () => {
    await arm.group("doomed");
    const account = `${arm.scope}/resourceGroups/doomed/providers/Microsoft.Storage/storageAccounts/doomedaccount`;
    await arm.settle("PUT", account, { location: "eastus2", kind: "StorageV2", sku: { name: "Standard_LRS" } });
    const deleted = await arm.send("DELETE", `${arm.scope}/resourceGroups/doomed`);
    expect(deleted.status).toBe(202);
    const poll = new URL(deleted.headers.get("location") ?? "");
    expect((await arm.send("GET", poll.pathname)).status).toBe(202);
    arm.clock.advance(60_000);
    expect((await arm.send("GET", poll.pathname)).status).toBe(204);
    expect((await arm.send("GET", account)).body.error.code).toBe("ResourceGroupNotFound");
  });

  it("holds management locks: a locked resource keeps its group from being deleted", async () => {
    const group = (await arm.group("locked")).body.id as string;
    const account = `${group}/providers/Microsoft.Storage/storageAccounts/lockedaccount`;
    await arm.settle("PUT", account, { location: "eastus2", kind: "StorageV2", sku: { name: "Standard_GRS" } });
    const lock = `${account}/providers/Microsoft.Authorization/locks/keep`;
    expect((await arm.send("PUT", lock, { properties: { level: "CanNotDelete" } })).status).toBe(201);
    for (const path of [account, group]) {
      const refused = await arm.send("DELETE", path);
      expect([refused.status, refused.body.error.code]).toEqual([409, "ScopeLocked"]);
    }
    expect((await arm.send("PATCH", account, { tags: { still: "writable" } })).status).toBe(200);
    await arm.send("PUT", lock, { properties: { level: "ReadOnly" } });
    expect((await arm.send("PATCH", account, { tags: {} })).body.error.code).toBe("ScopeLocked");
    expect((await arm.send("DELETE", lock)).status).toBe(200);
    expect((await arm.send("DELETE", account)).status).toBe(200);
  });
});
