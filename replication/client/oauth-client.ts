import type { Credentials } from "./sign-in.js";
import { apiError } from "./errors.js";
import { renewedToken, type Token } from "./renewed-token.js";

/**
 * Signs as a service principal with a Databricks OAuth secret; the token lasts an hour.
 * https://learn.microsoft.com/azure/databricks/dev-tools/auth/oauth-m2m
 */
export function oauthClient(host: string, clientId: string, clientSecret: string): Credentials {
  return renewedToken(() => requestToken(host, clientId, clientSecret));
}

async function requestToken(host: string, clientId: string, secret: string): Promise<Token> {
  const response = await fetch(new URL("/oidc/v1/token", host), {
    method: "POST",
    headers: { authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString("base64")}` },
    body: new URLSearchParams({ grant_type: "client_credentials", scope: "all-apis" }),
    signal: AbortSignal.timeout(30_000),
  });
  if (!response.ok) throw await apiError(response, `cannot sign in to ${host} as ${clientId}`);
  const answer = (await response.json()) as { access_token: string; expires_in: number };
  return { token: answer.access_token, expires: Date.now() + answer.expires_in * 1000 };
}
