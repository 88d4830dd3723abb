import { type Credentials, signIn } from "./client/credentials.js";
import { Limiter } from "./client/limiter.js";
import { WorkspaceClient } from "./client/workspace-client.js";
import type { Side } from "./kinds/kind.js";
import type { Endpoint, ReplicationSettings } from "./settings.js";

const limiters = new Map<string, Limiter>();

/** One end of a replication: all runs of this process share a workspace's limiter. */
export function sideOf(endpoint: Endpoint, settings: ReplicationSettings): Side {
  let limiter = limiters.get(endpoint.host);
  if (!limiter) limiters.set(endpoint.host, (limiter = new Limiter(settings)));
  const credentials = (): Promise<Credentials> =>
    signIn({
      host: endpoint.host,
      method: endpoint.auth.method,
      ...(endpoint.auth.profile ? { profile: endpoint.auth.profile } : {}),
      ...(endpoint.resourceId ? { resourceId: endpoint.resourceId } : {}),
    });
  return { endpoint, client: new WorkspaceClient(endpoint.host, credentials, limiter, endpoint.workspaceId) };
}
