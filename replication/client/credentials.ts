import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { TokenCredential } from "@azure/identity";
import { parse } from "ini";

/** How a workspace is signed in to. `auto` tries a profile of that host, then the environment, then Azure AD. */
export type AuthMethod = "auto" | "azure" | "profile" | "environment";

export interface SignIn {
  /** Workspace address, `https://adb-….azuredatabricks.net`. */
  readonly host: string;
  readonly method: AuthMethod;
  /** Name of the `.databrickscfg` profile, for `profile`. */
  readonly profile?: string;
  /** ARM id of the workspace: lets a service principal that is no member of it sign in. */
  readonly resourceId?: string;
}

/** Gives the headers that sign a request; asked anew for each request, so that tokens can expire. */
export type Credentials = () => Promise<Record<string, string>>;

/** https://learn.microsoft.com/azure/databricks/dev-tools/auth/aad-token-manual */
const databricksScope = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default";
const managementScope = "https://management.core.windows.net//.default";

export async function signIn(to: SignIn): Promise<Credentials> {
  switch (to.method) {
    case "profile":
      return bearer(await profileToken(to));
    case "environment":
      return bearer(environmentToken(to) ?? missing(to, "DATABRICKS_HOST and DATABRICKS_TOKEN are not set for it"));
    case "azure":
      return azureAd(to);
    case "auto": {
      const token = (await tokenOfHost(to.host)) ?? environmentToken(to);
      return token ? bearer(token) : azureAd(to);
    }
  }
}

function bearer(token: string): Credentials {
  const headers = { authorization: `Bearer ${token}` };
  return () => Promise.resolve(headers);
}

async function azureAd(to: SignIn): Promise<Credentials> {
  const { DefaultAzureCredential } = await import("@azure/identity");
  return azureCredentials(to, new DefaultAzureCredential());
}

/** Signs with Azure AD tokens, which the credential caches and renews. */
export function azureCredentials(to: SignIn, credential: TokenCredential): Credentials {
  return async () => {
    const token = await credential.getToken(databricksScope).catch((cause: unknown) => {
      throw new Error(
        `cannot sign in to ${to.host} with Azure AD; run \`az login\`, set AZURE_* variables, or name a profile (databricks-dr:auth)`,
        { cause },
      );
    });
    if (!token) missing(to, "Azure AD gave no token");
    const headers: Record<string, string> = { authorization: `Bearer ${token.token}` };
    if (to.resourceId) {
      const management = await credential.getToken(managementScope).catch(() => null);
      if (management) {
        headers["x-databricks-azure-sp-management-token"] = management.token;
        headers["x-databricks-azure-workspace-resource-id"] = to.resourceId;
      }
    }
    return headers;
  };
}

function environmentToken(to: SignIn): string | undefined {
  const { DATABRICKS_HOST: host, DATABRICKS_TOKEN: token } = process.env;
  return host && token && sameHost(host, to.host) ? token : undefined;
}

async function profileToken(to: SignIn): Promise<string> {
  const profiles = await readProfiles();
  const profile = profiles[to.profile ?? "DEFAULT"];
  if (!profile) missing(to, `${configFile()} has no profile [${to.profile ?? "DEFAULT"}]`);
  if (!profile.token) missing(to, `profile [${to.profile ?? "DEFAULT"}] of ${configFile()} has no token`);
  if (profile.host && !sameHost(profile.host, to.host))
    missing(to, `profile [${to.profile ?? "DEFAULT"}] of ${configFile()} is for ${profile.host}`);
  return profile.token;
}

async function tokenOfHost(host: string): Promise<string | undefined> {
  const profiles = Object.values(await readProfiles());
  return profiles.find((each) => each?.host && each.token && sameHost(each.host, host))?.token;
}

type Profiles = Record<string, { host?: string; token?: string } | undefined>;

async function readProfiles(): Promise<Profiles> {
  try {
    return parse(await readFile(configFile(), "utf8")) as Profiles;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
}

function configFile(): string {
  return process.env.DATABRICKS_CONFIG_FILE ?? join(homedir(), ".databrickscfg");
}

function sameHost(a: string, b: string): boolean {
  const bare = (host: string): string =>
    host
      .replace(/^https?:\/\//, "")
      .replace(/\/.*$/, "")
      .toLowerCase();
  return bare(a) === bare(b);
}

function missing(to: SignIn, why: string): never {
  throw new Error(`cannot sign in to ${to.host}: ${why}`);
}
