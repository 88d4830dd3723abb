import * as pulumi from "@pulumi/pulumi";
import type { DeployedAccount } from "./geo-storage.js";

/** The storage account as this stack's own last update left it: its output `storage`, undefined before the first one. */
export async function readLastDeployedAccount(): Promise<DeployedAccount | undefined> {
  const name = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
  const own = new pulumi.StackReference("last-update", { name });
  return (await own.getOutputDetails("storage")).value as DeployedAccount | undefined;
}
