import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Environment } from "../engine-environment.js";
import type { Properties } from "../property-values.js";
import { toSnakeCase } from "./snake-case.js";

interface Attribute {
  readonly env?: string;
  /** The method of which its presence is a sign. */
  readonly auth?: string;
  readonly sensitive?: true;
  /** Left out of what an error says. */
  readonly internal?: true;
}

/**
 * What Databricks' Go SDK, and so its provider, is configured by, in its own order.
 * https://github.com/databricks/databricks-sdk-go/blob/main/config/config.go (type Config)
 */
const attributes: Readonly<Record<string, Attribute>> = {
  host: { env: "DATABRICKS_HOST" },
  cluster_id: { env: "DATABRICKS_CLUSTER_ID" },
  warehouse_id: { env: "DATABRICKS_WAREHOUSE_ID" },
  metadata_service_url: { env: "DATABRICKS_METADATA_SERVICE_URL", auth: "metadata-service", sensitive: true },
  account_id: { env: "DATABRICKS_ACCOUNT_ID" },
  workspace_id: { env: "DATABRICKS_WORKSPACE_ID" },
  token: { env: "DATABRICKS_TOKEN", auth: "pat", sensitive: true },
  username: { env: "DATABRICKS_USERNAME", auth: "basic" },
  password: { env: "DATABRICKS_PASSWORD", auth: "basic", sensitive: true },
  profile: { env: "DATABRICKS_CONFIG_PROFILE" },
  config_file: { env: "DATABRICKS_CONFIG_FILE" },
  google_service_account: { env: "DATABRICKS_GOOGLE_SERVICE_ACCOUNT", auth: "google" },
  google_credentials: { env: "GOOGLE_CREDENTIALS", auth: "google", sensitive: true },
  azure_workspace_resource_id: { env: "DATABRICKS_AZURE_RESOURCE_ID", auth: "azure" },
  azure_use_msi: { env: "ARM_USE_MSI", auth: "azure" },
  azure_client_secret: { env: "ARM_CLIENT_SECRET", auth: "azure", sensitive: true },
  azure_client_id: { env: "ARM_CLIENT_ID", auth: "azure" },
  azure_tenant_id: { env: "ARM_TENANT_ID", auth: "azure" },
  actions_id_token_request_url: { env: "ACTIONS_ID_TOKEN_REQUEST_URL" },
  actions_id_token_request_token: { env: "ACTIONS_ID_TOKEN_REQUEST_TOKEN" },
  azure_environment: { env: "ARM_ENVIRONMENT" },
  azure_login_app_id: { env: "DATABRICKS_AZURE_LOGIN_APP_ID", auth: "azure" },
  client_id: { env: "DATABRICKS_CLIENT_ID", auth: "oauth" },
  client_secret: { env: "DATABRICKS_CLIENT_SECRET", auth: "oauth", sensitive: true },
  databricks_cli_path: { env: "DATABRICKS_CLI_PATH" },
  auth_type: { env: "DATABRICKS_AUTH_TYPE", internal: true },
  databricks_id_token_filepath: { env: "DATABRICKS_OIDC_TOKEN_FILEPATH", auth: "file-oidc" },
  oidc_token_env: { env: "DATABRICKS_OIDC_TOKEN_ENV", auth: "env-oidc" },
  rate_limit: { env: "DATABRICKS_RATE_LIMIT", internal: true },
};

/** A provider's configuration when everything that it is read from was read. */
export class DatabricksConfig {
  private constructor(
    private readonly values: Readonly<Record<string, string>>,
    readonly environment: Environment,
  ) {}

  /**
   * What the program gives, then the environment, then the profile; the file is read only where a profile is named, or
   * nothing says yet where and how to sign in.
   *
   * @throws Error in the SDK's words, above all where two methods are configured and none is named.
   */
  static async resolve(given: Properties, environment: Environment): Promise<DatabricksConfig> {
    const values: Record<string, string> = {};
    const take = (from: (name: string, attribute: Attribute) => unknown): void => {
      for (const [name, attribute] of Object.entries(attributes)) {
        const value = from(name, attribute);
        const text = value === undefined || value === false ? "" : String(value);
        if (values[name] === undefined && text !== "" && text !== "false") values[name] = text;
      }
    };
    const explicit = toSnakeCase(given);
    take((name) => explicit[name]);
    take((_name, { env }) => (env === undefined ? undefined : environment[env]));
    const config = (): DatabricksConfig => new DatabricksConfig(values, environment);

    const isSaid = Object.keys(values).some((name) => name === "host" || attributes[name]?.auth !== undefined);
    if (values.profile !== undefined || !isSaid) {
      const profile = await readProfile(values).catch((error: unknown) => {
        throw config().explained(`resolve: ${(error as Error).message}`);
      });
      take((name) => profile[name]);
    }
    const methods = new Set(Object.keys(values).map((name) => attributes[name]?.auth));
    methods.delete(undefined);
    if (methods.size > 1 && values.auth_type === undefined)
      throw config().explained(
        `validate: more than one authorization method configured: ${[...methods].sort().join(" and ")}`,
      );
    return config();
  }

  get(name: keyof typeof attributes): string | undefined {
    return this.values[name];
  }

  has(...names: (keyof typeof attributes)[]): boolean {
    return names.every((name) => this.values[name] !== undefined);
  }

  /** An error with what the configuration is, as the SDK adds it; secrets are stars. */
  explained(message: string): Error {
    const shown = Object.entries(attributes).filter(([name, { internal }]) => !internal && this.values[name]);
    const config = shown.map(([name, { sensitive }]) => `${name}=${sensitive ? "***" : this.values[name]}`);
    const env = shown.map(([, attribute]) => attribute.env ?? "").filter((name) => this.environment[name]);
    return new Error(
      [message, config.length > 0 && `Config: ${config.join(", ")}`, env.length > 0 && `Env: ${env.join(", ")}`]
        .filter((part) => part !== false)
        .join(". "),
    );
  }
}

async function readProfile(values: Readonly<Record<string, string>>): Promise<Readonly<Record<string, string>>> {
  const path = values.config_file ?? "~/.databrickscfg";
  const file = path.startsWith("~") ? join(homedir(), path.slice(1)) : path;
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
  const name = values.profile ?? "DEFAULT";
  const profile = sections(text)[name];
  if (profile) return profile;
  if (values.profile === undefined) return {};
  throw new Error(`${file}: ${file} has no ${name} profile configured`);
}

function sections(text: string): Readonly<Record<string, Readonly<Record<string, string>>>> {
  const found: Record<string, Record<string, string>> = {};
  let section = "DEFAULT";
  for (const line of text.split(/\r?\n/)) {
    const header = /^\s*\[([^\]]+)\]/.exec(line)?.[1];
    const entry = /^\s*([^#;=\s][^=]*?)\s*=\s*(.*?)(?:\s[#;].*)?\s*$/.exec(line);
    if (header !== undefined) section = header;
    else if (entry) (found[section] ??= {})[entry[1]!] = entry[2]!;
  }
  return found;
}
