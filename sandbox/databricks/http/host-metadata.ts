import type { Handler } from "hono";
import { reply } from "../../http/app.js";
import type { Workspace } from "../workspace.js";

/**
 * What a host says of itself to anyone, before any sign-in; every SDK asks it first, and warns when there is no answer.
 * https://github.com/databricks/databricks-sdk-py/blob/main/databricks/sdk/oauth.py (HostMetadata)
 */
export function hostMetadata(workspace: Workspace): Handler {
  return (c) =>
    reply(c, {
      oidc_endpoint: `${new URL(c.req.url).origin}/oidc`,
      workspace_id: workspace.options.id,
      cloud: "AZURE",
    });
}
