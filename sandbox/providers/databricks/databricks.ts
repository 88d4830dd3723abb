import { cluster } from "./cluster.js";
import { DatabricksConfig } from "./config.js";
import { getCluster, getCurrentUser, getNodeType, getSparkVersion } from "./functions.js";
import { secretScope, secretValue } from "./secrets.js";
import { signIn } from "./sign-in.js";
import type { Environment } from "../engine-environment.js";
import type { Provider } from "../provider.js";
import type { Properties } from "../property-values.js";
import { WorkspaceClient } from "./workspace-client.js";

export interface DatabricksOptions {
  readonly version: string;
  /** What Azure AD would give for that host. Undefined where the sandbox has no such host. */
  tokenFor(host: string): string | undefined;
  /** The host of a workspace's Azure resource id. */
  hostOf(resourceId: string): string | undefined;
}

/** The `databricks` provider over the REST API of the sandbox's workspaces, for the types below and no others. */
export function databricks(options: DatabricksOptions): Provider<WorkspaceClient> {
  return {
    name: "databricks",
    version: options.version,
    types: {
      "databricks:index/cluster:Cluster": cluster,
      "databricks:index/secret:Secret": secretValue,
      "databricks:index/secretScope:SecretScope": secretScope,
    },
    functions: {
      "databricks:index/getCluster:getCluster": getCluster,
      "databricks:index/getCurrentUser:getCurrentUser": getCurrentUser,
      "databricks:index/getNodeType:getNodeType": getNodeType,
      "databricks:index/getSparkVersion:getSparkVersion": getSparkVersion,
    },
    configure: (config, environment) => configure(config, environment, options),
  };
}

/** What is wrong with the configuration is said at once; whether it signs in, by the first call, as the real provider does. */
async function configure(
  given: Properties,
  environment: Environment,
  options: DatabricksOptions,
): Promise<WorkspaceClient> {
  const config = await DatabricksConfig.resolve(given, environment);
  const resourceId = config.get("azure_workspace_resource_id");
  const found = config.get("host") ?? (resourceId === undefined ? undefined : options.hostOf(resourceId));
  // Without a host the provider can be configured all the same; its first call fails.
  const host = found === undefined ? "http://127.0.0.1:9" : withScheme(found).replace(/\/+$/, "");
  let token: Promise<string> | undefined;
  return new WorkspaceClient(host, () => (token ??= signIn(config, host, options.tokenFor)));
}

function withScheme(host: string): string {
  return host.includes("://") ? host : `https://${host}`;
}
