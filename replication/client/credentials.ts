import { azureAd } from "./azure-ad.js";
import { databricksConfigFile, readProfiles, sameHost } from "./databrickscfg.js";
import { oauthClient } from "./oauth-client.js";

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

export async function signIn(to: SignIn): Promise<Credentials> {
  switch (to.method) {
    case "profile":
      return bearer(await profileToken(to));
    case "environment":
      return (
        fromEnvironment(to) ??
        refuse(to, "set DATABRICKS_TOKEN, or DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET, for it")
      );
    case "azure":
      return azureAd(to);
    case "auto": {
      const token = await tokenOfHost(to.host);
      return token ? bearer(token) : (fromEnvironment(to) ?? azureAd(to));
    }
  }
}

function bearer(token: string): Credentials {
  const headers = { authorization: `Bearer ${token}` };
  return () => Promise.resolve(headers);
}

/** `DATABRICKS_HOST`, where it is set, says which workspace the other variables are for. */
function fromEnvironment({ host, method }: SignIn): Credentials | undefined {
  const { DATABRICKS_HOST, DATABRICKS_TOKEN, DATABRICKS_CLIENT_ID, DATABRICKS_CLIENT_SECRET } = process.env;
  const meant = DATABRICKS_HOST ? sameHost(DATABRICKS_HOST, host) : method === "environment";
  if (!meant) return undefined;
  if (DATABRICKS_TOKEN) return bearer(DATABRICKS_TOKEN);
  if (DATABRICKS_CLIENT_ID && DATABRICKS_CLIENT_SECRET)
    return oauthClient(host, DATABRICKS_CLIENT_ID, DATABRICKS_CLIENT_SECRET);
  return undefined;
}

async function profileToken(to: SignIn): Promise<string> {
  const name = to.profile ?? "DEFAULT";
  const profile = (await readProfiles())[name] ?? refuse(to, `${databricksConfigFile()} has no profile [${name}]`);
  if (profile.host && !sameHost(profile.host, to.host))
    refuse(to, `profile [${name}] of ${databricksConfigFile()} is for ${profile.host}`);
  return profile.token ?? refuse(to, `profile [${name}] of ${databricksConfigFile()} has no token`);
}

async function tokenOfHost(host: string): Promise<string | undefined> {
  const profiles = Object.values(await readProfiles());
  return profiles.find((each) => each?.host && each.token && sameHost(each.host, host))?.token;
}

function refuse(to: SignIn, why: string): never {
  throw new Error(`cannot sign in to ${to.host}: ${why}`);
}
