import { countedFor } from "../client/call-count.js";
import { isNotFound } from "../client/errors.js";
import { isArray, isObject, type JsonObject, objectsOf } from "../values/json.js";
import type { Defined, Inventory, Item, Side, SideName } from "../kinds/kind.js";
import { orGone } from "../kinds/or-gone.js";
import { isKindName, kindNamed } from "../kinds/registry.js";
import { notesFolderAccess } from "../notes/folder-access.js";
import { Notes, publicKeyOf, type Remembered } from "../notes/notes.js";
import type { Progress, ProgressNote } from "../report/progress.js";
import { messageOf } from "../values/redact.js";
import { readRole } from "../roles/role.js";
import { isItsTurn } from "./recheck.js";
import { isExcluded } from "./selection.js";
import type { Endpoint, KindName, ReplicationSettings } from "../settings.js";
import { sideOf } from "./side.js";

/** The two ends of a replication, and how it is done. A side is missing while its workspace does not exist yet. */
export interface Replication {
  readonly source?: Endpoint;
  readonly target?: Endpoint;
  readonly settings: ReplicationSettings;
  /** Private key of the target's notes. */
  readonly signingKey?: string;
}

/**
 * What one run knows of both workspaces. Each listing is taken once and shared by check, diff and apply of every kind; what
 * an apply changes is forgotten.
 */
export class Run implements Inventory {
  readonly source: Side | undefined;
  readonly target: Side | undefined;
  readonly settings: ReplicationSettings;
  readonly #cache = new Map<string, Promise<unknown>>();
  readonly #progress = new Map<string, Progress>();
  readonly #began = new Map<string, number>();
  readonly #stale = new Map<string, string>();
  readonly #written = new Set<string>();
  readonly #made = Date.now();

  constructor(readonly replication: Replication) {
    this.settings = replication.settings;
    this.source = replication.source && sideOf(replication.source, replication.settings);
    this.target = replication.target && sideOf(replication.target, replication.settings);
    for (const at of [this.source, this.target])
      if (at) at.client.onWait = (seconds, family) => this.tell(waitNote(at.endpoint.stack, seconds, family));
  }

