import type { Context, MiddlewareHandler } from "hono";
import { ApiError } from "../../http/app.js";
import type { Workspace } from "../workspace.js";

/** The user name (or a service principal's application id) that the request's token belongs to. */
export function callerOf(context: Context): string {
  return context.get("caller") as string;
}

/** The token of an `Authorization` header: a bearer's, or the password of the user `token`, as curl and .netrc send it. */
function tokenIn(header: string): string | undefined {
  const [scheme = "", credential] = header.split(" ", 2);
  if (scheme.toLowerCase() === "bearer") return credential;
  if (scheme.toLowerCase() !== "basic" || !credential) return undefined;
  return /^token:(.+)$/.exec(Buffer.from(credential, "base64").toString())?.[1];
}

/**
 * Refuses a request without a token this workspace knows. A missing credential is 401, an unknown one 403, and the
 * `error_code` of both is a number: https://github.com/databricks/databricks-sdk-go/issues/873
 */
export function requireToken(workspace: Workspace): MiddlewareHandler {
  return async (context, next) => {
    const token = tokenIn(context.req.header("authorization") ?? "");
    if (!token) throw new ApiError(401, "401", "Credential was not sent or was of an unsupported type for this API.");
    const caller = workspace.callerOfToken(token);
    if (caller === undefined) throw new ApiError(403, "403", "Invalid access token.");
    context.set("caller", caller);
    await next();
  };
}
