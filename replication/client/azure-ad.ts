import type { TokenCredential } from "@azure/identity";
import type { ChosenMethod } from "./auth-method.js";
import type { Credentials, SignIn } from "./sign-in.js";
import { apiError } from "./errors.js";

/** https://learn.microsoft.com/azure/databricks/dev-tools/auth/aad-token-manual */
const databricksScope = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default";
const managementScope = "https://management.core.windows.net//.default";

/** Azure AD by the very method that Databricks' provider is told to use, so that both are the same principal. */
export async function azureAd(to: SignIn, chosen: ChosenMethod): Promise<Credentials> {
  return azureCredentials(to, await credentialOf(chosen));
}

async function credentialOf({ authType, values }: ChosenMethod): Promise<TokenCredential> {
  const identity = await import("@azure/identity");
  const { azure_tenant_id: tenantId, azure_client_id: clientId, azure_client_secret: secret } = values;
  if (authType === "azure-client-secret") return new identity.ClientSecretCredential(tenantId!, clientId!, secret!);
  if (authType === "github-oidc-azure")
    return new identity.ClientAssertionCredential(tenantId!, clientId!, () => githubToken(values));
  if (authType === "azure-msi")
    return new identity.ManagedIdentityCredential(clientId === undefined ? {} : { clientId });
  return new identity.AzureCliCredential(tenantId === undefined ? {} : { tenantId });
}

/** https://docs.github.com/actions/reference/security/oidc#methods-for-requesting-the-oidc-token */
async function githubToken(values: ChosenMethod["values"]): Promise<string> {
  const url = new URL(values.actions_id_token_request_url!);
  url.searchParams.set("audience", "api://AzureADTokenExchange");
  const headers = { authorization: `Bearer ${values.actions_id_token_request_token}` };
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(30_000) });
  if (!response.ok) throw await apiError(response, "GitHub gave no OIDC token");
  return ((await response.json()) as { value: string }).value;
}

/** Signs with tokens that are kept until they are about to expire: some credentials start a program for each. */
export async function azureCredentials(to: SignIn, credential: TokenCredential): Promise<Credentials> {
  const { getBearerTokenProvider } = await import("@azure/identity");
  const databricksToken = getBearerTokenProvider(credential, databricksScope);
  const managementToken = getBearerTokenProvider(credential, managementScope);
  let hasManagementToken = to.resourceId !== undefined;
  return async () => {
    const token = await databricksToken().catch((cause: unknown) => {
      throw new Error(
        `cannot sign in to ${to.host} with Azure AD: run \`az login\`, set ARM_* variables, or name a profile (databricks-dr:auth)`,
        { cause },
      );
    });
    const management = hasManagementToken ? await managementToken().catch(() => undefined) : undefined;
    hasManagementToken = management !== undefined;
    return { authorization: `Bearer ${token}`, ...asNoMember(to, management) };
  };
}

/** What lets a service principal in that is no member of the workspace, but has a role on its Azure resource. */
function asNoMember({ resourceId }: SignIn, managementToken: string | undefined): Record<string, string> {
  if (!resourceId || managementToken === undefined) return {};
  return {
    "x-databricks-azure-sp-management-token": managementToken,
    "x-databricks-azure-workspace-resource-id": resourceId,
  };
}
