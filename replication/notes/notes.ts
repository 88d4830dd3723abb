import { type JsonObject, parseJson, stringifyJson } from "../values/json.js";
import type { WorkspaceClient } from "../client/workspace-client.js";
import { sameJson } from "../values/fingerprint.js";
import type { Origin } from "../inventory/marker.js";
import { notesFolder } from "./notes-folder.js";
import type { KindName, NotesPolicy } from "../settings.js";
import { type NotesFile, readNotesFile, removeNotesFile, writeNotesFile } from "./notes-file.js";
import type { Imprint } from "./imprint.js";
import type { CopyRecord } from "./record.js";
import { publicKeyOf } from "./signing.js";

/** What the state remembers of the notes. */
export interface Remembered {
  /** Records of what is held. */
  readonly records: ReadonlyMap<Origin, CopyRecord>;
  readonly imprint: Imprint;
  /** `serial` of the notes when the state was written. */
  readonly serial: number;
}

/**
 * What a workspace remembers of its copies of one kind: it outlives the source and the Pulumi state. It is written before the
 * copies, so that a run that dies half-way is known for what it was. Nothing of it is believed that this stack's key does not
 * vouch for.
 */
export class Notes {
  /** JSON of each record. */
  readonly #records: Map<Origin, string>;
  #file: NotesFile | undefined;
  /** Whether they say what the file does not. */
  #isNew: boolean;
  #doubt: string | undefined;
  #imprint: Imprint | undefined;

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
    this.#records = believed ? (file.records as Map<Origin, string>) : new Map<Origin, string>();
    this.#isNew = !believed || file.doubt !== undefined;
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

  get size(): number {
    return this.#records.size;
  }

  /** Whether any copy is known, by a record or by the state's imprint. */
  get isEmpty(): boolean {
    return this.size === 0 && (this.#imprint?.isEmpty ?? true);
  }

  has(origin: Origin): boolean {
    return this.#records.has(origin);
  }

  get(origin: Origin): CopyRecord | undefined {
    const text = this.#records.get(origin);
    return text === undefined ? undefined : recordIn(text);
  }

  /**
   * What is known of the object that stands for an origin, also where only the state's imprint knows it.
   *
   * @param actual Fingerprint of what the object shows, where that is known.
   */
  recordOf(origin: Origin, id: string, name: string, actual?: string): CopyRecord | undefined {
    const record = this.get(origin);
    if (record || !this.#imprint?.has(origin, id)) return record;
    const isAsWritten = actual !== undefined && this.#imprint.isAsWritten(origin, id, actual);
    return { name, id, actual: isAsWritten ? actual : "unknown" };
  }

  *entries(): Generator<[Origin, CopyRecord]> {
    for (const [origin, text] of this.#records) yield [origin, recordIn(text)];
  }

  origins(): IterableIterator<Origin> {
    return this.#records.keys();
  }

  set(origin: Origin, record: CopyRecord): void {
    const text = stringifyJson(record as unknown as JsonObject);
    const known = this.#records.get(origin);
    if (known !== undefined && (known === text || sameJson(parseJson(known), record as unknown as JsonObject))) return;
    this.#records.set(origin, text);
    this.#isNew = true;
  }

  delete(origin: Origin): void {
    if (this.#records.delete(origin)) this.#isNew = true;
  }

  /**
   * Takes what the state knows in place of notes that are gone, that somebody has altered, or that are older than the state.
   * Says why it did; undefined where it did not.
   */
  recall({ records, imprint, serial }: Remembered): string | undefined {
    const knowsNothing = records.size === 0 && imprint.isEmpty;
    const why =
      this.#doubt ??
      (!this.exist
        ? "they are gone"
        : this.serial < serial
          ? "they are older than what this stack wrote last"
          : undefined);
    if (why === undefined || (knowsNothing && serial === 0)) return undefined;
    this.#records.clear();
    for (const [origin, record] of records) this.set(origin, record);
    this.#imprint = imprint;
    this.#doubt = undefined;
    this.#isNew = true;
    return !this.exist && (knowsNothing || this.#file?.former) ? undefined : why;
  }

  /** There are no copies any more. */
  async erase(client: WorkspaceClient): Promise<void> {
    if (this.#file) await removeNotesFile(client, this.#file);
    this.#file = undefined;
    this.#isNew = true;
  }

  /** Whether a write would say anything new. */
  get changed(): boolean {
    return this.#file === undefined || this.#isNew;
  }

  /** Writes them if they say anything new. */
  async write(client: WorkspaceClient, privateKey: string, atLeastSerial = 0): Promise<void> {
    if (!this.changed) return;
    this.#file = await writeNotesFile(
      client,
      {
        kind: this.kind,
        workspaceId: this.workspaceId || (await client.workspaceId()),
        serial: Math.max(this.serial, atLeastSerial) + 1,
        writtenAt: new Date().toISOString(),
        records: this.#records,
      },
      this.#file,
      privateKey,
    );
    this.#isNew = false;
  }
}

function recordIn(text: string): CopyRecord {
  const { adopted, ...record } = parseJson(text) as JsonObject;
  // What the version before noted of a thing that stood there already.
  return { ...record, ...(adopted === true ? { standIn: true } : {}) } as unknown as CopyRecord;
}

/** Where the notes of a kind lie, for messages. */
export function notesPath(kind: KindName): string {
  return `${notesFolder}/${kind}.json`;
}

export { publicKeyOf };
