import { setTimeout as sleep } from "node:timers/promises";
import type { Role } from "@databricks-dr/replication";
import * as pulumi from "@pulumi/pulumi";
import { regionDisplayName } from "./azure-regions.js";
import type { DeployedWorkspace } from "./databricks-workspace.js";
import type { DeployedAccount } from "./geo-storage.js";
import type { ReplicaReport } from "./replica/replica-report.js";
import type { DeployedOperationsCluster } from "./operations-cluster.js";
import { readStackOutputs } from "./stack-outputs.js";

const attempts = 10;
const waitMs = 200;

/** What this stack's own last update said, as far as the next one needs it. */
export interface LastOutputs {
  readonly role?: Role;
  readonly roleSince?: string;
  readonly storage?: DeployedAccount;
  readonly ledger?: Partial<ReplicaReport>;
  readonly workspace?: DeployedWorkspace;
  readonly operations?: DeployedOperationsCluster;
}

/**
 * The outputs that this stack's own last update left; none before the first one. A backend of files is read while this very
 * update writes it, and half a file is none: it is read again then.
 */
export async function readLastOutputs(): Promise<LastOutputs> {
  const name = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
  for (let attempt = 1; ; attempt++) {
    try {
      return (await readStackOutputs(name)) as LastOutputs;
    } catch (error) {
      const why = (error as Error).message;
      if (attempt >= attempts) throw new pulumi.RunError(`what this stack's last update left cannot be read: ${why}`);
      await sleep(waitMs);
    }
  }
}

/**
 * Another name or region replaces all that a stack has, its data included. Protection refuses that, one resource after the
 * other, and in words that name no key: it is said here, before anything is planned.
 */
export function assertMayReplace(
  last: LastOutputs,
  now: { readonly resourceGroup: string; readonly location: string; readonly protect: boolean },
): void {
  const before = last.storage;
  if (!before || !now.protect) return;
  const moved = before.location !== undefined && before.location !== now.location;
  const renamed = before.resourceGroup !== now.resourceGroup;
  if (!moved && !renamed) return;
  const what = renamed
    ? `everything is in the resource group ${before.resourceGroup}, and the configuration gives it the name ${now.resourceGroup} (databricks-dr:namePrefix and the stack's name make it)`
    : `everything is in ${regionDisplayName(before.location!)}, and databricks-dr:location is ${regionDisplayName(now.location)}`;
  throw new pulumi.RunError(
    `${what}: that replaces the storage account with all that is in it, and the workspace, and databricks-dr:protect refuses it\n  → set it back as it was\n  → if you mean it: set it back, pulumi config set databricks-dr:protect false, pulumi up, and then change it`,
  );
}
