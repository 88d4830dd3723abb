import { collect } from "./client/collect.js";
import { isNotFound } from "./client/errors.js";
import { isObject, type Json, type JsonObject, parseJson, stringifyJson } from "./client/json.js";
import type { WorkspaceClient } from "./client/workspace-client.js";
import type { Origin } from "./marker.js";
import type { KindName } from "./settings.js";

/** A content that need not be read again while its stamp is the same. */
export interface Seen {
  readonly stamp: string;
  readonly definition: JsonObject;
}

/** What is remembered of one copy. */
export interface CopyRecord {
  /** Id of the copy; absent between the intention and the write. */
  readonly id?: string;
  readonly name: string;
  /** Fingerprint of what was asked for at the last write. */
  readonly desired?: string;
  /** Fingerprint of what the standby then showed. */
  readonly actual?: string;
  /** Triggers that were taken off, exactly. */
  readonly held?: JsonObject;
  /** Node types that stand in place of the original's, so that it gets its own back when the copy comes home. */
  readonly nodeTypes?: Readonly<Record<string, string>>;
  /** What both sides held at the last write, where reading content is dear. */
  readonly seen?: { readonly source: Seen; readonly target: Seen };
  /** It stood there already, equal: not ours to remove. */
  readonly adopted?: boolean;
  /** Its original was gone from the source when that was last seen. */
  readonly orphaned?: boolean;
}

/** Folder of the workspace that holds the manifests. */
export const manifestFolder = "/Shared/.databricks-dr";

/**
 * The notes that a standby keeps about its own copies of one kind: they outlive the source and the Pulumi state. It is
 * written before the copies, so that a run that dies half-way is known for what it was.
 */
export class Manifest {
  readonly #records: Map<Origin, CopyRecord>;
  #written: string;
  /** Somebody has made the file unreadable: what it said is lost, and is noted anew. */
  readonly damaged: boolean;

  private constructor(
    private readonly kind: KindName,
    text: string,
  ) {
    const records = recordsIn(text);
    this.damaged = records === undefined;
    this.#records = new Map(records);
    this.#written = text;
  }

  static empty(kind: KindName): Manifest {
    return new Manifest(kind, "");
  }

  static async read(client: WorkspaceClient, kind: KindName): Promise<Manifest> {
    try {
      const chunks = await collect(
        await client.download("/api/2.0/workspace/export", {
          path: pathOf(kind),
          direct_download: true,
          format: "AUTO",
        }),
      );
      return new Manifest(kind, Buffer.concat(chunks).toString("utf8"));
    } catch (error) {
      if (isNotFound(error)) return Manifest.empty(kind);
      throw error;
    }
  }

  get(origin: Origin): CopyRecord | undefined {
    return this.#records.get(origin);
  }

  entries(): Iterable<[Origin, CopyRecord]> {
    return this.#records.entries();
  }

  set(origin: Origin, record: CopyRecord): void {
    this.#records.set(origin, record);
  }

  delete(origin: Origin): void {
    this.#records.delete(origin);
  }

  /** Takes over what the state knows, where all that was noted here is gone. Says whether it did. */
  recall(records: Readonly<Record<string, CopyRecord>>): boolean {
    const known = Object.entries(records) as [Origin, CopyRecord][];
    if (this.#records.size > 0 || known.length === 0) return false;
    for (const [origin, record] of known) this.#records.set(origin, record);
    return true;
  }

  /** There are no copies any more. */
  async erase(client: WorkspaceClient): Promise<void> {
    if (this.#written === "") return;
    try {
      await client.post("/api/2.0/workspace/delete", { path: pathOf(this.kind) }, { idempotent: true });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  /** Writes the manifest if it says anything new. */
  async write(client: WorkspaceClient): Promise<void> {
    const sorted = [...this.#records].sort(([a], [b]) => (a < b ? -1 : 1));
    const text = `${stringifyJson({ kind: this.kind, records: Object.fromEntries(sorted) as unknown as JsonObject })}\n`;
    if (text === this.#written || (sorted.length === 0 && this.#written === "")) return;
    await client.post("/api/2.0/workspace/mkdirs", { path: manifestFolder }, { idempotent: true });
    await client.upload(
      "POST",
      `/api/2.0/workspace-files/import-file${pathOf(this.kind)}`,
      { overwrite: true },
      () => text,
    );
    this.#written = text;
  }
}

/** The records of a manifest's text; undefined when it is none. */
function recordsIn(text: string): [Origin, CopyRecord][] | undefined {
  if (text === "") return [];
  try {
    const content: Json = parseJson(text);
    if (!isObject(content) || !isObject(content.records)) return undefined;
    const records = Object.entries(content.records);
    return records.every(isRecord) ? (records as unknown as [Origin, CopyRecord][]) : undefined;
  } catch {
    return undefined;
  }
}

function isRecord([, record]: [string, Json | undefined]): boolean {
  return isObject(record) && typeof record.name === "string";
}

function pathOf(kind: KindName): string {
  return `${manifestFolder}/${kind}.json`;
}
