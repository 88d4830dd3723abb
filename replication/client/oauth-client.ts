import type { Credentials } from "./credentials.js";
import { apiError } from "./errors.js";

const renewBeforeMs = 5 * 60_000;

/**
 * Signs as a service principal with a Databricks OAuth secret; the token, which lasts an hour, is renewed in time.
 * https://learn.microsoft.com/azure/databricks/dev-tools/auth/oauth-m2m
 */
export function oauthClient(host: string, clientId: string, clientSecret: string): Credentials {
  let token: Promise<{ header: string; until: number }> | undefined;
  return async () => {
    if (!token || (await token).until < Date.now()) {
      token = requestToken(host, clientId, clientSecret);
      token.catch(() => (token = undefined));
    }
    return { authorization: (await token).header };
  };
}

async function requestToken(
  host: string,
  clientId: string,
  secret: string,
): Promise<{ header: string; until: number }> {
  const response = await fetch(new URL("/oidc/v1/token", host), {
    method: "POST",
    headers: { authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString("base64")}` },
    body: new URLSearchParams({ grant_type: "client_credentials", scope: "all-apis" }),
    signal: AbortSignal.timeout(30_000),
  });
  if (!response.ok) throw await apiError(response, `cannot sign in to ${host} as ${clientId}`);
  const answer = (await response.json()) as { access_token: string; expires_in: number };
  return { header: `Bearer ${answer.access_token}`, until: Date.now() + answer.expires_in * 1000 - renewBeforeMs };
}
