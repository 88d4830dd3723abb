import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { chooseMethod, providerSignIn } from "../../replication/client/auth-method.js";
import { azureCredentials } from "../../replication/client/azure-ad.js";
import { signIn } from "../../replication/client/credentials.js";

const host = "https://adb-1.2.azuredatabricks.net";
const headersOf = async (to: Parameters<typeof signIn>[0]): Promise<Record<string, string>> => (await signIn(to))();

let folder: string;

const resourceId = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Databricks/workspaces/w";
const others = ["DATABRICKS_HOST", "DATABRICKS_TOKEN", "DATABRICKS_CLIENT_ID", "DATABRICKS_CLIENT_SECRET"];
const azureOnes = ["ARM_CLIENT_ID", "ARM_CLIENT_SECRET", "ARM_TENANT_ID", "ARM_USE_MSI", "AZURE_CLIENT_SECRET"];

async function profiles(text: string): Promise<void> {
  await writeFile(join(folder, "databrickscfg"), text);
}

function set(variables: Record<string, string>): void {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
}

beforeEach(async () => {
  for (const name of [...others, ...azureOnes, "DATABRICKS_AUTH_TYPE"]) vi.stubEnv(name, "");
  folder = await mkdtemp(join(tmpdir(), "sign-in-"));
  vi.stubEnv("DATABRICKS_CONFIG_FILE", join(folder, "databrickscfg"));
  await writeFile(
    join(folder, "databrickscfg"),
    `[west]\nhost = ${host}/\ntoken = fake-profile\n\n[bare]\nhost = ${host}\n\n[with.dots]\nhost = ${host}\ntoken = fake-dots\n\n[other]\nhost = https://adb-9.9.azuredatabricks.net\ntoken = fake-other\n`,
  );
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

describe("signing in", () => {
  it("takes the profile named, and only for its own host", async () => {
    expect(await headersOf({ host, method: "profile", profile: "west" })).toEqual({
      authorization: "Bearer fake-profile",
    });
    expect(await headersOf({ host, method: "profile", profile: "with.dots" })).toEqual({
      authorization: "Bearer fake-dots",
    });
    await expect(signIn({ host, method: "profile", profile: "east" })).rejects.toThrow(/has no profile \[east\]/);
    await expect(signIn({ host, method: "profile", profile: "bare" })).rejects.toThrow(
      /profile \[bare\] of .* has no token/,
    );
    await expect(signIn({ host, method: "profile", profile: "other" })).rejects.toThrow(/is for https:\/\/adb-9\.9/);
  });

  it("finds by itself the profile of the host, then the environment", async () => {
    expect(await headersOf({ host, method: "auto" })).toEqual({ authorization: "Bearer fake-profile" });
    const elsewhere = "https://adb-3.4.azuredatabricks.net";
    vi.stubEnv("DATABRICKS_HOST", elsewhere);
    vi.stubEnv("DATABRICKS_TOKEN", "fake-environment");
    expect(await headersOf({ host: elsewhere, method: "auto" })).toEqual({ authorization: "Bearer fake-environment" });
    await expect(signIn({ host, method: "environment" })).rejects.toThrow(/set DATABRICKS_TOKEN/);
  });

  it("asks Azure AD once for both tokens, so that a principal that is no member gets in", async () => {
    const asked: string[] = [];
    const credential = {
      getToken: (scope: string | string[]) => {
        asked.push(String(scope));
        return Promise.resolve({ token: `fake-${asked.length}`, expiresOnTimestamp: Date.now() + 3_600_000 });
      },
    };
    const credentials = await azureCredentials({ host, method: "azure", resourceId }, credential);
    for (const headers of [await credentials(), ...(await Promise.all([credentials(), credentials()]))])
      expect(headers).toEqual({
        authorization: "Bearer fake-1",
        "x-databricks-azure-sp-management-token": "fake-2",
        "x-databricks-azure-workspace-resource-id": resourceId,
      });
    expect(asked).toEqual([
      "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default",
      "https://management.core.windows.net//.default",
    ]);
  });

  it("exchanges an OAuth secret for a token once an hour", async () => {
    let requests = 0;
    const server: Server = createServer((request, response) => {
      requests += 1;
      const known = request.headers.authorization === `Basic ${Buffer.from("client:fake-secret").toString("base64")}`;
      response.writeHead(known ? 200 : 401, { "content-type": "application/json" });
      response.end(
        JSON.stringify(known ? { access_token: "fake-oauth", expires_in: 3600 } : { message: "unknown client" }),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const local = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    vi.stubEnv("DATABRICKS_CLIENT_ID", "client");
    vi.stubEnv("DATABRICKS_CLIENT_SECRET", "fake-secret");
    const credentials = await signIn({ host: local, method: "environment" });
    expect([await credentials(), await credentials()]).toEqual(Array(2).fill({ authorization: "Bearer fake-oauth" }));
    expect(requests).toBe(1);
    vi.stubEnv("DATABRICKS_CLIENT_SECRET", "another");
    await expect(headersOf({ host: local, method: "environment" })).rejects.toThrow(
      /cannot sign in to .* as client: unknown client/,
    );
    server.close();
  });
});

const arm = { ARM_CLIENT_ID: "c", ARM_CLIENT_SECRET: "fake-secret", ARM_TENANT_ID: "t" };
const azureResource = { azureWorkspaceResourceId: resourceId };

/** The method that the replication uses, and all that Pulumi's databricks provider is told: two methods are never among it. */
describe("the method, chosen by name for the replication and for the provider", () => {
  it.each([
    ["a token", `token = fake\n`, {}, { authType: "pat", profile: "dr" }],
    ["a token, with ARM_* set", `token = fake\n`, arm, { authType: "pat", profile: "dr" }],
    ["an OAuth secret", `client_id = c\nclient_secret = fake#1\n`, {}, { authType: "oauth-m2m", profile: "dr" }],
    ["a login by the CLI", `auth_type = databricks-cli\n`, {}, { authType: "databricks-cli", profile: "dr" }],
    [
      "a principal of Azure AD",
      `azure_client_id = c\nazure_client_secret = fake\nazure_tenant_id = t\n`,
      {},
      { authType: "azure-client-secret", profile: "dr", ...azureResource },
    ],
    [
      "the resource, and az login",
      `azure_workspace_resource_id = ${resourceId.toUpperCase()}\n`,
      {},
      { authType: "azure-cli", profile: "dr", ...azureResource },
    ],
    [
      "the resource, and ARM_*",
      `azure_workspace_resource_id = ${resourceId}\n`,
      arm,
      { authType: "azure-client-secret", profile: "dr", ...azureResource },
    ],
    ["a managed identity", `azure_use_msi = true\n`, {}, { authType: "azure-msi", profile: "dr", ...azureResource }],
    [
      "two methods, one of them named",
      `token = fake\nclient_id = c\nclient_secret = fake\nauth_type = oauth-m2m\n`,
      {},
      { authType: "oauth-m2m", profile: "dr" },
    ],
  ])("profile with %s", async (_name, text, variables, expected) => {
    await profiles(`[__settings__]\ndefault_profile = dr\n\n[dr]\nhost = ${host}\n${text}`);
    set(variables);
    for (const method of ["profile", "auto"] as const)
      expect(
        await providerSignIn({ host, resourceId, method, ...(method === "profile" && { profile: "dr" }) }),
      ).toEqual(expected);
  });

  it("takes a secret with # in it whole", async () => {
    await profiles(`[dr]\nhost = ${host} # ours\nclient_id = c\nclient_secret = fake#1;2 ; the old one\n`);
    const { values } = await chooseMethod({ host, method: "profile", profile: "dr" });
    expect(values).toMatchObject({ client_secret: "fake#1;2" });
  });

  it.each([
    ["a token", { DATABRICKS_TOKEN: "fake" }, { authType: "pat" }],
    ["a token, with ARM_* set", { DATABRICKS_TOKEN: "fake", ...arm }, { authType: "pat" }],
    ["an OAuth secret", { DATABRICKS_CLIENT_ID: "c", DATABRICKS_CLIENT_SECRET: "fake" }, { authType: "oauth-m2m" }],
    [
      "Azure AD, named",
      { DATABRICKS_AUTH_TYPE: "azure-client-secret", DATABRICKS_TOKEN: "fake", ...arm },
      { authType: "azure-client-secret", ...azureResource },
    ],
  ])("environment with %s", async (_name, variables, expected) => {
    set({ DATABRICKS_HOST: host, ...variables });
    expect(await providerSignIn({ host, resourceId, method: "environment" })).toEqual(expected);
    await profiles("");
    expect(await providerSignIn({ host, resourceId, method: "auto" })).toEqual(expected);
    const elsewhere = { host: "https://adb-3.4.azuredatabricks.net", resourceId } as const;
    await expect(providerSignIn({ ...elsewhere, method: "environment" })).rejects.toThrow("set DATABRICKS_TOKEN");
    expect((await providerSignIn({ ...elsewhere, method: "auto" })).authType).toMatch(/^azure-/);
  });

  it.each([
    ["az login", {}, "azure-cli"],
    ["a secret", arm, "azure-client-secret"],
    ["a managed identity", { ARM_USE_MSI: "true", ARM_CLIENT_ID: "c" }, "azure-msi"],
    [
      "GitHub",
      { ...arm, ACTIONS_ID_TOKEN_REQUEST_URL: "https://example.com", ACTIONS_ID_TOKEN_REQUEST_TOKEN: "fake" },
      "github-oidc-azure",
    ],
    ["the one named", { ...arm, DATABRICKS_AUTH_TYPE: "azure-cli" }, "azure-cli"],
    ["a token besides", { ...arm, DATABRICKS_TOKEN: "fake" }, "azure-client-secret"],
  ])("azure with %s", async (_name, variables, authType) => {
    set(variables);
    expect(await providerSignIn({ host, resourceId, method: "azure" })).toEqual({ authType, ...azureResource });
  });

  it.each([
    [
      "two methods in a profile",
      `token = fake\nclient_id = c\nclient_secret = fake\n`,
      {},
      /two methods, pat and oauth/,
    ],
    ["a method without what it needs", `auth_type = oauth-m2m\ntoken = fake\n`, {}, /has no client_id, client_secret/],
    ["a method that is not known", `auth_type = google-id\n`, {}, /auth_type google-id; this program knows pat/],
    ["another workspace's resource", `azure_workspace_resource_id = /x\n`, {}, /is for \/x/],
    [
      "a variable that the provider takes before the profile",
      `token = fake\n`,
      { DATABRICKS_TOKEN: "another" },
      /DATABRICKS_TOKEN of the environment differs from profile \[dr\].*env -u DATABRICKS_TOKEN/,
    ],
  ])("refuses %s, with the way out", async (_name, text, variables, message) => {
    await profiles(`[dr]\nhost = ${host}\n${text}`);
    set(variables);
    const to = { host, resourceId, method: "profile", profile: "dr" } as const;
    await expect(providerSignIn(to)).rejects.toThrow(message);
    await expect(providerSignIn(to)).rejects.not.toThrow(/fake|another/);
  });

  it("refuses a secret that Databricks' provider does not read", async () => {
    set({ AZURE_CLIENT_SECRET: "fake" });
    await expect(providerSignIn({ host, method: "azure" })).rejects.toThrow(/set ARM_CLIENT_ID, ARM_CLIENT_SECRET/);
  });

  it("asks the programs of both logins for tokens", async () => {
    set({ PATH: folder });
    const expiry = new Date(Date.now() + 3_600_000).toISOString();
    await program("az", `echo '{"accessToken": "fake-az", "expires_on": ${Date.now() + 3_600_000}}'`);
    await program("databricks", `echo "{\\"access_token\\": \\"fake-$4\\", \\"expiry\\": \\"${expiry}\\"}"`);
    expect(await headersOf({ host, method: "azure" })).toEqual({ authorization: "Bearer fake-az" });
    await profiles(`[dr]\nhost = ${host}\nauth_type = databricks-cli\n`);
    expect(await headersOf({ host, method: "auto" })).toEqual({ authorization: "Bearer fake-dr" });
    await program("databricks", "exit 1");
    await expect(headersOf({ host, method: "auto" })).rejects.toThrow(/run `databricks auth login --host/);
  });
});

async function program(name: string, body: string): Promise<void> {
  await writeFile(join(folder, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
}
