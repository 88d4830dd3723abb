import { randomBytes } from "node:crypto";
import type { Context, Hono } from "hono";
import { jsonBody, reply } from "../http/app.js";
import type { JsonObject } from "../http/json.js";
import { badRequest, conflict } from "./arm-error.js";
import { addIntentPolicyRules, removeIntentPolicyRules } from "./network/network-security-groups.js";
import { pollHeaders, withHeaders } from "./operations.js";
import { objectAt, requireLocation, tagsOf } from "./request-body.js";
import type { Arm, ArmService } from "./arm.js";
import { isDelegatedToDatabricks } from "./network/subnets.js";
import type { ArmResource } from "./subscription.js";

const type = "Microsoft.Databricks/workspaces";
const path = "/subscriptions/:subscriptionId/resourceGroups/:group/providers/Microsoft.Databricks/workspaces";

/**
 * Azure Databricks workspaces. One comes to life, with an address that answers, when its creation has succeeded, and ends
 * when it is deleted. https://learn.microsoft.com/rest/api/databricks/workspaces
 */
export const databricksWorkspaces: ArmService = {
  name: "Databricks workspaces",
  mount(app: Hono, arm: Arm): void {
    const { subscription } = arm;
    const idOf = (context: Context): string => {
      const { group = "", workspace = "" } = context.req.param() as Record<string, string>;
      return subscription.idOf(group, type, workspace);
    };
    const poll = (context: Context, workspace: ArmResource, finish: () => void | Promise<void>, result: string) =>
      pollHeaders(
        context,
        "Microsoft.Databricks",
        String(workspace.location),
        arm.operations.start(arm.operationMs * 5, result, finish),
        { asyncOperation: true, location: true },
      );

    app.get("/subscriptions/:subscriptionId/providers/Microsoft.Databricks/workspaces", (context) =>
      reply(context, { value: subscription.list(type) }),
    );

    app.get(path, (context) =>
      reply(context, { value: subscription.list(type, subscription.requireGroup(context.req.param("group")).id) }),
    );

    app.get(`${path}/:workspace`, (context) => reply(context, subscription.get(idOf(context))));

    app.put(`${path}/:workspace`, async (context) => {
      const body = await jsonBody(context);
      subscription.requireGroup(context.req.param("group"));
      const existing = subscription.find(idOf(context));
      if (existing) {
        update(existing, body);
        subscription.put(existing);
        return reply(context, existing);
      }
      const workspace = create(arm, context, body);
      const headers = poll(context, workspace, () => bringToLife(arm, workspace), workspace.id);
      return withHeaders(reply(context, workspace, 201), headers);
    });

    app.patch(`${path}/:workspace`, async (context) => {
      const workspace = subscription.get(idOf(context));
      const tags = tagsOf(await jsonBody(context));
      if (tags) workspace.tags = tags;
      return reply(context, subscription.put(workspace));
    });

    app.delete(`${path}/:workspace`, (context) => {
      const workspace = subscription.find(idOf(context));
      if (!workspace) return new Response(null, { status: 204 });
      workspace.properties.provisioningState = "Deleting";
      return withHeaders(
        new Response(null, { status: 202 }),
        poll(context, workspace, () => end(arm, workspace), ""),
      );
    });
  },
};

const skus = ["standard", "premium", "trial"];

/** The SKU's name in lower case; premium where none is given, as the service takes it. */
function skuOf(body: JsonObject): string {
  const name = objectAt(body, "sku").name ?? "premium";
  if (typeof name === "string" && skus.includes(name.toLowerCase())) return name.toLowerCase();
  throw badRequest(
    "InvalidSkuName",
    `The SKU '${String(name)}' is invalid. The allowed values are ${skus.join(", ")}.`,
  );
}

