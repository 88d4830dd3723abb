import type { Context, Hono } from "hono";
import { jsonBody, reply } from "../../http/app.js";
import type { JsonObject } from "../../http/json.js";
import type { Arm } from "../arm.js";
import { conflict } from "../arm-error.js";
import { pollHeaders, withHeaders } from "../operations.js";
import { objectAt, requireLocation, tagsOf } from "../request-body.js";
import type { ArmResource } from "../subscription.js";

/** What is particular to one type of Microsoft.Network; the rest is the same for all of them. */
export interface NetworkResourceType {
  /** `Microsoft.Network/natGateways` */
  readonly type: string;
  /** The properties to keep, from the request's body. @throws where Azure refuses them. */
  properties(request: {
    readonly id: string;
    readonly location: string;
    readonly body: JsonObject;
    readonly existing: ArmResource | undefined;
  }): JsonObject;
  /** After the resource is written; for children given inside it. */
  written?(resource: ArmResource, body: JsonObject): void;
  /** @throws where the resource is in use. */
  requireDeletable(resource: ArmResource): void;
}

export const networkPath = "/subscriptions/:subscriptionId/resourceGroups/:group/providers/Microsoft.Network";

/** Mounts list, get, put and delete of one located type; writes and deletions are asynchronous. */
export function mountNetworkResource(app: Hono, arm: Arm, kind: NetworkResourceType): void {
  const { subscription } = arm;
  const path = `${networkPath}/${kind.type.split("/")[1]}`;
  const idOf = (context: Context): string =>
    subscription.idOf(context.req.param("group") ?? "", kind.type, context.req.param("name") ?? "");

  app.get(path, (context) => {
    const scope = subscription.requireGroup(context.req.param("group") ?? "").id;
    return reply(context, { value: subscription.list(kind.type, scope).map((item) => arm.present(item)) });
  });

  app.get(`${path}/:name`, (context) => reply(context, arm.present(subscription.get(idOf(context)))));

  app.put(`${path}/:name`, async (context) => {
    const body = await jsonBody(context);
    subscription.requireGroup(context.req.param("group") ?? "");
    const location = requireLocation(body, kind.type);
    const existing = subscription.find(idOf(context));
    if (existing && existing.location !== location)
      throw conflict(
        "InvalidResourceLocation",
        `The resource '${existing.name}' already exists in location '${existing.location}' in resource group '${context.req.param("group")}'. A resource with the same name cannot be created in location '${location}'. Please select a new resource name.`,
      );
    const id = existing?.id ?? idOf(context);
    const tags = tagsOf(body);
    const properties = kind.properties({ id, location, body, existing });
    const resource = subscription.put({
      id,
      name: existing?.name ?? context.req.param("name") ?? "",
      type: kind.type,
      location,
      ...(tags ? { tags } : {}),
      ...(body.sku ? { sku: objectAt(body, "sku") } : {}),
      properties: { ...properties, provisioningState: "Updating" },
    });
    kind.written?.(resource, body);
    const operation = arm.operations.start(arm.operationMs, resource.id, () => {
      resource.properties.provisioningState = "Succeeded";
    });
    return withHeaders(
      reply(context, arm.present(resource), existing ? 200 : 201),
      pollHeaders(context, "Microsoft.Network", location, operation, { asyncOperation: true }),
    );
  });

  app.delete(`${path}/:name`, (context) => {
    const resource = subscription.find(idOf(context));
    if (!resource) return new Response(null, { status: 204 });
    kind.requireDeletable(resource);
    resource.properties.provisioningState = "Deleting";
    const operation = arm.operations.start(arm.operationMs, "", () => subscription.remove(resource.id));
    return withHeaders(
      new Response(null, { status: 202 }),
      pollHeaders(context, "Microsoft.Network", String(resource.location), operation, {
        asyncOperation: true,
        location: true,
      }),
    );
  });
}
