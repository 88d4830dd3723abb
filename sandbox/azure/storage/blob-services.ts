import type { Context, Hono } from "hono";
import { ApiError, jsonBody, reply } from "../../http/app.js";
import type { JsonObject } from "../../http/json.js";
import { badRequest } from "../arm-error.js";
import { objectAt } from "../request-body.js";
import type { Arm, ArmService } from "../arm.js";
import { storageAccountPath, storageAccountType } from "./storage-accounts.js";
import type { ArmResource } from "../subscription.js";

const blobServiceType = `${storageAccountType}/blobServices`;
const containerType = `${blobServiceType}/containers`;
const policyType = `${storageAccountType}/managementPolicies`;

/**
 * An account's blob service (soft delete, versioning), its containers and its lifecycle policy, as far as ARM has them;
 * there is no data behind. https://learn.microsoft.com/rest/api/storagerp/blob-containers
 */
export const blobServices: ArmService = {
  name: "blob services",
  types: [containerType],
  present: ({ id, name, type, etag, properties }) => ({ id, name, type, etag, properties }),
  mount(app: Hono, arm: Arm): void {
    const { subscription } = arm;
    const service = `${storageAccountPath}/:account/blobServices/default`;
    const containers = `${service}/containers`;
    const policies = `${storageAccountPath}/:account/managementPolicies/default`;
    const idOf = (context: Context, type: string, ...names: string[]): string => {
      const { group = "", account = "" } = context.req.param() as Record<string, string>;
      subscription.get(subscription.idOf(group, storageAccountType, account));
      return subscription.idOf(group, type, account, ...names);
    };

    app.get(service, (context) => reply(context, serviceOf(arm, idOf(context, blobServiceType, "default"))));

    app.put(service, async (context) => {
      const id = idOf(context, blobServiceType, "default");
      const given = objectAt(await jsonBody(context), "properties");
      for (const name of ["deleteRetentionPolicy", "containerDeleteRetentionPolicy"]) checkRetention(name, given);
      const current = serviceOf(arm, id);
      Object.assign(current.properties, given);
      return reply(context, subscription.put(current));
    });

    app.get(containers, (context) => {
      const account = idOf(context, blobServiceType, "default");
      return reply(context, { value: subscription.list(containerType, account).map((item) => arm.present(item)) });
    });

    app.get(`${containers}/:container`, (context) => {
      const id = idOf(context, containerType, "default", context.req.param("container"));
      const container = subscription.find(id);
      if (!container) throw new ApiError(404, "ContainerNotFound", "The specified container does not exist.");
      return reply(context, arm.present(container));
    });

    const write = async (context: Context): Promise<Response> => {
      const name = context.req.param("container") ?? "";
      // https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata
      if (!/^(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/.test(name) && name !== "$web" && name !== "$root")
        throw badRequest("InvalidContainerName", `The specified resource name '${name}' contains invalid characters.`);
      const id = idOf(context, containerType, "default", name);
      const existing = subscription.find(id);
      const given = objectAt(await jsonBody(context), "properties");
      const account = subscription.get(id.slice(0, id.indexOf("/blobServices/")));
      if (given.publicAccess && given.publicAccess !== "None" && account.properties.allowBlobPublicAccess !== true)
        throw new ApiError(409, "PublicAccessNotPermitted", "Public access is not permitted on this storage account.");
      const container = subscription.put({
        id,
        name,
        type: containerType,
        properties: {
          ...(existing?.properties ?? {
            publicAccess: "None",
            leaseStatus: "Unlocked",
            leaseState: "Available",
            hasImmutabilityPolicy: false,
            hasLegalHold: false,
            deleted: false,
            remainingRetentionDays: 0,
            defaultEncryptionScope: "$account-encryption-key",
            denyEncryptionScopeOverride: false,
          }),
          ...given,
          lastModifiedTime: new Date(arm.clock.now()).toISOString(),
        },
      });
      return reply(context, arm.present(container), existing ? 200 : 201);
    };
    app.put(`${containers}/:container`, write);
    app.patch(`${containers}/:container`, write);

    app.delete(`${containers}/:container`, (context) => {
      const id = idOf(context, containerType, "default", context.req.param("container"));
      const existed = subscription.find(id) !== undefined;
      subscription.remove(id);
      return new Response(null, { status: existed ? 200 : 204 });
    });

    app.get(policies, (context) => {
      const policy = subscription.find(idOf(context, policyType, "default"));
      if (!policy) throw new ApiError(404, "ManagementPolicyNotFound", "No ManagementPolicy found for account.");
      return reply(context, policy);
    });

    app.put(policies, async (context) => {
      const id = idOf(context, policyType, "default");
      const given = objectAt(await jsonBody(context), "properties");
      if (!Array.isArray(objectAt(given, "policy").rules))
        throw badRequest("InvalidRequestPropertiesValue", "The management policy has no rules.");
      const lastModifiedTime = new Date(arm.clock.now()).toISOString();
      return reply(
        context,
        subscription.put({
          id,
          name: "DefaultManagementPolicy",
          type: policyType,
          properties: { ...given, lastModifiedTime },
        }),
      );
    });

    app.delete(policies, (context) => {
      const id = idOf(context, policyType, "default");
      const existed = subscription.find(id) !== undefined;
      subscription.remove(id);
      return new Response(null, { status: existed ? 200 : 204 });
    });
  },
};

/** The blob service is there as soon as the account is; nothing creates it. */
function serviceOf(arm: Arm, id: string): ArmResource {
  const account = arm.subscription.get(id.slice(0, id.indexOf("/blobServices/")));
  return (
    arm.subscription.find(id) ?? {
      id,
      name: "default",
      type: blobServiceType,
      ...(account.sku ? { sku: account.sku } : {}),
      properties: { cors: { corsRules: [] }, deleteRetentionPolicy: { allowPermanentDelete: false, enabled: false } },
    }
  );
}

/** https://learn.microsoft.com/rest/api/storagerp/blob-services/set-service-properties#deleteretentionpolicy */
function checkRetention(name: string, properties: JsonObject): void {
  if (properties[name] === undefined) return;
  const { enabled, days } = objectAt(properties, name);
  if (enabled !== true) return;
  if (typeof days !== "number" || !Number.isInteger(days) || days < 1 || days > 365)
    throw badRequest("InvalidRequestPropertiesValue", `The value for '${name}.days' must be between 1 and 365.`);
}
