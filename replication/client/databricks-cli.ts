import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Credentials } from "./sign-in.js";
import { renewedToken, type Token } from "./renewed-token.js";

const run = promisify(execFile);

/**
 * Signs as the person who has run `databricks auth login`, by asking that CLI for a token.
 * https://learn.microsoft.com/azure/databricks/dev-tools/cli/reference/auth-commands#databricks-auth-token
 */
export function databricksCli(host: string, profile: string | undefined): Credentials {
  return renewedToken(() => requestToken(host, profile));
}

async function requestToken(host: string, profile: string | undefined): Promise<Token> {
  const which = profile === undefined ? ["--host", host] : ["--profile", profile];
  try {
    const { stdout } = await run("databricks", ["auth", "token", ...which], { timeout: 60_000 });
    const answer = JSON.parse(stdout) as { access_token: string; expiry: string };
    return { token: answer.access_token, expires: Date.parse(answer.expiry) };
  } catch (cause) {
    throw new Error(
      `cannot sign in to ${host}: \`databricks auth token ${which.join(" ")}\` gave no token; run \`databricks auth login --host ${host}\``,
      { cause },
    );
  }
}
