import { afterEach, beforeEach, expect, test } from "vitest";
import { MemoryKeyVaults } from "../../sandbox/databricks/secrets/key-vaults.js";
import { startTestWorkspace, type TestWorkspace } from "./start-workspace.js";

let at: TestWorkspace;
let vaults: MemoryKeyVaults;
beforeEach(async () => {
  vaults = new MemoryKeyVaults();
  at = await startTestWorkspace({ keyVaults: vaults });
});
afterEach(() => at.close());

const api = "/api/2.0/secrets";

test("scopes and values live and go", async () => {
  expect(await at.get(`${api}/scopes/list`)).toEqual({});
  await at.post(`${api}/scopes/create`, { scope: "kv" });
  await at.post(`${api}/put`, { scope: "kv", key: "text", string_value: "é" });
  await at.post(`${api}/put`, { scope: "kv", key: "bytes", bytes_value: "/wA=" });
  expect((await at.get(`${api}/list?scope=kv`)).secrets.map((s: { key: string }) => s.key)).toEqual(["text", "bytes"]);
  expect(await at.get(`${api}/get?scope=kv&key=text`)).toEqual({ key: "text", value: "w6k=" });
  expect((await at.get(`${api}/get?scope=kv&key=bytes`)).value).toBe("/wA=");
  await at.post(`${api}/delete`, { scope: "kv", key: "text" });
  expect((await at.call("GET", `${api}/get?scope=kv&key=text`)).body.error_code).toBe("RESOURCE_DOES_NOT_EXIST");
  expect((await at.call("POST", `${api}/scopes/create`, { scope: "kv" })).body.error_code).toBe(
    "RESOURCE_ALREADY_EXISTS",
  );
  await at.post(`${api}/scopes/delete`, { scope: "kv" });
  expect((await at.call("GET", `${api}/list?scope=kv`)).status).toBe(404);
});

test("a value has 128 KB at most, a scope 1,000 keys", async () => {
  await at.post(`${api}/scopes/create`, { scope: "kv" });
  const put = (key: string, value: string) => at.call("POST", `${api}/put`, { scope: "kv", key, string_value: value });
  expect((await put("max", "x".repeat(128 * 1024))).status).toBe(200);
  expect((await put("over", "x".repeat(128 * 1024 + 1))).body.error_code).toBe("INVALID_PARAMETER_VALUE");
  for (let n = 1; n < 1000; n++) await put(`k${n}`, "v");
  expect((await put("one-more", "v")).body.error_code).toBe("RESOURCE_LIMIT_EXCEEDED");
  expect((await put("k1", "changed")).status).toBe(200);
});

test("a Key Vault scope needs an Azure AD token, and its secrets are not written here", async () => {
  const body = {
    scope: "vault",
    scope_backend_type: "AZURE_KEYVAULT",
    backend_azure_keyvault: { resource_id: "/subscriptions/s/vaults/v", dns_name: "https://v.vault.azure.net/" },
  };
  const refused = await at.call("POST", `${api}/scopes/create`, body);
  expect([refused.status, refused.body.message]).toEqual([400, expect.stringContaining("userAADToken")]);
  at.workspace.acceptToken("header.claims.signature", "admin@example.com");
  expect((await at.call("POST", `${api}/scopes/create`, body, "header.claims.signature")).status).toBe(200);
  expect((await at.get(`${api}/scopes/list`)).scopes).toEqual([
    { name: "vault", backend_type: "AZURE_KEYVAULT", keyvault_metadata: body.backend_azure_keyvault },
  ]);
  expect((await at.call("GET", `${api}/list?scope=vault`)).body.message).toContain("no such Key Vault");
  vaults.put("https://v.vault.azure.net/", "sp-secret", "from the vault");
  expect((await at.get(`${api}/list?scope=vault`)).secrets).toMatchObject([{ key: "sp-secret" }]);
  expect((await at.call("POST", `${api}/put`, { scope: "vault", key: "k", string_value: "v" })).status).toBe(400);
});

test("the maker of a scope manages it, and others are let in by ACL", async () => {
  await at.post(`${api}/scopes/create`, { scope: "kv" });
  await at.post(`${api}/acls/put`, { scope: "kv", principal: "data", permission: "READ" });
  expect((await at.get(`${api}/acls/list?scope=kv`)).items).toEqual([
    { principal: "admin@example.com", permission: "MANAGE" },
    { principal: "data", permission: "READ" },
  ]);
  await at.post(`${api}/acls/delete`, { scope: "kv", principal: "data" });
  expect((await at.call("GET", `${api}/acls/get?scope=kv&principal=data`)).body.error_code).toBe(
    "RESOURCE_DOES_NOT_EXIST",
  );
});

test("the Standard tier has no ACLs, and a scope there belongs to all users", async () => {
  await at.close();
  at = await startTestWorkspace({ tier: "standard" });
  expect((await at.call("POST", `${api}/scopes/create`, { scope: "kv" })).status).toBe(400);
  await at.post(`${api}/scopes/create`, { scope: "kv", initial_manage_principal: "users" });
  expect((await at.call("GET", `${api}/acls/list?scope=kv`)).body.error_code).toBe("FEATURE_DISABLED");
});
