import { randomUUID } from "node:crypto";
import type { Context, Hono } from "hono";
import { jsonBody, reply } from "../http/app.js";
import type { JsonObject } from "../http/json.js";
import { contains, parseRange } from "./address-range.js";
import { addressSpaceOf } from "./address-space.js";
import { badRequest, conflict } from "./arm-error.js";
import { pollHeaders, withHeaders } from "./operations.js";
import { objectAt, requireLocation, tagsOf } from "./request-body.js";
import type { Arm, ArmService } from "./arm.js";
import { mountSubnets, putSubnet, requireUnused, subnetType, subnetsOf, virtualNetworkType } from "./subnets.js";
import type { ArmResource } from "./subscription.js";

export const virtualNetworkPath =
  "/subscriptions/:subscriptionId/resourceGroups/:group/providers/Microsoft.Network/virtualNetworks";

/** Virtual networks and their subnets. https://learn.microsoft.com/rest/api/virtualnetwork/virtual-networks */
export const virtualNetworks: ArmService = {
  name: "virtual networks",
  types: [virtualNetworkType, subnetType],
  present: (resource, arm) =>
    resource.type === virtualNetworkType
      ? {
          ...resource,
          properties: { ...resource.properties, subnets: subnetsOf(arm, resource).map((subnet) => ({ ...subnet })) },
        }
      : { ...resource },
  mount(app: Hono, arm: Arm): void {
    const { subscription } = arm;
    const idOf = (context: Context): string => {
      const { group = "", network = "" } = context.req.param() as Record<string, string>;
      return subscription.idOf(group, virtualNetworkType, network);
    };

    app.get(virtualNetworkPath, (context) => {
      const scope = subscription.requireGroup(context.req.param("group")).id;
      return reply(context, { value: subscription.list(virtualNetworkType, scope).map((item) => arm.present(item)) });
    });

    app.get(`${virtualNetworkPath}/:network`, (context) =>
      reply(context, arm.present(subscription.get(idOf(context)))),
    );

    app.put(`${virtualNetworkPath}/:network`, async (context) => {
      const body = await jsonBody(context);
      subscription.requireGroup(context.req.param("group"));
      const location = requireLocation(body, virtualNetworkType);
      const existing = subscription.find(idOf(context));
      if (existing && existing.location !== location)
        throw conflict(
          "InvalidResourceLocation",
          `The resource '${existing.name}' already exists in location '${existing.location}'. A resource with the same name cannot be created in location '${location}'. Please select a new resource name.`,
        );
      const network = putNetwork(arm, existing, idOf(context), context.req.param("network"), location, body);
      const operation = arm.operations.start(arm.operationMs, network.id, () => {
        network.properties.provisioningState = "Succeeded";
      });
      return withHeaders(
        reply(context, arm.present(network), existing ? 200 : 201),
        pollHeaders(context, "Microsoft.Network", location, operation, { asyncOperation: true }),
      );
    });

    app.delete(`${virtualNetworkPath}/:network`, (context) => {
      const network = subscription.find(idOf(context));
      if (!network) return new Response(null, { status: 204 });
      for (const subnet of subnetsOf(arm, network)) requireUnused(subnet);
      const operation = arm.operations.start(arm.operationMs, "", () => subscription.remove(network.id));
      return withHeaders(
        new Response(null, { status: 202 }),
        pollHeaders(context, "Microsoft.Network", String(network.location), operation, {
          asyncOperation: true,
          location: true,
        }),
      );
    });

    mountSubnets(app, arm, virtualNetworkPath);
  },
};

function putNetwork(
  arm: Arm,
  existing: ArmResource | undefined,
  id: string,
  name: string,
  location: string,
  body: JsonObject,
): ArmResource {
  const { subnets, ...given } = objectAt(body, "properties");
  const space = addressSpaceOf(given);
  const tags = tagsOf(body);
  const kept = existing ? subnetsOf(arm, existing) : [];
  for (const subnet of kept) {
    const range = parseRange(subnet.properties.addressPrefix);
    if (range && !space.some((outer) => contains(outer, range)))
      throw badRequest(
        "InUsePrefixCannotBeDeleted",
        `IpPrefix of subnet ${subnet.id} is in use and cannot be taken out of the address space.`,
      );
  }
  const network = arm.subscription.put({
    id: existing?.id ?? id,
    name: existing?.name ?? name,
    type: virtualNetworkType,
    location,
    ...(tags ? { tags } : {}),
    properties: {
      virtualNetworkPeerings: [],
      enableDdosProtection: false,
      ...given,
      provisioningState: "Updating",
      resourceGuid: existing?.properties.resourceGuid ?? randomUUID(),
    },
  });
  if (Array.isArray(subnets)) replaceSubnets(arm, network, kept, subnets as JsonObject[]);
  return network;
}

/** Subnets given with their network are the whole list: one that is not in it is deleted, unless it is in use. */
function replaceSubnets(arm: Arm, network: ArmResource, kept: ArmResource[], given: JsonObject[]): void {
  const names = new Set(given.map((subnet) => String(subnet.name).toLowerCase()));
  for (const subnet of kept) {
    if (names.has(subnet.name.toLowerCase())) continue;
    requireUnused(subnet);
    arm.subscription.remove(subnet.id);
  }
  for (const subnet of given) {
    const resource = putSubnet(arm, network, String(subnet.name), subnet);
    resource.properties.provisioningState = "Succeeded";
  }
}
