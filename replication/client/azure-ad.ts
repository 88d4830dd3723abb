import type { TokenCredential } from "@azure/identity";
import type { Credentials, SignIn } from "./credentials.js";

/** https://learn.microsoft.com/azure/databricks/dev-tools/auth/aad-token-manual */
const databricksScope = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default";
const managementScope = "https://management.core.windows.net//.default";

/** Azure AD by the variables of Terraform and Pulumi (`ARM_*`), else by whatever `@azure/identity` finds. */
export async function azureAd(to: SignIn): Promise<Credentials> {
  const { ClientSecretCredential, DefaultAzureCredential } = await import("@azure/identity");
  const { ARM_TENANT_ID: tenant, ARM_CLIENT_ID: client, ARM_CLIENT_SECRET: secret } = process.env;
  const credential =
    tenant && client && secret ? new ClientSecretCredential(tenant, client, secret) : new DefaultAzureCredential();
  return azureCredentials(to, credential);
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
        `cannot sign in to ${to.host} with Azure AD: run \`az login\`, set ARM_* or AZURE_* variables, or name a profile (databricks-dr:auth)`,
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
