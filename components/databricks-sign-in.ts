import { type AuthMethod, providerSignIn } from "@databricks-dr/replication";
import type { ProviderArgs } from "@pulumi/databricks/provider.js";
import * as pulumi from "@pulumi/pulumi";

export interface DatabricksSignInArgs {
  /** `https://adb-….azuredatabricks.net` */
  readonly host: pulumi.Input<string>;
  /** The workspace's id in Azure Resource Manager. */
  readonly resourceId: pulumi.Input<string>;
  readonly auth: { readonly method: AuthMethod; readonly profile?: string };
}

/**
 * What the databricks provider is told of signing in: the method by its name, so that a variable of another method that
 * happens to be set is no second one, and what that method uses. It reads the credentials itself, whenever it runs.
 */
export function databricksSignIn({ host, resourceId, auth }: DatabricksSignInArgs): ProviderArgs {
  const chosen = pulumi.all([host, resourceId]).apply(async ([to, id]) => {
    try {
      return await providerSignIn({ host: to, resourceId: id, ...auth });
    } catch (error) {
      throw new pulumi.RunError((error as Error).message);
    }
  });
  return {
    host,
    authType: chosen.authType,
    profile: chosen.apply(({ profile }) => profile),
    azureWorkspaceResourceId: chosen.apply(({ azureWorkspaceResourceId }) => azureWorkspaceResourceId),
  };
}
