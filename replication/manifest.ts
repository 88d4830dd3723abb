import { collect } from "./client/collect.js";
import { isNotFound } from "./client/errors.js";
import { isObject, type JsonObject, parseJson, stringifyJson } from "./client/json.js";
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
  /** What both sides held at the last write, where reading content is dear. */
  readonly seen?: { readonly source: Seen; readonly target: Seen };
  /** It stood there already, equal: not ours to remove. */
  readonly adopted?: boolean;
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

  private constructor(
    private readonly kind: KindName,
    text: string,
  ) {
    const content = text === "" ? {} : parseJson(text);
    const records = isObject(content) && isObject(content.records) ? content.records : {};
    this.#records = new Map(Object.entries(records) as [Origin, never][]);
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

function pathOf(kind: KindName): string {
  return `${manifestFolder}/${kind}.json`;
}
