import {
  OpenStorageAccounts,
  type StorageAccount,
  type StorageAccounts,
} from "../../databricks/storage/storage-accounts.js";
import type { Arm } from "../arm.js";
import { skuOf, storageAccountType, storageKey } from "./storage-accounts.js";
import { redundancyOf } from "./sku.js";

/** The application that reads and writes the accounts that ARM made. */
export interface StorageApplication {
  readonly clientId: string;
  readonly clientSecret: string;
}

const suffix = "-secondary";

/**
 * Storage as the workspaces' drivers meet it. An account that ARM made takes its own keys (unless shared keys are off) and
 * the sandbox's application, and has the containers that ARM knows; any other account exists and takes any credential.
 */
export class ArmStorageAccounts implements StorageAccounts {
  readonly #open = new OpenStorageAccounts();
  readonly #known = new Set<string>();

  constructor(
    private readonly arm: Arm,
    private readonly application: StorageApplication,
  ) {}

  lookup(host: string): StorageAccount | undefined {
    const name = host.endsWith(suffix) ? host.slice(0, -suffix.length) : host;
    const account = this.arm.subscription.list(storageAccountType).find((candidate) => candidate.name === name);
    if (account) {
      const containers = this.arm.subscription.list(`${storageAccountType}/blobServices/containers`, account.id);
      this.#known.add(name);
      this.#open.register(name, {
        keys:
          account.properties.allowSharedKeyAccess === false
            ? []
            : [storageKey(account, "key1"), storageKey(account, "key2")],
        servicePrincipals: [this.application],
        containers: containers.map((container) => container.name),
        readableSecondary: redundancyOf(skuOf(account)).readAccess,
      });
    } else if (this.#known.delete(name)) this.#open.unregister(name);
    return this.#open.lookup(host);
  }
}
