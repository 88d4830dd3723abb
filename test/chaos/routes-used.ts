import type { FaultRule } from "../../sandbox/http/faults.js";
import type { TestWorkspace } from "../replication/pair.js";

/** One route of a workspace: a method, and a glob over the paths that its pattern stands for. */
export interface Route {
  readonly method: string;
  readonly path: string;
}

/** Every distinct route that was asked for since the log was emptied. */
export function routesUsed({ server }: TestWorkspace): Route[] {
  const routes = new Map<string, Route>();
  for (const { method, route } of server.traffic.log.entries()) {
    const path = route.replace(/:[a-z_]+(\{[^}]*\})?/gi, "*").replace(/\/\*+$/, "/**");
    routes.set(`${method} ${path}`, { method, path });
  }
  return [...routes.values()];
}

const page = "<!DOCTYPE html><html><body>Sign in</body></html>";

/** Ways in which a route answers no more what it should, whatever is asked. */
export const troubles: Readonly<Record<string, Omit<FaultRule, "method" | "path">>> = {
  "a page of a gateway, 404": { phase: "before", status: 404, body: page, contentType: "text/html" },
  ENDPOINT_NOT_FOUND: { phase: "before", status: 404, errorCode: "ENDPOINT_NOT_FOUND", message: "No API found" },
  "a page to sign in, 200": { phase: "before", status: 200, body: page, contentType: "text/html" },
  "{}": { phase: "before", status: 200, body: "{}" },
  "403": { phase: "before", status: 403, errorCode: "PERMISSION_DENIED", message: "not for you" },
  "503": { phase: "before", status: 503 },
  "a connection that is cut": { phase: "before", cut: true },
};
