import type { Context, Hono } from "hono";
import { ApiError, jsonBody, reply } from "../http/app.js";
import { badRequest, conflict } from "./arm-error.js";
import { objectAt } from "./request-body.js";
import type { Arm, ArmService } from "./arm.js";
import { isWithin, type Lock, type Subscription } from "./subscription.js";

const suffix = "/providers/Microsoft.Authorization/locks";

/**
 * Management locks on the subscription, a resource group or a resource.
 * https://learn.microsoft.com/rest/api/resources/management-locks
 */
export const managementLocks: ArmService = {
  name: "management locks",
  mount(app: Hono, arm: Arm): void {
    const { locks } = arm.subscription;
    const scopes = [
      "/subscriptions/:subscriptionId",
      "/subscriptions/:subscriptionId/resourceGroups/:group",
      "/subscriptions/:subscriptionId/resourceGroups/:group/providers/:namespace/:type/:resource",
    ];
    const scopeOf = (context: Context): string => context.req.path.slice(0, context.req.path.indexOf(suffix));
    const idOf = (context: Context): string => `${scopeOf(context)}${suffix}/${context.req.param("lock")}`;
    const show = (lock: Lock): object => ({
      id: lock.id,
      name: lock.name,
      type: "Microsoft.Authorization/locks",
      properties: { level: lock.level, ...(lock.notes ? { notes: lock.notes } : {}) },
    });

    for (const scope of scopes) {
      app.get(`${scope}${suffix}`, (context) =>
        reply(context, {
          value: [...locks.values()].filter((lock) => isWithin(lock.scope, scopeOf(context))).map(show),
        }),
      );

      app.get(`${scope}${suffix}/:lock`, (context) => {
        const lock = locks.get(idOf(context).toLowerCase());
        if (!lock)
          throw new ApiError(404, "LockNotFound", `The lock '${context.req.param("lock")}' could not be found.`);
        return reply(context, show(lock));
      });

      app.put(`${scope}${suffix}/:lock`, async (context) => {
        const target = scopeOf(context);
        if (target !== arm.subscription.path) arm.subscription.get(target);
        const properties = objectAt(await jsonBody(context), "properties");
        const { level } = properties;
        if (level !== "CanNotDelete" && level !== "ReadOnly")
          throw badRequest("InvalidLockLevel", `The lock level '${String(level)}' is invalid.`);
        const id = idOf(context);
        const existing = locks.has(id.toLowerCase());
        const lock: Lock = {
          id,
          name: context.req.param("lock") ?? "",
          scope: target,
          level,
          ...(typeof properties.notes === "string" ? { notes: properties.notes } : {}),
        };
        locks.set(id.toLowerCase(), lock);
        return reply(context, show(lock), existing ? 200 : 201);
      });

      app.delete(
        `${scope}${suffix}/:lock`,
        (context) => new Response(null, { status: locks.delete(idOf(context).toLowerCase()) ? 200 : 204 }),
      );
    }
  },
};

/**
 * Refuses what a lock forbids: a CanNotDelete lock on the resource, above it, or (when a group is deleted) below it.
 * https://learn.microsoft.com/azure/azure-resource-manager/management/lock-resources
 */
export function enforceLocks(method: string, path: string, subscription: Subscription): void {
  if (method === "GET" || method === "HEAD" || path.includes(suffix)) return;
  const verb = method === "DELETE" ? "delete" : "write";
  const blocking = [...subscription.locks.values()].filter(
    (lock) =>
      (verb === "delete" || lock.level === "ReadOnly") &&
      (isWithin(path, lock.scope) || (verb === "delete" && isWithin(lock.scope, path))),
  );
  if (blocking.length === 0) return;
  throw conflict(
    "ScopeLocked",
    `The scope '${path}' cannot perform ${verb} operation because following scope(s) are locked: '${blocking.map((lock) => lock.scope).join("', '")}'. Please remove the lock and try again.`,
  );
}
