import { signIn } from "../client/credentials.js";
import type { Credentials } from "../client/sign-in.js";
import { Limiter } from "../client/limiter.js";
import { WorkspaceClient } from "../client/workspace-client.js";
import type { Side } from "../kinds/kind.js";
import type { Endpoint, ReplicationSettings } from "../settings.js";

const limiters = new Map<string, Limiter>();

/** One end of a replication: all runs of this process that are set to the same pace share a workspace's limiter. */
export function sideOf(endpoint: Endpoint, settings: ReplicationSettings): Side {
  const limiter = limiterOf(endpoint.host, settings);
  const credentials = (): Promise<Credentials> =>
    signIn({
      host: endpoint.host,
      method: endpoint.auth.method,
      ...(endpoint.auth.profile ? { profile: endpoint.auth.profile } : {}),
      ...(endpoint.resourceId ? { resourceId: endpoint.resourceId } : {}),
    });
  return { endpoint, client: new WorkspaceClient(endpoint.host, credentials, limiter, endpoint.workspaceId) };
}

function limiterOf(host: string, settings: ReplicationSettings): Limiter {
  const { rateLimits, concurrency, longestWaitSeconds } = settings;
  const key = JSON.stringify([host, rateLimits, concurrency, longestWaitSeconds]);
  let limiter = limiters.get(key);
  if (!limiter) limiters.set(key, (limiter = new Limiter(settings)));
  return limiter;
}
