import { createApp, type ApiError, type ErrorStyle } from "../http/app.js";
import { listen } from "../http/listen.js";
import { Traffic } from "../http/traffic.js";
import { holdToRights } from "./permissions/access-rules.js";
import { requireToken } from "./identity/caller.js";
import { hostMetadata } from "./http/host-metadata.js";
import { RateLimiter } from "./http/rate-limits.js";
import { services } from "./registry.js";
import { ScimError } from "./identity/scim-error.js";
import type { Workspace } from "./workspace.js";

export interface WorkspaceServerOptions {
  readonly workspace: Workspace;
  /** Port on 127.0.0.1; a free one by default. */
  readonly port?: number;
  /** Added to every answer, in ms. */
  readonly latencyMs?: number;
  /** Whether the documented rate limits hold; no by default. */
  readonly rateLimits?: boolean;
}

/** A workspace that answers on the network, with everything that can be switched while it runs. */
export interface WorkspaceServer {
  /** `http://127.0.0.1:<port>`, what a client calls the host. */
  readonly url: string;
  readonly workspace: Workspace;
  /** Latency, faults, request log, requests in flight. */
  readonly traffic: Traffic;
  readonly limits: RateLimiter;
  close(): Promise<void>;
}

/** Databricks' error body; `error_code` is a number where the gateway in front of the services answers. */
const databricksErrors: ErrorStyle = {
  body: (error: ApiError) =>
    error instanceof ScimError
      ? error.body
      : {
          error_code: /^\d+$/.test(error.errorCode) ? Number(error.errorCode) : error.errorCode,
          message: error.message,
          ...(error.details && { details: error.details }),
        },
};

/** Starts one workspace on 127.0.0.1. Every answer names the workspace in `X-Databricks-Org-Id`. */
export async function startWorkspaceServer(options: WorkspaceServerOptions): Promise<WorkspaceServer> {
  const { workspace } = options;
  const traffic = new Traffic({ latencyMs: options.latencyMs });
  const limits = new RateLimiter();
  limits.enabled = options.rateLimits ?? false;

  const app = createApp(databricksErrors);
  app.use(async (context, next) => {
    await next();
    // A fault rule may have put another workspace's id there.
    if (!context.res.headers.has("X-Databricks-Org-Id"))
      context.res.headers.set("X-Databricks-Org-Id", workspace.options.id);
  });
  traffic.install(app);
  app.get("/.well-known/databricks-config", hostMetadata(workspace));
  app.use(requireToken(workspace), limits.middleware, holdToRights(workspace));
  for (const service of services) service.mount(app, workspace);

  const { url, close: stopListening } = await listen(app, options.port);
  const close = async (): Promise<void> => {
    await stopListening();
    await workspace.close();
  };
  return { url, workspace, traffic, limits, close };
}
