import { type JsonObject, stringifyJson } from "../values/json.js";
import type { WorkspaceClient } from "../client/workspace-client.js";
import { canonical } from "../values/fingerprint.js";
import type { Origin } from "../inventory/marker.js";
import { notesFolder } from "./notes-folder.js";
import type { KindName } from "../settings.js";
import { type NotesFile, readNotesFile, removeNotesFile, writeNotesFile } from "./notes-file.js";
import type { CopyRecord } from "./record.js";
import { publicKeyOf } from "./signing.js";

/** What a person decides about notes that are gone or cannot be told to be genuine, where the state is lost as well. */
export type NotesPolicy = "verify" | "trust" | "restart";

/** What the state remembers of the notes. */
export interface Remembered {
  readonly records: Readonly<Record<string, CopyRecord>>;
  /** `serial` of the notes when the state was written. */
  readonly serial: number;
}

/**
 * What a workspace remembers of its copies of one kind: it outlives the source and the Pulumi state. It is written before the
 * copies, so that a run that dies half-way is known for what it was. Nothing of it is believed that this stack's key does not
 * vouch for.
 */
export class Notes {
  readonly #records: Map<Origin, CopyRecord>;
  #file: NotesFile | undefined;
  #written: string;
  #doubt: string | undefined;

  private constructor(
    private readonly kind: KindName,
    private readonly workspaceId: string,
    file: NotesFile | undefined,
    policy: NotesPolicy,
  ) {
    this.#file = file;
    // Every user may have written what lies where the version before kept its notes: it is nothing, unless somebody trusts it.
    this.#doubt = policy === "verify" && !file?.former ? file?.doubt : undefined;
    const believed = file !== undefined && (file.doubt === undefined || policy === "trust");
    this.#records = new Map(believed ? (file.records as unknown as Map<Origin, CopyRecord>) : []);
    this.#written = believed && file.doubt === undefined ? this.#text() : "";
  }

  static empty(kind: KindName): Notes {
    return new Notes(kind, "", undefined, "verify");
  }

  /** @throws when they cannot be read: what cannot be read is never taken for empty. */
  static async read(
    client: WorkspaceClient,
    kind: KindName,
    publicKey: string | undefined,
    policy: NotesPolicy = "verify",
  ): Promise<Notes> {
    const workspaceId = await client.workspaceId();
    const authenticity = { workspaceId, ...(publicKey === undefined ? {} : { publicKey }) };
    return new Notes(kind, workspaceId, await readNotesFile(client, kind, authenticity), policy);
  }

  /** Whether there is a file at all, genuine or not; what the version before has left is none. */
  get exist(): boolean {
    return this.#file !== undefined && !this.#file.former;
  }

  /** Why what lies there is not believed; undefined when it is, or when there is nothing. */
  get doubt(): string | undefined {
    return this.#doubt;
  }

  /** Said of what is not believed, before the state is asked; undefined where nothing is to be said. */
  get warning(): string | undefined {
    if (this.#file?.former && this.#records.size === 0)
      return `those of an earlier version are not read, since ${this.#file.doubt}; what the state knows is noted anew`;
    if (this.#doubt === undefined) return undefined;
    return `they are not believed: ${this.#doubt}; up goes by what the state knows`;
  }

  get serial(): number {
    return this.#file?.serial ?? 0;
  }

  /** When they were last written, ISO 8601; undefined when there are none. */
  get writtenAt(): string | undefined {
    return this.#file?.writtenAt || undefined;
  }

  get(origin: Origin): CopyRecord | undefined {
    return this.#records.get(origin);
  }

  entries(): IterableIterator<[Origin, CopyRecord]> {
    return this.#records.entries();
  }

  set(origin: Origin, record: CopyRecord): void {
    this.#records.set(origin, record);
  }

  delete(origin: Origin): void {
    this.#records.delete(origin);
  }

  /**
   * Takes what the state knows in place of notes that are gone, that somebody has altered, or that are older than the state.
   * Says why it did; undefined where it did not.
   */
  recall({ records, serial }: Remembered): string | undefined {
    const known = Object.entries(records) as [Origin, CopyRecord][];
    const why =
      this.#doubt ??
      (!this.exist
        ? "they are gone"
        : this.serial < serial
          ? "they are older than what this stack wrote last"
          : undefined);
    if (why === undefined || (known.length === 0 && serial === 0)) return undefined;
    this.#records.clear();
    for (const [origin, record] of known) this.#records.set(origin, record);
    this.#doubt = undefined;
    this.#written = "";
    return !this.exist && (known.length === 0 || this.#file?.former) ? undefined : why;
  }

  /** There are no copies any more. */
  async erase(client: WorkspaceClient): Promise<void> {
    if (this.#file) await removeNotesFile(client, this.#file);
    this.#file = undefined;
    this.#written = "";
  }

  /** Whether a write would say anything new. */
  get changed(): boolean {
    return this.#file === undefined || this.#text() !== this.#written;
  }

  /** Writes them if they say anything new. */
  async write(client: WorkspaceClient, privateKey: string, atLeastSerial = 0): Promise<void> {
    if (!this.changed) return;
    const text = this.#text();
    this.#file = await writeNotesFile(
      client,
      {
        kind: this.kind,
        workspaceId: this.workspaceId || (await client.workspaceId()),
        serial: Math.max(this.serial, atLeastSerial) + 1,
        writtenAt: new Date().toISOString(),
        records: new Map(this.#records) as unknown as ReadonlyMap<string, JsonObject>,
      },
      this.#file,
      privateKey,
    );
    this.#written = text;
  }

  #text(): string {
    const sorted = [...this.#records].sort(([a], [b]) => (a < b ? -1 : 1));
    return stringifyJson(canonical(Object.fromEntries(sorted) as unknown as JsonObject));
  }
}

/** Where the notes of a kind lie, for messages. */
export function notesPath(kind: KindName): string {
  return `${notesFolder}/${kind}.json`;
}

export { publicKeyOf };
