import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type Sandbox, startSandbox } from "../../sandbox/sandbox.js";
import { ProviderInstance, type Values } from "./engine-side.js";

/** Signing in as Databricks' Go SDK does it; the cases are those of its config/auth_permutations_test.go. */
const resourceId = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Databricks/workspaces/w";
const noDefault = "default auth: cannot configure default credentials, please check https://docs.databricks.com/";
let sandbox: Sandbox;
let folder: string;
let host: string;
let token: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "provider-sign-in-"));
  sandbox = await startSandbox({ provisioned: true });
  ({ host, token } = sandbox.description.primary);
});
afterEach(() => {
  vi.unstubAllEnvs();
});
afterAll(async () => {
  await sandbox.stop();
  await rm(folder, { recursive: true });
});

async function set(variables: Record<string, string>, profiles = ""): Promise<void> {
  const file = join(folder, "databrickscfg");
  await writeFile(file, profiles);
  for (const [name, value] of Object.entries({ DATABRICKS_CONFIG_FILE: file, PATH: folder, ...variables }))
    vi.stubEnv(name, value);
}

/** Who the provider is in the workspace, once it is configured so. */
async function userWith(config: Values): Promise<unknown> {
  const instance = new ProviderInstance(
    Number(/databricks:(\d+)/.exec(sandbox.description.env["PULUMI_DEBUG_PROVIDERS"]!)![1]),
  );
  try {
    await instance.configure(config);
    return (await instance.invoke("databricks:index/getCurrentUser:getCurrentUser")).userName;
  } finally {
    instance.close();
  }
}

const admin = "admin@example.com";

describe("the sandbox's databricks provider", () => {
  it("takes what the program gives, then the environment, then the profile", async () => {
    await set({ DATABRICKS_TOKEN: "wrong" }, `[dr]\nhost = ${host}\ntoken = wrong too\n`);
    expect(await userWith({ host, token, profile: "dr" })).toBe(admin);
    await set({ DATABRICKS_TOKEN: token }, `[dr]\nhost = ${host}\ntoken = wrong too\n`);
    expect(await userWith({ host, profile: "dr" })).toBe(admin);
    await set({ DATABRICKS_TOKEN: "" }, `; mine\n[dr]\nhost = ${host} # here\ntoken = ${token}\n`);
    expect(await userWith({ host, profile: "dr" })).toBe(admin);
    await set({ DATABRICKS_TOKEN: "wrong" }, `[dr]\nhost = ${host}\ntoken = ${token}\n`);
    await expect(userWith({ host, profile: "dr" })).rejects.toThrow(/token/i);
  });

  it("takes the profile that the environment names, and DEFAULT where nothing else is said", async () => {
    await set({ DATABRICKS_CONFIG_PROFILE: "dr" }, `[dr]\nhost = ${host}\ntoken = ${token}\n`);
    expect(await userWith({})).toBe(admin);
    await set({}, `[DEFAULT]\nhost = ${host}\ntoken = ${token}\n`);
    vi.stubEnv("DATABRICKS_CONFIG_PROFILE", "");
    expect(await userWith({})).toBe(admin);
    await expect(userWith({ host })).rejects.toThrow(`${noDefault}`);
    await expect(userWith({ host, profile: "none" })).rejects.toThrow(/resolve: .* has no none profile configured/);
  });

  it("refuses two methods in the SDK's words, unless one of them is named", async () => {
    await set({ DATABRICKS_TOKEN: token });
    await expect(userWith({ host, azureWorkspaceResourceId: resourceId })).rejects.toThrow(
      `validate: more than one authorization method configured: azure and pat. Config: host=${host}, token=***,`,
    );
    expect(await userWith({ host, azureWorkspaceResourceId: resourceId, authType: "pat" })).toBe(admin);
    vi.stubEnv("DATABRICKS_CLIENT_ID", "c");
    vi.stubEnv("DATABRICKS_CLIENT_SECRET", "hidden");
    await expect(userWith({ host })).rejects.toThrow(/: oauth and pat\. .*client_secret=\*\*\*/);
  });

  it("says which method it was that could not be had", async () => {
    await set({});
    await expect(userWith({ host })).rejects.toThrow(noDefault);
    await expect(userWith({ host, authType: "azure-client-secret" })).rejects.toThrow(
      "azure-client-secret auth: not configured. Config: host=",
    );
    await expect(userWith({ host, authType: "pat" })).rejects.toThrow("pat auth: token is required");
    await expect(userWith({ host, authType: "password" })).rejects.toThrow('auth type "password" not found');
  });

  it.each([
    ["azure-client-secret", { ARM_CLIENT_ID: "c", ARM_CLIENT_SECRET: "hidden", ARM_TENANT_ID: "t" }],
    ["azure-msi", { ARM_USE_MSI: "true" }],
    [
      "github-oidc-azure",
      {
        ARM_CLIENT_ID: "c",
        ARM_TENANT_ID: "t",
        ACTIONS_ID_TOKEN_REQUEST_URL: "https://example.com",
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: "hidden",
      },
    ],
  ])("signs in by %s, which the sandbox's Azure AD takes as it is", async (authType, variables) => {
    await set(variables);
    expect(await userWith({ host, authType, azureWorkspaceResourceId: resourceId })).toBe(admin);
    expect(await userWith({ host, azureWorkspaceResourceId: resourceId })).toBe(admin);
    await set(Object.fromEntries(Object.keys(variables).map((name) => [name, ""])));
    await expect(userWith({ host, authType, azureWorkspaceResourceId: resourceId })).rejects.toThrow("not configured");
  });

  it("asks az for a token, and says what az says", async () => {
    await set({});
    await script("az", `echo '{"accessToken": "${token}"}'`);
    expect(await userWith({ host, authType: "azure-cli", azureWorkspaceResourceId: resourceId })).toBe(admin);
    await script("az", "echo 'Please run az login' >&2; exit 1");
    await expect(userWith({ host, authType: "azure-cli", azureWorkspaceResourceId: resourceId })).rejects.toThrow(
      "azure-cli auth: cannot get access token: Please run az login",
    );
  });
});

async function script(name: string, body: string): Promise<void> {
  await writeFile(join(folder, name), `#!/bin/sh\n${body}\n`);
  await chmod(join(folder, name), 0o755);
}
