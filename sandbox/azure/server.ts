import { ApiError, createApp } from "../http/app.js";
import { listen } from "../http/listen.js";
import { Traffic } from "../http/traffic.js";
import { Arm, type ArmOptions, type ArmService } from "./arm.js";
import { armErrorStyle, badRequest } from "./arm-error.js";
import { blobServiceStats, statsPath } from "./storage/blob-service-stats.js";
import { blobServices } from "./storage/blob-services.js";
import { databricksWorkspaces } from "./databricks-workspaces.js";
import { enforceLocks, managementLocks } from "./management-locks.js";
import { natGateways } from "./network/nat-gateways.js";
import { networkSecurityGroups } from "./network/network-security-groups.js";
import { operationRoutes } from "./operation-routes.js";
import { resourceGroups } from "./resource-groups.js";
import { canonicalPath } from "./resource-id.js";
import { storageAccounts } from "./storage/storage-accounts.js";
import { storageFailover } from "./storage/failover.js";
import { subscriptions } from "./subscriptions.js";
import { virtualNetworks } from "./network/virtual-networks.js";

const services: readonly ArmService[] = [
  subscriptions,
  resourceGroups,
  managementLocks,
  storageAccounts,
  storageFailover,
  blobServices,
  natGateways,
  networkSecurityGroups,
  virtualNetworks,
  databricksWorkspaces,
  operationRoutes,
];

export interface ArmServer {
  /** `http://127.0.0.1:<port>`, in place of `https://management.azure.com`. */
  readonly url: string;
  readonly arm: Arm;
  readonly traffic: Traffic;
  close(): Promise<void>;
}

/** Starts Azure Resource Manager on 127.0.0.1. */
export async function startArmServer(options: ArmOptions): Promise<ArmServer> {
  const arm = new Arm(options, services);
  const traffic = new Traffic({ latencyMs: options.latencyMs });
  const app = createApp(armErrorStyle);
  // ARM reads its own words in any case, and clients differ: `resourcegroups`, `resourceGroups`.
  const getPath = app.getPath;
  Object.assign(app, { getPath: (...args: Parameters<typeof getPath>) => canonicalPath(getPath(...args)) });

  traffic.install(app);
  app.use(async (context, next) => {
    const path = canonicalPath(new URL(context.req.url).pathname);
    requireBearer(context.req.header("authorization"));
    if (!path.startsWith(statsPath)) {
      requireApiVersion(context.req.query("api-version"));
      requireSubscription(path, arm.subscription.id);
      enforceLocks(context.req.method, path, arm.subscription);
    }
    await next();
  });
  for (const service of services) service.mount(app, arm);
  blobServiceStats.mount(app, arm);

  const { url, close } = await listen(app, options.port);
  return {
    url,
    arm,
    traffic,
    close: async () => {
      await close();
      await arm.operations.settled();
    },
  };
}

function requireBearer(header: string | undefined): void {
  if (header && /^bearer \S/i.test(header)) return;
  throw new ApiError(
    401,
    "AuthenticationFailed",
    "Authentication failed. The 'Authorization' header is missing or is not a bearer token.",
    { "WWW-Authenticate": 'Bearer authorization_uri="https://login.microsoftonline.com/", error="invalid_token"' },
  );
}

/** https://learn.microsoft.com/rest/api/resources/ — any dated version will do here; none will not. */
function requireApiVersion(version: string | undefined): void {
  if (!version)
    throw badRequest(
      "MissingApiVersionParameter",
      "The api-version query parameter (?api-version=) is required for all requests.",
    );
  if (!/^\d{4}-\d{2}-\d{2}(-(preview|alpha|beta|privatepreview))?$/.test(version))
    throw badRequest(
      "InvalidApiVersionParameter",
      `The api-version '${version}' is invalid. The supported versions are dates such as '2024-03-01'.`,
    );
}

function requireSubscription(path: string, known: string): void {
  const [, word, id] = path.split("/");
  if (word === "subscriptions" && id && id.toLowerCase() !== known)
    throw new ApiError(404, "SubscriptionNotFound", `The subscription '${id}' could not be found.`);
}
