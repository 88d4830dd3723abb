import { createHash, randomBytes } from "node:crypto";
import type { Context, Hono } from "hono";
import { ApiError, jsonBody, reply } from "../../http/app.js";
import type { JsonObject } from "../../http/json.js";
import { badRequest, conflict } from "../arm-error.js";
import { pollHeaders, withHeaders } from "../operations.js";
import { findRegion } from "../regions.js";
import { objectAt, requireLocation, tagsOf } from "../request-body.js";
import type { Arm, ArmService } from "../arm.js";
import { checkSku, redundancyOf } from "./sku.js";
import type { ArmResource } from "../subscription.js";

export const storageAccountType = "Microsoft.Storage/storageAccounts";
export const storageAccountPath =
  "/subscriptions/:subscriptionId/resourceGroups/:group/providers/Microsoft.Storage/storageAccounts";

/** Storage accounts. https://learn.microsoft.com/rest/api/storagerp/storage-accounts */
export const storageAccounts: ArmService = {
  name: "storage accounts",
  types: [storageAccountType],
  present: (account) => ({ ...account, properties: { ...account.properties, ...geographyOf(account) } }),
  mount(app: Hono, arm: Arm): void {
    const { subscription } = arm;
    const show = (context: Context, account: ArmResource, status = 200): Response =>
      reply(context, arm.present(account), status);

    app.get("/subscriptions/:subscriptionId/providers/Microsoft.Storage/storageAccounts", (context) =>
      reply(context, { value: subscription.list(storageAccountType).map((account) => arm.present(account)) }),
    );

    app.post("/subscriptions/:subscriptionId/providers/Microsoft.Storage/checkNameAvailability", async (context) => {
      const { name } = await jsonBody(context);
      const problem = nameProblem(name) ?? takenProblem(arm, String(name));
      return reply(context, {
        nameAvailable: problem === undefined,
        ...(problem ? { reason: problem.reason, message: problem.message } : {}),
      });
    });

    app.get(storageAccountPath, (context) => {
      const group = subscription.requireGroup(context.req.param("group"));
      const accounts = subscription.list(storageAccountType, group.id);
      return reply(context, { value: accounts.map((account) => arm.present(account)) });
    });

    app.get(`${storageAccountPath}/:account`, (context) => {
      const account = subscription.get(idOf(arm, context));
      const expand = (context.req.query("$expand") ?? "").split(",");
      if (!expand.includes("geoReplicationStats")) return show(context, account);
      if (!redundancyOf(skuOf(account)).geo)
        throw badRequest("InvalidAccountType", `The AccountType ${skuOf(account)} is invalid.`);
      const shown = arm.present(account);
      return reply(context, {
        ...shown,
        properties: { ...shown.properties, geoReplicationStats: geoReplicationStats(arm, account) },
      });
    });

    app.put(`${storageAccountPath}/:account`, async (context) => {
      const body = await jsonBody(context);
      subscription.requireGroup(context.req.param("group"));
      const existing = subscription.find(idOf(arm, context));
      if (existing) return show(context, update(arm, existing, body));
      const account = create(arm, context, body);
      const operation = arm.operations.start(arm.operationMs, account.id, () => {
        account.properties.provisioningState = "Succeeded";
      });
      return withHeaders(
        new Response(null, { status: 202 }),
        pollHeaders(context, "Microsoft.Storage", String(account.location), operation, { location: true }),
      );
    });

    app.patch(`${storageAccountPath}/:account`, async (context) =>
      show(context, update(arm, subscription.get(idOf(arm, context)), await jsonBody(context))),
    );

    app.delete(`${storageAccountPath}/:account`, (context) => {
      const id = idOf(arm, context);
      if (!subscription.find(id)) return new Response(null, { status: 204 });
      subscription.remove(id);
      return new Response(null, { status: 200 });
    });

    app.post(`${storageAccountPath}/:account/listKeys`, (context) => {
      const account = subscription.get(idOf(arm, context));
      return reply(context, {
        keys: ["key1", "key2"].map((keyName) => ({
          creationTime: account.properties.creationTime,
          keyName,
          value: storageKey(account, keyName),
          permissions: "FULL",
        })),
      });
    });
  },
};

function idOf(arm: Arm, context: Context): string {
  const { group = "", account = "" } = context.req.param() as Record<string, string>;
  return arm.subscription.idOf(group, storageAccountType, account);
}

export function skuOf(account: ArmResource): string {
  return String(account.sku?.name);
}

const keySeed = randomBytes(32);

/** One of the account's two keys: 64 bytes in base64, the same for as long as the sandbox runs. */
export function storageKey(account: ArmResource, keyName: string): string {
  return createHash("sha512").update(keySeed).update(`${account.id}/${keyName}`).digest("base64");
}

/** https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules#microsoftstorage */
function nameProblem(name: unknown): { reason: string; message: string } | undefined {
  if (typeof name === "string" && /^[a-z0-9]{3,24}$/.test(name)) return undefined;
  return {
    reason: "AccountNameInvalid",
    message: `${String(name)} is not a valid storage account name. Storage account name must be between 3 and 24 characters in length and use numbers and lower-case letters only.`,
  };
}

function takenProblem(arm: Arm, name: string): { reason: string; message: string } | undefined {
  if (!arm.subscription.list(storageAccountType).some((account) => account.name === name)) return undefined;
  return { reason: "AlreadyExists", message: `The storage account named ${name} is already taken.` };
}

