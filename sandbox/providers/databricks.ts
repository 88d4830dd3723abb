import { cluster } from "./databricks-cluster.js";
import { getCurrentUser, getNodeType, getSparkVersion } from "./databricks-functions.js";
import { secretScope, secretValue } from "./databricks-secrets.js";
import type { Provider } from "./provider.js";
import type { Properties } from "./property-values.js";
import { WorkspaceClient } from "./workspace-client.js";

export interface DatabricksOptions {
  readonly version: string;
  /** A token for the host; the real provider would sign in with Azure AD. Undefined where the sandbox has no such host. */
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
      "databricks:index/getCurrentUser:getCurrentUser": getCurrentUser,
      "databricks:index/getNodeType:getNodeType": getNodeType,
      "databricks:index/getSparkVersion:getSparkVersion": getSparkVersion,
    },
    configure: (config) => configure(config, options),
  };
}

function configure(config: Properties, options: DatabricksOptions): WorkspaceClient {
  const resourceId = textOf(config.azureWorkspaceResourceId);
  const given = textOf(config.host) ?? (resourceId === undefined ? undefined : options.hostOf(resourceId));
  // Without a host the provider can be configured all the same; its first call fails.
  if (given === undefined) return new WorkspaceClient("http://127.0.0.1:9", "");
  const host = (given.includes("://") ? given : `https://${given}`).replace(/\/+$/, "");
  const token = textOf(config.token) ?? options.tokenFor(host);
  if (token === undefined)
    throw new Error(`default auth: cannot configure default credentials: the sandbox has no workspace at ${host}`);
  return new WorkspaceClient(host, token);
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
