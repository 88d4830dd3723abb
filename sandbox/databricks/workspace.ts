import { randomBytes } from "node:crypto";
import type { Clock } from "../clock.js";

export interface WorkspaceOptions {
  /** Workspace id, sent as `X-Databricks-Org-Id` with every answer. */
  readonly id: string;
  readonly name: string;
  readonly region: string;
  readonly tier: "standard" | "premium";
  readonly clock: Clock;
  /** The administrator's token; any request without a known token is refused. */
  readonly token: string;
  /** How long a cluster takes from PENDING to RUNNING and from TERMINATING to TERMINATED, in ms of the clock. */
  readonly clusterStartMs?: number;
  readonly clusterStopMs?: number;
}

/**
 * The state of one emulated workspace. Services keep everything in named tables of it and nothing elsewhere, so that
 * snapshot, restore and reset hold for all of them.
 */
export class Workspace {
  readonly #tables = new Map<string, Map<string, unknown>>();

  constructor(readonly options: WorkspaceOptions) {}

  get clock(): Clock {
    return this.options.clock;
  }

  /** The table of that name, made when first asked for. Rows are plain data. */
  table<Row>(name: string): Map<string, Row> {
    let table = this.#tables.get(name);
    if (!table) this.#tables.set(name, (table = new Map<string, unknown>()));
    return table as Map<string, Row>;
  }

  snapshot(): ReadonlyMap<string, ReadonlyMap<string, unknown>> {
    return structuredClone(this.#tables);
  }

  restore(snapshot: ReadonlyMap<string, ReadonlyMap<string, unknown>>): void {
    for (const table of this.#tables.values()) table.clear();
    for (const [name, rows] of structuredClone(snapshot))
      for (const [key, row] of rows) this.table(name).set(key, row);
  }

  /** A 64-bit id beyond 2^53, as jobs and workspace objects of old workspaces have. */
  newId(): bigint {
    return (1n << 53n) + (randomBytes(8).readBigUInt64BE() >> 11n);
  }
}