function create(arm: Arm, context: Context, body: JsonObject): ArmResource {
  const { group = "", workspace: name = "" } = context.req.param() as Record<string, string>;
  if (!/^[\w-]{3,64}$/.test(name))
    throw badRequest(
      "InvalidWorkspaceName",
      `The workspace name '${name}' is invalid: 3 to 64 letters, digits, underscores and hyphens.`,
    );
  const location = requireLocation(body, type);
  const sku = skuOf(body);
  const given = objectAt(body, "properties");
  const managed = managedGroupId(arm, name, group, given.managedResourceGroupId);
  const parameters = objectAt(given, "parameters");
  checkNetwork(arm, location, parameters);
  const tags = tagsOf(body);
  const createdBy = { oid: arm.subscription.tenantId, applicationId: "00000000-0000-4000-8000-00000a99116a" };
  arm.subscription.put({
    id: managed,
    name: managed.slice(managed.lastIndexOf("/") + 1),
    type: "Microsoft.Resources/resourceGroups",
    location,
    managedBy: arm.subscription.idOf(group, type, name),
    properties: { provisioningState: "Succeeded" },
  });
  return arm.subscription.put({
    id: arm.subscription.idOf(group, type, name),
    name,
    type,
    location,
    ...(tags ? { tags } : {}),
    sku: { name: sku },
    properties: {
      ...given,
      managedResourceGroupId: managed,
      parameters: withDefaults(parameters),
      publicNetworkAccess: given.publicNetworkAccess ?? "Enabled",
      requiredNsgRules: given.requiredNsgRules ?? "AllRules",
      authorizations: [
        {
          principalId: "9a74af6f-d153-4348-988a-e2672920bee9",
          roleDefinitionId: "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
        },
      ],
      createdBy,
      updatedBy: createdBy,
      createdDateTime: new Date(arm.clock.now()).toISOString(),
      provisioningState: "Accepted",
    },
  });
}

function managedGroupId(arm: Arm, name: string, group: string, given: unknown): string {
  const id =
    given === undefined
      ? `${arm.subscription.path}/resourceGroups/databricks-rg-${name}-${randomBytes(6).toString("hex")}`
      : given;
  if (typeof id !== "string" || !/^\/subscriptions\/[^/]+\/resourceGroups\/[^/]{1,90}$/i.test(id))
    throw badRequest("InvalidManagedResourceGroupId", `The managed resource group id '${String(id)}' is malformed.`);
  if (id.toLowerCase().endsWith(`/${group.toLowerCase()}`))
    throw badRequest(
      "InvalidApplicationManagedResourceGroup",
      `The managed resource group '${id}' cannot be the resource group of the workspace itself.`,
    );
  if (arm.subscription.find(id))
    throw conflict(
      "ApplicationManagedResourceGroupAlreadyExists",
      `The managed resource group '${id}' of the workspace '${name}' already exists.`,
    );
  return id;
}

function parameter(parameters: JsonObject, name: string): unknown {
  return parameters[name] === undefined ? undefined : objectAt(parameters, name).value;
}

/**
 * The rules of VNet injection: the network in the workspace's region, two different subnets in it, each delegated and with
 * a security group, none in use by another workspace.
 * https://learn.microsoft.com/azure/databricks/security/network/classic/vnet-inject
 * A missing subnet is reported as out of range: https://github.com/hashicorp/terraform-provider-azurerm/issues/26335
 */
function checkNetwork(arm: Arm, location: string, parameters: JsonObject): void {
  const networkId = parameter(parameters, "customVirtualNetworkId");
  const names = ["customPublicSubnetName", "customPrivateSubnetName"].map((name) => parameter(parameters, name));
  if (networkId === undefined && names.every((name) => name === undefined)) return;
  if (networkId === undefined || names.some((name) => name === undefined))
    throw badRequest(
      "InvalidWorkspaceParameters",
      "customVirtualNetworkId, customPublicSubnetName and customPrivateSubnetName must be given together.",
    );
  const network = arm.subscription.find(String(networkId));
  if (!network)
    throw badRequest("LinkedInvalidPropertyId", `The virtual network '${String(networkId)}' was not found.`);
  if (network.location !== location)
    throw badRequest(
      "InvalidVirtualNetworkLocation",
      `The virtual network '${network.name}' is in '${network.location}' and the workspace in '${location}': they must be in the same location.`,
    );
  if (names[0] === names[1])
    throw badRequest("InvalidWorkspaceParameters", "The public and the private subnet must be two different subnets.");
  for (const name of names) {
    const subnet = arm.subscription.find(`${network.id}/subnets/${String(name)}`);
    if (!subnet)
      throw badRequest(
        "SubnetIsNotWithinVnetError",
        `The subnet ${String(name)} CIDR range '<null>' is not within the Virtual Network CIDR range.`,
      );
    if (!isDelegatedToDatabricks(subnet.properties))
      throw badRequest(
        "SubnetDelegationMissing",
        `The subnet ${subnet.id} must be delegated to Microsoft.Databricks/workspaces.`,
      );
    if (objectAt(subnet.properties, "networkSecurityGroup").id === undefined)
      throw badRequest(
        "SubnetNetworkSecurityGroupMissing",
        `The subnet ${subnet.id} must have a network security group.`,
      );
    if (Array.isArray(subnet.properties.serviceAssociationLinks))
      throw conflict("SubnetInUse", `The subnet ${subnet.id} is in use by another workspace.`);
  }
}

