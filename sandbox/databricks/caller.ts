import type { Context, MiddlewareHandler } from "hono";
import { ApiError } from "../http/app.js";
import type { Workspace } from "./workspace.js";

/** The user name (or a service principal's application id) that the request's token belongs to. */
export function callerOf(context: Context): string {
  return context.get("caller") as string;
}

/**
 * Refuses a request without a token this workspace knows. A missing credential is 401, an unknown one 403, and the
 * `error_code` of both is a number: https://github.com/databricks/databricks-sdk-go/issues/873
 */
export function requireToken(workspace: Workspace): MiddlewareHandler {
  return async (context, next) => {
    const [scheme, token] = (context.req.header("authorization") ?? "").split(" ", 2);
    if (scheme?.toLowerCase() !== "bearer" || !token)
      throw new ApiError(401, "401", "Credential was not sent or was of an unsupported type for this API.");
    const caller = workspace.callerOfToken(token);
    if (caller === undefined) throw new ApiError(403, "403", "Invalid access token.");
    context.set("caller", caller);
    await next();
  };
}
