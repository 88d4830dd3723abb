import { randomUUID } from "node:crypto";
import type { Hono } from "hono";
import type { JsonObject } from "../../http/json.js";
import type { Arm, ArmService } from "../arm.js";
import { badRequest } from "../arm-error.js";
import { mountNetworkResource } from "./network-resource.js";
import { objectAt } from "../request-body.js";
import { subnetType } from "./subnets.js";
import type { ArmResource } from "../subscription.js";

const gatewayType = "Microsoft.Network/natGateways";
const addressType = "Microsoft.Network/publicIPAddresses";

/** NAT gateways and public IP addresses. https://learn.microsoft.com/rest/api/virtualnetwork/nat-gateways */
export const natGateways: ArmService = {
  name: "NAT gateways",
  types: [gatewayType, addressType],
  present: (resource, arm) => {
    const key = resource.type === gatewayType ? "subnets" : "natGateway";
    const users = resource.type === gatewayType ? subnetsOf(arm, resource) : gatewaysOf(arm, resource);
    if (users.length === 0) return resource;
    const references = users.map(({ id }) => ({ id }));
    return {
      ...resource,
      properties: { ...resource.properties, [key]: key === "subnets" ? references : references[0] },
    };
  },
  mount(app: Hono, arm: Arm): void {
    mountNetworkResource(app, arm, {
      type: addressType,
      properties: ({ body, existing }) => {
        const given = objectAt(body, "properties");
        const sku = objectAt(body, "sku").name ?? "Standard";
        // https://learn.microsoft.com/azure/virtual-network/ip-services/public-ip-addresses#sku
        if (sku === "Standard" && given.publicIPAllocationMethod !== "Static")
          throw badRequest(
            "StandardSkuPublicIPAddressMustBeStatic",
            "Standard sku publicIp must have AllocationMethod set to Static.",
          );
        const address = `203.0.113.${1 + (arm.subscription.list(addressType).length % 250)}`;
        return {
          publicIPAddressVersion: "IPv4",
          idleTimeoutInMinutes: 4,
          ipTags: [],
          ...given,
          ipAddress: existing?.properties.ipAddress ?? address,
          resourceGuid: existing?.properties.resourceGuid ?? randomUUID(),
        };
      },
      requireDeletable: (address) => {
        const [gateway] = gatewaysOf(arm, address);
        if (gateway)
          throw badRequest(
            "PublicIPAddressCannotBeDeleted",
            `Public IP address ${address.id} can not be deleted since it is still allocated to resource ${gateway.id}. In order to delete the public IP, disassociate/detach the Public IP address from the resource.`,
          );
      },
    });

    mountNetworkResource(app, arm, {
      type: gatewayType,
      properties: ({ id, body, existing, location }) => {
        const given = objectAt(body, "properties");
        for (const { id: address } of references(given.publicIpAddresses))
          if (arm.subscription.find(String(address))?.location !== location)
            throw badRequest(
              "InvalidResourceReference",
              `Resource ${String(address)} referenced by resource ${id} was not found. Please make sure that the referenced resource exists, and that both resources are in the same region.`,
            );
        return {
          idleTimeoutInMinutes: 4,
          ...given,
          resourceGuid: existing?.properties.resourceGuid ?? randomUUID(),
        };
      },
      requireDeletable: (gateway) => {
        const users = subnetsOf(arm, gateway);
        if (users.length > 0)
          throw badRequest(
            "InUseNatGatewayCannotBeDeleted",
            `Nat Gateway ${gateway.id} cannot be deleted because it is in use by the following resources: ${users.map(({ id }) => id).join(", ")}.`,
          );
      },
    });
  },
};

function references(value: unknown): JsonObject[] {
  return Array.isArray(value) ? (value as JsonObject[]) : [];
}

function subnetsOf(arm: Arm, gateway: ArmResource): ArmResource[] {
  return arm.subscription
    .list(subnetType)
    .filter(
      ({ properties }) => String(objectAt(properties, "natGateway").id).toLowerCase() === gateway.id.toLowerCase(),
    );
}

function gatewaysOf(arm: Arm, address: ArmResource): ArmResource[] {
  return arm.subscription
    .list(gatewayType)
    .filter(({ properties }) =>
      references(properties.publicIpAddresses).some(({ id }) => String(id).toLowerCase() === address.id.toLowerCase()),
    );
}
