import type { Context, Hono } from "hono";
import { ApiError, jsonBody, reply } from "../../http/app.js";
import type { JsonObject } from "../../http/json.js";
import { contains, overlaps, parseRange, type AddressRange } from "./address-range.js";
import { addressSpaceOf } from "./address-space.js";
import { badRequest } from "../arm-error.js";
import { networkPath } from "./network-resource.js";
import { pollHeaders, withHeaders } from "../operations.js";
import { objectAt } from "../request-body.js";
import type { Arm } from "../arm.js";
import type { ArmResource } from "../subscription.js";

export const virtualNetworkType = "Microsoft.Network/virtualNetworks";
export const subnetType = "Microsoft.Network/virtualNetworks/subnets";

/** Subnets. https://learn.microsoft.com/rest/api/virtualnetwork/subnets */
export function mountSubnets(app: Hono, arm: Arm): void {
  const { subscription } = arm;
  const path = `${networkPath}/virtualNetworks/:network/subnets`;
  const networkOf = (context: Context): ArmResource => {
    const { group = "", network = "" } = context.req.param() as Record<string, string>;
    return subscription.get(subscription.idOf(group, virtualNetworkType, network));
  };
  const idOf = (context: Context): string => `${networkOf(context).id}/subnets/${context.req.param("subnet")}`;

  app.get(path, (context) => reply(context, { value: subnetsOf(arm, networkOf(context)) }));

  app.get(`${path}/:subnet`, (context) => {
    const subnet = subscription.find(idOf(context));
    if (!subnet) throw new ApiError(404, "NotFound", `Resource ${idOf(context)} not found.`);
    return reply(context, subnet);
  });

  app.put(`${path}/:subnet`, async (context) => {
    const body = await jsonBody(context);
    const network = networkOf(context);
    const existing = subscription.find(idOf(context));
    requireIdle(arm, network);
    const subnet = putSubnet(arm, network, context.req.param("subnet"), body);
    const operation = arm.operations.start(arm.operationMs, subnet.id, () => {
      subnet.properties.provisioningState = "Succeeded";
    });
    return withHeaders(
      reply(context, subnet, existing ? 200 : 201),
      pollHeaders(context, "Microsoft.Network", String(network.location), operation, { asyncOperation: true }),
    );
  });

  app.delete(`${path}/:subnet`, (context) => {
    const network = networkOf(context);
    const subnet = subscription.find(idOf(context));
    if (!subnet) return new Response(null, { status: 204 });
    requireUnused(subnet);
    requireIdle(arm, network);
    subnet.properties.provisioningState = "Deleting";
    const operation = arm.operations.start(arm.operationMs, "", () => subscription.remove(subnet.id));
    return withHeaders(
      new Response(null, { status: 202 }),
      pollHeaders(context, "Microsoft.Network", String(network.location), operation, {
        asyncOperation: true,
        location: true,
      }),
    );
  });
}

/** A virtual network takes one change at a time, whichever of its subnets it is. */
function requireIdle(arm: Arm, network: ArmResource): void {
  const busy = [network, ...subnetsOf(arm, network)].find(
    ({ properties }) => properties.provisioningState !== "Succeeded",
  );
  if (busy)
    throw new ApiError(
      429,
      "AnotherOperationInProgress",
      `Another operation on this or dependent resource is in progress. To retrieve status of the operation use uri of ${busy.id}.`,
      { "Retry-After": "1" },
    );
}

export function subnetsOf(arm: Arm, network: ArmResource): ArmResource[] {
  return arm.subscription.list(subnetType, network.id);
}

/** A subnet that a workspace's clusters live in cannot be deleted, nor its network. */
export function requireUnused(subnet: ArmResource): void {
  const links = subnet.properties.serviceAssociationLinks;
  if (!Array.isArray(links) || links.length === 0) return;
  throw badRequest(
    "InUseSubnetCannotBeDeleted",
    `Subnet ${subnet.name} is in use by ${String((links[0] as JsonObject).id)} and cannot be deleted. In order to delete the subnet, delete all the resources within the subnet. See aka.ms/deletesubnet.`,
  );
}

