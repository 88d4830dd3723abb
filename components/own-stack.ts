import { setTimeout as sleep } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import type { DeployedAccount } from "./geo-storage.js";
import type { ReplicaReport } from "./replica/replica-report.js";
import type { DeployedOperationsCluster } from "./operations-cluster.js";
import { readStackOutputs } from "./stack-outputs.js";

const attempts = 10;
const waitMs = 200;

/** What this stack's own last update said, as far as the next one needs it. */
export interface LastOutputs {
  readonly storage?: DeployedAccount;
  readonly ledger?: Partial<ReplicaReport>;
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