/** Every parameter comes back with its type, and those not given with their defaults. */
function withDefaults(parameters: JsonObject): JsonObject {
  const typed = Object.fromEntries(
    Object.keys(parameters).map((name) => {
      const { value } = objectAt(parameters, name);
      return [
        name,
        { type: typeof value === "boolean" ? "Bool" : typeof value === "object" ? "Object" : "String", value },
      ];
    }),
  );
  return {
    enableNoPublicIp: { type: "Bool", value: true },
    prepareEncryption: { type: "Bool", value: false },
    requireInfrastructureEncryption: { type: "Bool", value: false },
    storageAccountName: { type: "String", value: `dbstorage${randomBytes(6).toString("hex")}` },
    storageAccountSkuName: { type: "String", value: "Standard_GRS" },
    ...typed,
  };
}

function subnetsOf(arm: Arm, workspace: ArmResource): ArmResource[] {
  const parameters = objectAt(workspace.properties, "parameters");
  const network = parameter(parameters, "customVirtualNetworkId");
  return ["customPublicSubnetName", "customPrivateSubnetName"].flatMap(
    (name) => arm.subscription.find(`${String(network)}/subnets/${String(parameter(parameters, name))}`) ?? [],
  );
}

async function bringToLife(arm: Arm, workspace: ArmResource): Promise<void> {
  const { workspaceUrl, workspaceId } = await arm.options.workspaces.create({
    resourceId: workspace.id,
    name: workspace.name,
    region: String(workspace.location),
    tier: workspace.sku?.name === "standard" ? "standard" : "premium",
    tags: (workspace.tags ?? {}) as Record<string, string>,
  });
  for (const subnet of subnetsOf(arm, workspace)) {
    subnet.properties.serviceAssociationLinks = [
      {
        name: "DatabricksSubnetSal",
        id: `${subnet.id}/serviceAssociationLinks/DatabricksSubnetSal`,
        properties: {
          linkedResourceType: type,
          link: workspace.id,
          allowDelete: false,
          provisioningState: "Succeeded",
        },
      },
    ];
    const group = arm.subscription.find(String(objectAt(subnet.properties, "networkSecurityGroup").id));
    if (group) addIntentPolicyRules(group);
  }
  Object.assign(workspace.properties, { workspaceUrl, workspaceId, provisioningState: "Succeeded" });
}

async function end(arm: Arm, workspace: ArmResource): Promise<void> {
  await arm.options.workspaces.remove(workspace.id);
  for (const subnet of subnetsOf(arm, workspace)) {
    delete subnet.properties.serviceAssociationLinks;
    const group = arm.subscription.find(String(objectAt(subnet.properties, "networkSecurityGroup").id));
    if (group) removeIntentPolicyRules(group);
  }
  arm.subscription.remove(String(workspace.properties.managedResourceGroupId));
  arm.subscription.remove(workspace.id);
}

/** What may change after creation: tags, SKU, access settings. The network and the managed group stay. */
function update(workspace: ArmResource, body: JsonObject): void {
  const location = requireLocation(body, type);
  if (location !== workspace.location)
    throw conflict(
      "InvalidResourceLocation",
      `The resource '${workspace.name}' already exists in location '${workspace.location}'. A resource with the same name cannot be created in location '${location}'. Please select a new resource name.`,
    );
  const { parameters: _, managedResourceGroupId, ...given } = objectAt(body, "properties");
  const kept = String(workspace.properties.managedResourceGroupId);
  if (typeof managedResourceGroupId === "string" && managedResourceGroupId.toLowerCase() !== kept.toLowerCase())
    throw conflict(
      "ManagedResourceGroupIdChangeNotAllowed",
      `The managed resource group is '${kept}' and cannot be changed.`,
    );
  const requested = objectAt(objectAt(body, "properties"), "parameters");
  const current = objectAt(workspace.properties, "parameters");
  const network = parameter(requested, "customVirtualNetworkId");
  const old = parameter(current, "customVirtualNetworkId");
  if (network !== undefined && String(network).toLowerCase() !== String(old).toLowerCase())
    throw badRequest(
      "VirtualNetworkIdChangeNotAllowed",
      `Updating required Virtual Network from ${String(old)} to ${String(network)} is currently not allowed.`,
    );
  const tags = tagsOf(body);
  if (tags) workspace.tags = tags;
  workspace.sku = { name: skuOf(body) };
  Object.assign(workspace.properties, given);
}
