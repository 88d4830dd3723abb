import { azureAd } from "./azure-ad.js";
import { chooseMethod } from "./auth-method.js";
import { databricksCli } from "./databricks-cli.js";
import { oauthClient } from "./oauth-client.js";

/** What is used to sign in to a workspace; `auth-method.ts` says which credential that is. */
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
  const chosen = await chooseMethod(to);
  const { authType, profile, values } = chosen;
  switch (authType) {
    case "pat":
      return bearer(values.token!);
    case "oauth-m2m":
      return oauthClient(to.host, values.client_id!, values.client_secret!);
    case "databricks-cli":
      return databricksCli(to.host, profile);
    case "github-oidc-azure":
    case "azure-msi":
    case "azure-client-secret":
    case "azure-cli":
      return azureAd(to, chosen);
  }
}

function bearer(token: string): Credentials {
  const headers = { authorization: `Bearer ${token}` };
  return () => Promise.resolve(headers);
}
