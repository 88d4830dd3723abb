import { randomBytes } from "node:crypto";
import type { Clock } from "../clock.js";
import { type ControlDefaults, workspaceControls, type WorkspaceControls } from "./workspace-controls.js";
import type { KeyVaults } from "./secrets/key-vaults.js";
import { OpenStorageAccounts, type StorageAccounts } from "./storage/storage-accounts.js";

export interface WorkspaceOptions extends ControlDefaults {
  /** Workspace id, sent as `X-Databricks-Org-Id` with every answer. */
  readonly id: string;
  readonly name: string;
  readonly region: string;
  readonly tier: "standard" | "premium";
  readonly clock: Clock;
  /** The administrator's token; any request without a known token is refused. */
  readonly token: string;
  /** A token of a user who is no administrator; without it that user is not there. */
  readonly userToken?: string;
  /** Whom the administrator's token belongs to; `admin@example.com` by default. */
  readonly adminUserName?: string;
  /** The storage that mounts reach; without it every account exists and takes any credential. */
  readonly storageAccounts?: StorageAccounts;
  /** The vaults behind AZURE_KEYVAULT-backed secret scopes; without it there are none. */
  readonly keyVaults?: KeyVaults;
  /** How long `dbutils.fs.mount` takes for one mount, in real ms. */
  readonly mountMs?: number;
}

/**
 * The state of one emulated workspace. Services keep everything in named tables of it and nothing elsewhere, so that
 * snapshot, restore and reset hold for all of them.
 */
export class Workspace {
  readonly #tables = new Map<string, Map<string, unknown>>();
  readonly #restored: (() => void)[] = [];
  /** What a test or an operator may change while the workspace runs; no part of a snapshot. */
  readonly controls: WorkspaceControls;
  readonly #disposers: (() => Promise<void> | void)[] = [];
  readonly storageAccounts: StorageAccounts;

  constructor(readonly options: WorkspaceOptions) {
    this.controls = workspaceControls(options);
    this.storageAccounts = options.storageAccounts ?? new OpenStorageAccounts();
  }

  get clock(): Clock {
    return this.options.clock;
  }

  /** The table of that name, made when first asked for. Rows are plain data. */
  table<Row>(name: string): Map<string, Row> {
    let table = this.#tables.get(name);
    if (!table) this.#tables.set(name, (table = new Map<string, unknown>()));
    return table as Map<string, Row>;
  }

  /** The user behind `userToken`, a member of `users` and nothing else; undefined where there is none. */
  get plainUserName(): string | undefined {
    return this.options.userToken === undefined ? undefined : "ordinary.user@contoso.com";
  }

  get adminUserName(): string {
    return this.options.adminUserName ?? "admin@example.com";
  }

  /** Makes `token` known: requests that carry it act as `userName` (or a service principal's application id). */
  acceptToken(token: string, userName: string): void {
    this.table<string>("tokens").set(token, userName);
  }

  /** Whom a token belongs to; undefined when this workspace does not know it. */
  callerOfToken(token: string): string | undefined {
    if (token === this.options.token) return this.adminUserName;
    if (token === this.options.userToken) return this.plainUserName;
    return this.table<string>("tokens").get(token);
  }

  /** Registers what a service must give back (workers, timers) when the workspace goes. */
  onClose(dispose: () => Promise<void> | void): void {
    this.#disposers.push(dispose);
  }

  /** Ends what services keep running besides the tables; the tables stay readable. */
  async close(): Promise<void> {
    await Promise.all(this.#disposers.splice(0).map(async (dispose) => dispose()));
  }

  /** Calls `rearm` after each restore: the clock's alarms belong to the rows that were replaced. */
  onRestore(rearm: () => void): void {
    this.#restored.push(rearm);
  }

  snapshot(): ReadonlyMap<string, ReadonlyMap<string, unknown>> {
    return structuredClone(this.#tables);
  }

  restore(snapshot: ReadonlyMap<string, ReadonlyMap<string, unknown>>): void {
    for (const table of this.#tables.values()) table.clear();
    for (const [name, rows] of structuredClone(snapshot)) for (const [key, row] of rows) this.table(name).set(key, row);
    for (const rearm of this.#restored) rearm();
  }

  /** A 64-bit id beyond 2^53, as jobs and workspace objects of old workspaces have. */
  newId(): bigint {
    return (1n << 53n) + (randomBytes(8).readBigUInt64BE() >> 11n);
  }
}
