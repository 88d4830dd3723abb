import { randomUUID } from "node:crypto";
import type { Hono } from "hono";
import type { JsonObject } from "../../http/json.js";
import { contains, parseRange } from "./address-range.js";
import { addressSpaceOf } from "./address-space.js";
import { badRequest } from "../arm-error.js";
import { mountNetworkResource } from "./network-resource.js";
import { objectAt } from "../request-body.js";
import type { Arm, ArmService } from "../arm.js";
import { mountSubnets, putSubnet, requireUnused, subnetType, subnetsOf, virtualNetworkType } from "./subnets.js";
import type { ArmResource } from "../subscription.js";

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
    mountNetworkResource(app, arm, {
      type: virtualNetworkType,
      properties: ({ body, existing }) => {
        const { subnets: _, ...given } = objectAt(body, "properties");
        const space = addressSpaceOf(given);
        for (const subnet of existing ? subnetsOf(arm, existing) : []) {
          const range = parseRange(subnet.properties.addressPrefix);
          if (range && !space.some((outer) => contains(outer, range)))
            throw badRequest(
              "InUsePrefixCannotBeDeleted",
              `IpPrefix of subnet ${subnet.id} is in use and cannot be taken out of the address space.`,
            );
        }
        return {
          virtualNetworkPeerings: [],
          enableDdosProtection: false,
          ...given,
          resourceGuid: existing?.properties.resourceGuid ?? randomUUID(),
        };
      },
      written: (network, body) => {
        const { subnets } = objectAt(body, "properties");
        if (Array.isArray(subnets)) replaceSubnets(arm, network, subnetsOf(arm, network), subnets as JsonObject[]);
      },
      requireDeletable: (network) => {
        for (const subnet of subnetsOf(arm, network)) requireUnused(subnet);
      },
    });

    mountSubnets(app, arm);
  },
};

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