  /** Shows what is said of a kind where that kind is shown: kinds share a run, and work side by side. */
  showOn(kind: KindName, progress: Progress): void {
    this.#progress.set(kind, progress);
    if (!this.#began.has(kind)) this.#began.set(kind, Date.now());
  }

  /** How long neither workspace was asked anything: a run that works is never idle for long, whatever its length. */
  get idleMs(): number {
    const used = [this.source, this.target].map((at) => at?.client.lastUsed ?? this.#made);
    return Date.now() - Math.max(...used);
  }

  /** Since this run first looked at that kind. */
  secondsOn(kind: KindName): number {
    return (Date.now() - (this.#began.get(kind) ?? Date.now())) / 1000;
  }

  /** Shows a note where its kind is shown. */
  tell(note: ProgressNote): void {
    const progress = this.#progress.get(note.kind) ?? [...this.#progress.values()].at(-1);
    progress?.(note);
  }

  /** Every object of a kind on one side; none while the workspace does not exist. */
  items(sideName: SideName, kind: KindName): Promise<readonly Item[]> {
    const at = this[sideName];
    if (!at || isExcluded(this.settings, kindNamed(kind))) return Promise.resolve([]);
    return this.once(`items ${sideName} ${kind}`, async () => {
      this.tell({ kind, text: `listing the ${kind} of ${at.endpoint.stack}` });
      return inventory(kind, at, () => countedFor(kind, () => kindNamed(kind).list(at, this)));
    });
  }

  /** An object with its definition; undefined where it was deleted since it was listed. */
  async defined(sideName: SideName, kind: KindName, item: Item): Promise<Defined | undefined> {
    const { definition } = item;
    if (definition) return { ...item, definition };
    const looked = await orGone(() => countedFor(kind, () => kindNamed(kind).define!(this[sideName]!, item, this)));
    return looked && { ...item, definition: looked };
  }

  /** What earlier runs noted on one side about the copies there. */
  notes(sideName: SideName, kind: KindName): Promise<Notes> {
    const at = this[sideName];
    if (!at) return Promise.resolve(Notes.empty(kind));
    const { signingKey } = this.replication;
    const own = sideName === "target" && signingKey !== undefined ? publicKeyOf(signingKey) : undefined;
    return this.once(`notes ${sideName} ${kind}`, () =>
      inventory(kind, at, () =>
        countedFor(kind, () => Notes.read(at.client, kind, own ?? at.endpoint.notesKey, this.settings.notes)),
      ),
    );
  }

  /** Lets the state stand in for notes that are gone from the target, or are not to be believed. */
  async recall(kind: KindName, remembered: Remembered): Promise<void> {
    const notes = await this.notes("target", kind);
    const why = notes.recall(remembered);
    if (why === undefined) return;
    this.tell({
      kind,
      text: `${kind}: the notes on the copies in ${this.target!.endpoint.stack} are not used: ${why}; what the state knows is used, and they are written anew`,
      severity: "warning",
    });
    for (const key of [`items target ${kind}`, `plan ${kind}`]) this.#cache.delete(key);
  }

  /** Writes the target's notes where they say anything new, into a folder that administrators alone may use. */
  async writeNotes(kind: KindName, notes: Notes, remembered?: Remembered): Promise<void> {
    const { target } = this;
    const { signingKey } = this.replication;
    if (!target || !notes.changed) return;
    if (signingKey === undefined) throw new Error(`${kind}: there is no key to sign the notes with`);
    await notes.write(target.client, signingKey, remembered?.serial);
    await this.closeNotesFolder(kind);
  }

  /** Looks once a run who may use the folder of the target's notes, and leaves it to administrators alone. */
  async closeNotesFolder(kind: KindName): Promise<void> {
    await this.#notesFolder(kind, true);
  }

  /** Whether somebody was given access to that folder, which the next write takes away. */
  async notesFolderIsOpen(kind: KindName): Promise<boolean> {
    return this.#notesFolder(kind, false);
  }

  async #notesFolder(kind: KindName, close: boolean): Promise<boolean> {
    const { target } = this;
    if (!target) return false;
    return this.once(`notes folder ${close}`, async () => {
      const me = await this.me().catch(() => "");
      const { isOpen, told } = await notesFolderAccess(target.client, me, close);
      for (const each of told) this.tell({ kind, text: `${target.endpoint.stack}: ${each}`, severity: "warning" });
      return isOpen;
    });
  }

  /** Who this replication is in the target: a user's name, or a service principal's application id. */
  me(): Promise<string> {
    return this.once("me", async () => {
      const me = await this.target!.client.get("/api/2.0/preview/scim/v2/Me");
      return String(me.userName ?? me.applicationId ?? "");
    });
  }

  /** Those that this replication made: anybody may set a tag. */
  async madeByUs<T extends { readonly creator?: string }>(objects: readonly T[]): Promise<readonly T[]> {
    if (!objects.some(({ creator }) => creator !== undefined)) return [];
    const me = await this.me();
    return objects.filter(({ creator }) => creator === me);
  }

  /** Whether the source has ever been a standby, so that it must have notes. */
  sourceWasStandby(): Promise<boolean> {
    const { source } = this;
    if (!source) return Promise.resolve(false);
    return this.once("role source", async () => {
      const record = await readRole(source.client, source.endpoint.notesKey);
      return record?.wasStandby === true;
    });
  }

  /** A kind could not be compared in this run: what refers to it goes by what was last known. */
  standIn(kind: string, why: string): void {
    this.#stale.set(kind, why);
  }

  /** It was compared after all. */
  compared(kind: KindName): void {
    this.#stale.delete(kind);
  }

  isStale(kind: string): boolean {
    return this.#stale.has(kind);
  }

  /** Kinds that could not be compared, each with why and since when nothing is known. */
  async staleKinds(): Promise<readonly { kind: string; why: string; knownAt: string | undefined }[]> {
    return Promise.all(
      [...this.#stale].map(async ([kind, why]) => {
        if (!isKindName(kind)) return { kind, why, knownAt: undefined };
        const knownAt = await this.notes("target", kind).then(
          ({ writtenAt }) => writtenAt,
          () => undefined,
        );
        return { kind, why, knownAt };
      }),
    );
  }

  /** Whether a user (by name) or service principal (by application id) is in the target; true when it cannot be asked. */
  principalExists(name: string): Promise<boolean> {
    const at = this.target;
    if (!at) return Promise.resolve(true);
    return this.once(`principal ${name}`, async () => {
      const [path, attribute] = name.includes("@") ? ["Users", "userName"] : ["ServicePrincipals", "applicationId"];
      try {
        const answer = await at.client.get(`/api/2.0/preview/scim/v2/${path}`, {
          filter: `${attribute} eq "${name.replaceAll('"', '\\"')}"`,
          count: 1,
          startIndex: 1,
        });
        return objectsOf(answer.Resources).length > 0;
      } catch (error) {
        if (isNotFound(error)) return false;
        throw error;
      }
    });
  }

  /** The node types that the target's region offers; undefined while it cannot be asked. */
  nodeTypes(): Promise<ReadonlySet<string> | undefined> {
    const at = this.target;
    if (!at) return Promise.resolve(undefined);
    return this.once("node types", async () => {
      const answer = await at.client.get("/api/2.1/clusters/list-node-types").catch((error: unknown) => {
        const text = `which node types ${at.endpoint.stack} has cannot be asked now, so they are not checked (${messageOf(error)})`;
        this.tell({ kind: "clusters", text, severity: "warning" });
        return undefined;
      });
      if (!answer) return undefined;
      const { node_types } = answer;
      return new Set(
        objectsOf(node_types)
          .filter(isOffered)
          .map((each) => String(each.node_type_id)),
      );
    });
  }

  /** An object of the target was written: its next look is at all of it. */
  noteWritten(kind: KindName, id: string): void {
    this.#written.add(`${kind} ${id}`);
  }

  /** Whether an object of the target is to be read by itself now, for what no listing shows. */
  isToRecheck(kind: KindName, id: string): boolean {
    return this.#written.has(`${kind} ${id}`) || isItsTurn(id, this.settings.recheckHours);
  }

  /** Shares one look-up among all that ask within a run; a failed one is asked again. */
  once<T>(key: string, look: () => Promise<T>): Promise<T> {
    const known = this.#cache.get(key);
    if (known) return known as Promise<T>;
    const looking = look();
    this.#cache.set(key, looking);
    looking.catch(() => this.#cache.delete(key));
    return looking;
  }

  /** The target's objects of that kind have changed. */
  forget(kind: KindName): void {
    for (const key of [`items target ${kind}`, `notes target ${kind}`, `plan ${kind}`]) this.#cache.delete(key);
  }
}

function waitNote(stack: string, seconds: number, family: string): ProgressNote {
  const text = `the workspace of ${stack} asks to wait ${Math.round(seconds)} s before the next request; this run waits`;
  return { kind: family, text, severity: "warning" };
}

/** A workspace, named, whose inventory could not be taken. */
class NotListed extends Error {}

/** Says of a failed look-up which workspace it is that does not answer; once, where one inventory needs another. */
async function inventory<T>(kind: string, { endpoint }: Side, look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (cause) {
    if (cause instanceof NotListed) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new NotListed(`${kind}: cannot be listed on ${endpoint.stack} (${endpoint.host}): ${why}`, { cause });
  }
}

/** A type that the region or the subscription lacks is listed all the same, with a status that says so. */
function isOffered({ node_info }: JsonObject): boolean {
  const status = isObject(node_info) && isArray(node_info.status) ? node_info.status : [];
  return !status.some((each) => each === "NotAvailableInRegion" || each === "NotEnabledOnSubscription");
}
