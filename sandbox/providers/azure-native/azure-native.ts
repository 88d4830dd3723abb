import { ArmClient } from "./arm-client.js";
import { fillPath } from "./arm-path.js";
import { armResourceType, type AzureSession } from "./arm-resource-type.js";
import { fromArm } from "./arm-shape.js";
import { armTypes } from "./arm-types.js";
import type { Provider } from "../provider.js";
import type { Properties } from "../property-values.js";

export interface AzureNativeOptions {
  readonly version: string;
  readonly endpoint: string;
  readonly token: string;
  /** Who the provider is when its configuration does not say. */
  readonly subscriptionId: string;
  readonly tenantId: string;
  readonly clientId: string;
}

/** The `azure-native` provider over the sandbox's ARM, for the types in the table and no others. */
export function azureNative(options: AzureNativeOptions): Provider<AzureSession> {
  return {
    name: "azure-native",
    version: options.version,
    types: Object.fromEntries(Object.entries(armTypes).map(([token, type]) => [token, armResourceType(token, type)])),
    functions: {
      "azure-native:authorization:getClientConfig": async (_, session) => ({
        clientId: session.clientId,
        objectId: session.clientId,
        subscriptionId: session.subscriptionId,
        tenantId: session.tenantId,
      }),
      "azure-native:storage:listStorageAccountKeys": (args, session) => {
        const { path, apiVersion } = typeOf("azure-native:storage:StorageAccount");
        return session.arm.post(`${pathOf(path, args, session)}/listKeys`, `api-version=${apiVersion}`);
      },
      "azure-native:storage:getStorageAccount": (args, session) =>
        get("azure-native:storage:StorageAccount", args, session),
      "azure-native:databricks:getWorkspace": (args, session) =>
        get("azure-native:databricks:Workspace", args, session),
    },
    configure: (config) => ({
      arm: new ArmClient(options.endpoint, options.token),
      subscriptionId: textOf(config.subscriptionId) ?? options.subscriptionId,
      tenantId: textOf(config.tenantId) ?? options.tenantId,
      clientId: textOf(config.clientId) ?? options.clientId,
      location: textOf(config.location),
    }),
  };
}

function typeOf(token: string) {
  const type = armTypes[token];
  if (!type) throw new Error(`no such type: ${token}`);
  return type;
}

function pathOf(template: string, args: Properties, session: AzureSession): string {
  return fillPath(template, { ...args, subscriptionId: session.subscriptionId });
}

async function get(token: string, args: Properties, session: AzureSession): Promise<Properties> {
  const { path, apiVersion, shape } = typeOf(token);
  const id = pathOf(path, args, session);
  const expand = typeof args.expand === "string" ? `&$expand=${encodeURIComponent(args.expand)}` : "";
  const found = await session.arm.get(id, `api-version=${apiVersion}${expand}`);
  if (!found) throw new Error(`Status=404 Code="ResourceNotFound" Message="The Resource '${id}' was not found."`);
  return { ...fromArm(found, shape), azureApiVersion: apiVersion };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