function create(arm: Arm, context: Context, body: JsonObject): ArmResource {
  const name = context.req.param("account") ?? "";
  const invalid = nameProblem(name);
  if (invalid) throw badRequest(invalid.reason, invalid.message);
  // Names are taken over all of Azure, not only in this group.
  const taken = takenProblem(arm, name);
  if (taken) throw conflict("StorageAccountAlreadyTaken", taken.message);
  const location = requireLocation(body, storageAccountType);
  const sku = objectAt(body, "sku");
  checkSku(sku.name, body.kind, location);
  const given = objectAt(body, "properties");
  if (given.isNfsV3Enabled === true && redundancyOf(String(sku.name)).geo)
    throw badRequest("InvalidAccountType", "NFSv3 is not supported for geo-redundant storage accounts.");
  const now = new Date(arm.clock.now()).toISOString();
  const tags = tagsOf(body);
  return arm.subscription.put({
    id: idOf(arm, context),
    name,
    type: storageAccountType,
    location,
    ...(tags ? { tags } : {}),
    sku: { name: sku.name, tier: redundancyOf(String(sku.name)).tier },
    kind: String(body.kind),
    ...(body.identity ? { identity: objectAt(body, "identity") } : {}),
    properties: {
      // What Azure fills in: https://learn.microsoft.com/rest/api/storagerp/storage-accounts/create
      accessTier: "Hot",
      allowBlobPublicAccess: false,
      allowCrossTenantReplication: false,
      minimumTlsVersion: "TLS1_0",
      supportsHttpsTrafficOnly: true,
      networkAcls: { bypass: "AzureServices", virtualNetworkRules: [], ipRules: [], defaultAction: "Allow" },
      encryption: {
        services: {
          blob: { enabled: true, keyType: "Account", lastEnabledTime: now },
          file: { enabled: true, keyType: "Account", lastEnabledTime: now },
        },
        keySource: "Microsoft.Storage",
      },
      ...given,
      keyCreationTime: { key1: now, key2: now },
      privateEndpointConnections: [],
      creationTime: now,
      primaryLocation: location,
      provisioningState: "Creating",
    },
  });
}

const fixedProperties = ["isHnsEnabled", "isNfsV3Enabled"];

function update(arm: Arm, account: ArmResource, body: JsonObject): ArmResource {
  const location = body.location === undefined ? account.location : requireLocation(body, storageAccountType);
  if (location !== account.location)
    throw conflict(
      "InvalidResourceLocation",
      `The resource '${account.name}' already exists in location '${account.location}' in resource group '${account.id.split("/")[4]}'. A resource with the same name cannot be created in location '${location}'. Please select a new resource name.`,
    );
  const sku = body.sku === undefined ? skuOf(account) : String(objectAt(body, "sku").name);
  const kind = body.kind === undefined ? account.kind : String(body.kind);
  checkSku(sku, kind, String(account.location));
  if (redundancyOf(sku).tier !== redundancyOf(skuOf(account)).tier)
    throw conflict(
      "InvalidAccountType",
      `The AccountType of '${account.name}' cannot be changed from ${skuOf(account)} to ${sku}.`,
    );
  if (kind !== account.kind && kind !== "StorageV2")
    throw conflict("StorageAccountKindChangeNotAllowed", `The kind of '${account.name}' can only become StorageV2.`);
  const given = objectAt(body, "properties");
  for (const name of fixedProperties)
    if (given[name] !== undefined && given[name] !== (account.properties[name] ?? false))
      throw badRequest("InvalidRequestPropertiesValue", `The property '${name}' cannot be changed after creation.`);
  const tags = tagsOf(body);
  if (tags) account.tags = tags;
  if (body.identity) account.identity = objectAt(body, "identity");
  account.kind = kind;
  account.sku = { name: sku, tier: redundancyOf(sku).tier };
  Object.assign(account.properties, given);
  return arm.subscription.put(account);
}

/** Where the account is and answers, from its SKU and the region that is its primary today. */
function geographyOf(account: ArmResource): JsonObject {
  const { geo, readAccess } = redundancyOf(skuOf(account));
  const primary = String(account.properties.primaryLocation);
  const secondary = primary === account.location ? findRegion(primary)?.pair : account.location;
  const services = account.kind === "FileStorage" ? ["file"] : ["blob", "dfs", "file", "queue", "table", "web"];
  const endpoints = (host: string, names: string[]): JsonObject =>
    Object.fromEntries(
      names.map((name) => [name, `https://${host}.${name === "web" ? "z20.web" : name}.core.windows.net/`]),
    );
  return {
    primaryEndpoints: endpoints(account.name, services),
    statusOfPrimary: "available",
    ...(geo ? { secondaryLocation: secondary, statusOfSecondary: "available" } : {}),
    ...(readAccess
      ? {
          secondaryEndpoints: endpoints(
            `${account.name}-secondary`,
            services.filter((name) => name !== "file"),
          ),
        }
      : {}),
  };
}

/** When the copy in the paired region was last whole: writes before it are there, later ones may be lost. */
export function lastSyncTime(arm: Arm, account: ArmResource): Date {
  const created = Date.parse(String(account.properties.creationTime));
  const synced = Math.max(created, arm.clock.now() - arm.geoReplicationLagMs);
  return new Date(Math.floor(synced / 1000) * 1000);
}

function geoReplicationStats(arm: Arm, account: ArmResource): JsonObject {
  const sku = skuOf(account);
  return {
    status: "Live",
    lastSyncTime: lastSyncTime(arm, account).toISOString().replace(".000Z", "Z"),
    canFailover: true,
    canPlannedFailover: true,
    postFailoverRedundancy: "Standard_LRS",
    postPlannedFailoverRedundancy: sku,
  };
}

/** The account of that name anywhere in the subscription. @throws 404 */
export function findStorageAccount(arm: Arm, name: string): ArmResource {
  const account = arm.subscription.list(storageAccountType).find((candidate) => candidate.name === name);
  if (!account) throw new ApiError(404, "ResourceNotFound", `The storage account '${name}' was not found.`);
  return account;
}
