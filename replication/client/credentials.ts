import { azureAd } from "./azure-ad.js";
import { chooseMethod } from "./auth-method.js";
import { databricksCli } from "./databricks-cli.js";
import { oauthClient } from "./oauth-client.js";
import type { Credentials, SignIn } from "./sign-in.js";

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