/** Writes the subnet. @throws 400 where its range, delegation or security group does not fit. */
export function putSubnet(arm: Arm, network: ArmResource, name: string, body: JsonObject): ArmResource {
  const id = `${network.id}/subnets/${name}`;
  const existing = arm.subscription.find(id);
  const given = objectAt(body, "properties");
  const range = requireRange(given, name, network);
  for (const other of subnetsOf(arm, network)) {
    const taken = parseRange(other.properties.addressPrefix);
    if (other.id.toLowerCase() !== id.toLowerCase() && taken && overlaps(range, taken))
      throw badRequest(
        "NetcfgSubnetRangesOverlap",
        `Subnet '${name}' is not valid because its IP address range overlaps with that of an existing subnet in virtual network '${network.name}'.`,
      );
  }
  for (const name of ["networkSecurityGroup", "natGateway"]) requireReference(arm, objectAt(given, name).id, network);
  const links = existing?.properties.serviceAssociationLinks;
  if (Array.isArray(links) && links.length > 0) requireStillFit(existing as ArmResource, given);
  return arm.subscription.put({
    id: existing?.id ?? id,
    name: existing?.name ?? name,
    type: subnetType,
    properties: {
      privateEndpointNetworkPolicies: "Disabled",
      privateLinkServiceNetworkPolicies: "Enabled",
      ...given,
      addressPrefix: given.addressPrefix ?? (given.addressPrefixes as string[])[0],
      delegations: delegationsOf(id, given),
      ...(links ? { serviceAssociationLinks: links } : {}),
      provisioningState: "Updating",
    },
  });
}

function requireRange(given: JsonObject, name: string, network: ArmResource): AddressRange {
  const prefix = given.addressPrefix ?? (Array.isArray(given.addressPrefixes) ? given.addressPrefixes[0] : undefined);
  const range = parseRange(prefix);
  if (!range)
    throw badRequest(
      "InvalidCIDRNotation",
      `The address prefix ${String(prefix)} in resource ${network.id}/subnets/${name} has an invalid CIDR notation. For the given prefix length, the address prefix should be aligned.`,
    );
  if (!addressSpaceOf(network.properties).some((outer) => contains(outer, range)))
    throw badRequest("NetcfgInvalidSubnet", `Subnet '${name}' is not valid in virtual network '${network.name}'.`);
  return range;
}

/** @throws 400 where the resource that the subnet refers to is not there, or is in another region. */
function requireReference(arm: Arm, reference: unknown, network: ArmResource): void {
  if (reference === undefined) return;
  const found = arm.subscription.find(String(reference));
  if (found?.location === network.location) return;
  throw badRequest(
    "InvalidResourceReference",
    `Resource ${String(reference)} referenced by resource ${network.id} was not found. Please make sure that the referenced resource exists, and that both resources are in the same region.`,
  );
}

function delegationsOf(subnetId: string, given: JsonObject): JsonObject[] {
  const delegations = Array.isArray(given.delegations) ? (given.delegations as JsonObject[]) : [];
  return delegations.map((delegation) => ({
    name: delegation.name,
    id: `${subnetId}/delegations/${String(delegation.name)}`,
    type: `${subnetType}/delegations`,
    properties: {
      serviceName: objectAt(delegation, "properties").serviceName,
      actions:
        objectAt(delegation, "properties").serviceName === "Microsoft.Databricks/workspaces"
          ? [
              "Microsoft.Network/virtualNetworks/subnets/join/action",
              "Microsoft.Network/virtualNetworks/subnets/prepareNetworkPolicies/action",
              "Microsoft.Network/virtualNetworks/subnets/unprepareNetworkPolicies/action",
            ]
          : [],
      provisioningState: "Succeeded",
    },
  }));
}

/** Whether the subnet is delegated to Databricks. */
export function isDelegatedToDatabricks(properties: JsonObject): boolean {
  const delegations = Array.isArray(properties.delegations) ? (properties.delegations as JsonObject[]) : [];
  return delegations.some(
    (delegation) =>
      String(objectAt(delegation, "properties").serviceName).toLowerCase() === "microsoft.databricks/workspaces",
  );
}

/** A workspace's network intent policy keeps the range, the delegation and the security group as they are. */
function requireStillFit(existing: ArmResource, given: JsonObject): void {
  const prefix = given.addressPrefix ?? (given.addressPrefixes as string[] | undefined)?.[0];
  if (prefix !== existing.properties.addressPrefix)
    throw badRequest("InUseSubnetCannotBeUpdated", `Subnet ${existing.name} is in use and cannot be updated.`);
  if (!isDelegatedToDatabricks(given))
    throw badRequest(
      "SubnetMissingRequiredDelegation",
      `Subnet ${existing.id} requires any of the following delegation(s) [Microsoft.Databricks/workspaces] to reference service association link.`,
    );
  if (objectAt(given, "networkSecurityGroup").id === undefined)
    throw badRequest(
      "NetworkSecurityGroupCannotBeRemovedDueToNipOnSubnet",
      `The network security group of subnet ${existing.id} cannot be removed: a network intent policy requires it.`,
    );
}
