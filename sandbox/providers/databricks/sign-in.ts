import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { DatabricksConfig } from "./config.js";

const run = promisify(execFile);
const docs = "https://docs.databricks.com/en/dev-tools/auth.html#databricks-client-unified-authentication";
const azureDatabricks = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d";
const azGetToken = ["account", "get-access-token", "--resource", azureDatabricks, "--output", "json"];

/** A token, or undefined where the configuration is for another method. */
type Method = (config: DatabricksConfig, host: string) => Promise<string | undefined>;

/**
 * The SDK's methods in the SDK's order, as far as the sandbox has them; the methods that ask Azure AD for a token get one
 * from `azureAd`, which stands for it.
 * https://github.com/databricks/databricks-sdk-go/blob/main/config/auth_default.go
 */
function methodsWith(azureAd: (host: string) => string | undefined): Readonly<Record<string, Method>> {
  const fromAzure =
    (isConfigured: (config: DatabricksConfig) => boolean): Method =>
    async (config, host) =>
      isAzure(config, host) && isConfigured(config) ? azureAd(host) : undefined;
  return {
    pat: async (config) => {
      if (!config.has("host")) throw new Error("host is required for PAT authentication");
      return config.get("token") ?? fail("token is required");
    },
    "oauth-m2m": async (config, host) =>
      config.has("client_id", "client_secret")
        ? clientCredentials(host, config.get("client_id")!, config.get("client_secret")!)
        : undefined,
    "databricks-cli": async (config, host) => {
      const profile = config.get("profile");
      const which = profile === undefined ? ["--host", host] : ["--profile", profile];
      return tokenOf(config, "databricks", ["auth", "token", ...which], "access_token");
    },
    "github-oidc-azure": fromAzure((config) =>
      config.has(
        "azure_client_id",
        "azure_tenant_id",
        "actions_id_token_request_url",
        "actions_id_token_request_token",
      ),
    ),
    "azure-msi": fromAzure((config) => config.has("azure_use_msi")),
    "azure-client-secret": fromAzure((config) =>
      config.has("azure_client_id", "azure_client_secret", "azure_tenant_id"),
    ),
    "azure-cli": async (config, host) =>
      isAzure(config, host) ? tokenOf(config, "az", azGetToken, "accessToken") : undefined,
  };
}

/** @throws Error in the SDK's words. */
export async function signIn(
  config: DatabricksConfig,
  host: string,
  azureAd: (host: string) => string | undefined,
): Promise<string> {
  const methods = methodsWith(azureAd);
  const wanted = config.get("auth_type");
  if (wanted !== undefined) {
    const method = methods[wanted];
    if (!method)
      throw config.explained(
        `default auth: auth type "${wanted}" not found, please check ${docs} for a list of supported auth types`,
      );
    const token = await method(config, host).catch((error: unknown) => {
      throw config.explained(`${wanted} auth: ${(error as Error).message}`);
    });
    return token ?? fail(config.explained(`${wanted} auth: not configured`));
  }
  for (const method of Object.values(methods)) {
    const token = await method(config, host).catch(() => undefined);
    if (token !== undefined) return token;
  }
  throw config.explained(
    `default auth: cannot configure default credentials, please check ${docs} to configure credentials for your preferred authentication method`,
  );
}

function isAzure(config: DatabricksConfig, host: string): boolean {
  return config.has("azure_workspace_resource_id") || /\.azuredatabricks\.(net|us|cn)$/.test(new URL(host).hostname);
}

async function clientCredentials(host: string, id: string, secret: string): Promise<string> {
  const response = await fetch(`${host}/oidc/v1/token`, {
    method: "POST",
    headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}` },
    body: new URLSearchParams({ grant_type: "client_credentials", scope: "all-apis" }),
  });
  if (!response.ok) throw new Error(`oidc: ${response.status} ${await response.text()}`);
  return ((await response.json()) as { access_token: string }).access_token;
}

/** What another program prints as JSON; undefined where there is no such program. */
async function tokenOf(
  config: DatabricksConfig,
  program: string,
  args: readonly string[],
  property: string,
): Promise<string | undefined> {
  try {
    const { stdout } = await run(program, args, { env: { ...config.environment } });
    return (JSON.parse(stdout) as Record<string, string>)[property];
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    if (code === "ENOENT") return undefined;
    throw new Error(`cannot get access token: ${stderr ?? String(error)}`, { cause: error });
  }
}

function fail(why: string | Error): never {
  throw typeof why === "string" ? new Error(why) : why;
}
