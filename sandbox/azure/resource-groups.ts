import type { Context, Hono } from "hono";
import { ApiError, jsonBody, reply } from "../http/app.js";
import { badRequest, conflict } from "./arm-error.js";
import { pollHeaders, withHeaders } from "./operations.js";
import { requireLocation, tagsOf } from "./request-body.js";
import type { Arm, ArmService } from "./arm.js";
import type { ArmResource } from "./subscription.js";

const path = "/subscriptions/:subscriptionId/resourceGroups";
const type = "Microsoft.Resources/resourceGroups";

/** Resource groups; deleting one deletes what is in it. https://learn.microsoft.com/rest/api/resources/resource-groups */
export const resourceGroups: ArmService = {
  name: "resource groups",
  mount(app: Hono, arm: Arm): void {
    const idOf = (context: Context): string => `${arm.subscription.path}/resourceGroups/${context.req.param("group")}`;

    app.get(path, (context) => reply(context, { value: arm.subscription.list(type) }));

    app.get(`${path}/:group`, (context) => reply(context, arm.subscription.requireGroup(context.req.param("group"))));

    app.on("HEAD", `${path}/:group`, (context) => {
      const found = arm.subscription.find(idOf(context));
      return new Response(null, { status: found ? 204 : 404 });
    });

    app.put(`${path}/:group`, async (context) => {
      const name = context.req.param("group");
      // https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
      if (name.length > 90 || !/^[-\w.()]*[-\w()]$/u.test(name))
        throw badRequest(
          "InvalidResourceGroup",
          `The provided resource group name '${name}' is invalid: 1 to 90 letters, digits, underscores, parentheses, hyphens and periods, not ending in a period.`,
        );
      const body = await jsonBody(context);
      const location = requireLocation(body, "Microsoft.Resources/resourceGroups");
      const existing = arm.subscription.find(idOf(context));
      if (existing && existing.location !== location)
        throw conflict(
          "InvalidResourceGroupLocation",
          `Invalid resource group location '${location}'. The Resource group already exists in location '${existing.location}'.`,
        );
      const group = arm.subscription.put({
        id: existing?.id ?? idOf(context),
        name: existing?.name ?? name,
        type,
        location,
        tags: tagsOf(body),
        ...(typeof body.managedBy === "string" ? { managedBy: body.managedBy } : {}),
        properties: { provisioningState: "Succeeded" },
      });
      return reply(context, group, existing ? 200 : 201);
    });

    app.patch(`${path}/:group`, async (context) => {
      const group = arm.subscription.requireGroup(context.req.param("group"));
      const tags = tagsOf(await jsonBody(context));
      if (tags) group.tags = tags;
      return reply(context, arm.subscription.put(group));
    });

    app.delete(`${path}/:group`, (context) => {
      const group = arm.subscription.requireGroup(context.req.param("group"));
      if (group.managedBy && arm.subscription.find(group.managedBy))
        throw new ApiError(
          403,
          "DenyAssignmentAuthorizationFailed",
          `The resource group '${group.name}' is managed by '${group.managedBy}': its deny assignment blocks 'Microsoft.Resources/subscriptions/resourceGroups/delete'.`,
        );
      group.properties.provisioningState = "Deleting";
      const operation = arm.operations.start(arm.operationMs, "", () => removeGroup(arm, group));
      return withHeaders(
        new Response(null, { status: 202 }),
        pollHeaders(context, "Microsoft.Resources", group.location ?? "global", operation, { location: true }),
      );
    });

    app.get(`${path}/:group/resources`, (context) => {
      const group = arm.subscription.requireGroup(context.req.param("group"));
      const value = arm.subscription
        .below(group.id)
        .filter((resource) => resource.type.split("/").length === 2)
        .map(({ id, name, type: resourceType, location, tags, sku, kind }) => ({
          id,
          name,
          type: resourceType,
          location,
          tags,
          sku,
          kind,
        }));
      return reply(context, { value });
    });
  },
};

/** Removes the group with all that it holds; a workspace in it ends, and so does its managed group. */
export async function removeGroup(arm: Arm, group: ArmResource): Promise<void> {
  for (const workspace of arm.subscription.list("Microsoft.Databricks/workspaces", group.id)) {
    await arm.options.workspaces.remove(workspace.id);
    const managed = workspace.properties.managedResourceGroupId;
    if (typeof managed === "string") arm.subscription.remove(managed);
  }
  arm.subscription.remove(group.id);
}
