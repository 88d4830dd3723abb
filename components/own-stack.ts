import { setTimeout as sleep } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import type { DeployedAccount } from "./geo-storage.js";
import { readStackOutputs } from "./stack-outputs.js";

const attempts = 10;
const waitMs = 200;

/**
 * The storage account as this stack's own last update left it: its output `storage`, undefined before the first one. A
 * backend of files is read while this very update writes it, and half a file is none: it is read again then.
 */
export async function readLastDeployedAccount(): Promise<DeployedAccount | undefined> {
  const name = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
  for (let attempt = 1; ; attempt++) {
    try {
      return (await readStackOutputs(name)).storage as DeployedAccount | undefined;
    } catch (error) {
      const why = (error as Error).message;
      if (attempt >= attempts) throw new pulumi.RunError(`what this stack's last update left cannot be read: ${why}`);
      await sleep(waitMs);
    }
  }
}
