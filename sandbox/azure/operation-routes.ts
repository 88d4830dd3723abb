import type { Hono } from "hono";
import { ApiError, reply } from "../http/app.js";
import type { Arm, ArmService } from "./arm.js";
import { armErrorStyle } from "./arm-error.js";
import type { Operation } from "./operations.js";

const base = "/subscriptions/:subscriptionId/providers/:namespace/locations/:region";

/** The two addresses at which an operation is polled. */
export const operationRoutes: ArmService = {
  name: "operations",
  mount(app: Hono, arm: Arm): void {
    const find = (id: string): Operation => {
      const operation = arm.operations.find(id);
      if (!operation) throw new ApiError(404, "OperationNotFound", `The operation '${id}' could not be found.`);
      return operation;
    };

    app.get(`${base}/operationStatuses/:id`, (context) => {
      const operation = find(context.req.param("id"));
      return reply(context, {
        id: new URL(context.req.url).pathname,
        name: operation.id,
        status: operation.status,
        startTime: new Date(operation.startTime).toISOString(),
        ...(operation.error ? (armErrorStyle.body(operation.error) as object) : {}),
      });
    });

    app.get(`${base}/operationResults/:id`, (context) => {
      const operation = find(context.req.param("id"));
      if (operation.status === "InProgress")
        return new Response(null, { status: 202, headers: { Location: context.req.url, "Retry-After": "0" } });
      if (operation.error) throw operation.error;
      if (operation.resultPath === "") return new Response(null, { status: 204 });
      const resource = arm.subscription.find(operation.resultPath);
      return resource ? reply(context, arm.present(resource)) : new Response(null, { status: 204 });
    });
  },
};
