import type { Hono } from "hono";
import { reply } from "../http/app.js";
import { allRegions } from "./regions.js";
import type { Arm, ArmService } from "./arm.js";

/** Subscriptions, their locations and tenants. https://learn.microsoft.com/rest/api/resources/subscriptions */
export const subscriptions: ArmService = {
  name: "subscriptions",
  mount(app: Hono, arm: Arm): void {
    const subscription = {
      id: arm.subscription.path,
      subscriptionId: arm.subscription.id,
      tenantId: arm.subscription.tenantId,
      displayName: "Sandbox",
      state: "Enabled",
      subscriptionPolicies: { spendingLimit: "Off" },
      authorizationSource: "RoleBased",
    };

    app.get("/subscriptions", (context) => reply(context, { value: [subscription] }));
    app.get("/subscriptions/:subscriptionId", (context) => reply(context, subscription));
    app.get("/tenants", (context) =>
      reply(context, { value: [{ id: `/tenants/${arm.subscription.tenantId}`, tenantId: arm.subscription.tenantId }] }),
    );
    app.get("/subscriptions/:subscriptionId/locations", (context) =>
      reply(context, {
        value: allRegions().map(({ name, displayName, pair }) => ({
          id: `${arm.subscription.path}/locations/${name}`,
          name,
          displayName,
          type: "Region",
          metadata: {
            regionType: "Physical",
            pairedRegion: pair ? [{ name: pair, id: `${arm.subscription.path}/locations/${pair}` }] : [],
          },
        })),
      }),
    );
  },
};
