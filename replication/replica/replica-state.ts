import { gunzipSync, gzipSync } from "node:zlib";
import { takeCallCount } from "../client/call-count.js";
import type { Origin } from "../inventory/marker.js";
import type { Run } from "../inventory/run.js";
import { Imprint } from "../notes/imprint.js";
import type { Notes, Remembered } from "../notes/notes.js";
import type { CopyRecord } from "../notes/record.js";
import { attention, countOutcomes, type Ledger, type LedgerLine } from "../report/ledger.js";
import type { ReplicaPicture } from "../report/preview-picture.js";
import type { Endpoint, KindName, ReplicationSettings, Role } from "../settings.js";
import { type JsonObject, parseJson, stringifyJson } from "../values/json.js";
import { redactText } from "../values/redact.js";

/** What a stack says of the replica of one kind. */
export interface ReplicaArgs {
  readonly kind: KindName;
  readonly role: Role;
  /** This stack's own workspace; absent until it is made. */
  readonly local?: Endpoint;
  /** The workspace that a standby follows, and that follows a held one. */
  readonly peer?: Endpoint;
  readonly settings: ReplicationSettings;
  /** Private key of this stack's notes; absent until it is made. */
  readonly signingKey?: string;
}

/** What the state keeps of it: nothing that grows with the workspace but a few bytes for each copy. */
export interface ReplicaState extends ReplicaArgs {
  /** Records of what is held, as compressed JSON in Base64. */
  readonly held: string;
  readonly heldCount: number;
  /** `Imprint` of all notes. */
  readonly imprint: string;
  /** How often this stack had written its notes by then. */
  readonly notesSerial: number;
  readonly ledger: Ledger;
  /** When a run that wrote last compared both sides, ISO 8601. */
  readonly comparedAt?: string;
  /** Digest of the picture that was applied, and of the settings by which it was. */
  readonly shown: string;
  /** The workspace became active, and not all that was held could be put back yet. */
  readonly incomplete?: boolean;
  /** The first of what a refresh found deleted or edited on the standby. */
  readonly drift: readonly string[];
}

/** A state, which an earlier version may have written: that kept each record by itself. */
export type StoredState = Omit<ReplicaState, "held" | "heldCount" | "imprint" | "notesSerial"> &
  Partial<ReplicaState> & { readonly copies?: Readonly<Record<string, CopyRecord>> };

/** What the last deployment was given, and showed. */
export type Before = Partial<ReplicaPicture> & { readonly role?: Role };

/** What a stack says of the replica, without what it was found to be. */
export function identityOf({ kind, role, local, peer, settings, signingKey }: ReplicaArgs): ReplicaArgs {
  return {
    kind,
    role,
    settings,
    ...(local ? { local } : {}),
    ...(peer ? { peer } : {}),
    ...(signingKey === undefined ? {} : { signingKey }),
  };
}

/** What the state knows of the notes. */
export function rememberedNotes(state: StoredState | undefined): Remembered {
  const serial = state?.notesSerial ?? 0;
  if (state?.copies) {
    const records = new Map(Object.entries(state.copies) as [Origin, CopyRecord][]);
    return { records, imprint: Imprint.of(records), serial };
  }
  const records = state?.held ? parseJson(gunzipSync(Buffer.from(state.held, "base64")).toString()) : {};
  return {
    records: new Map(Object.entries(records as JsonObject)) as unknown as Map<Origin, CopyRecord>,
    imprint: Imprint.parse(state?.imprint ?? ""),
    serial,
  };
}

/** What the state keeps of the notes. */
export function memoryOf(
  notes: Iterable<[Origin, CopyRecord]>,
  notesSerial: number,
): Pick<ReplicaState, "held" | "heldCount" | "imprint" | "notesSerial"> {
  const records = [...notes];
  const held = records.filter(([, record]) => record.held);
  const text = stringifyJson(Object.fromEntries(held) as unknown as JsonObject);
  return {
    held: held.length > 0 ? gzipSync(text, { level: 9 }).toString("base64") : "",
    heldCount: held.filter(([, { orphaned }]) => !orphaned).length,
    imprint: Imprint.of(records).toString(),
    notesSerial,
  };
}

/** What the state keeps of notes that were read in this run. */
export function memoryOfNotes(notes: Notes): ReturnType<typeof memoryOf> {
  return memoryOf(notes.entries(), notes.serial);
}

/** The state with what a stack says now, and nothing of what it said before. */
export function takenOver(state: StoredState, args: ReplicaArgs): ReplicaState {
  const { local: _, peer: __, signingKey: ___, copies, ...rest } = state;
  const { records, serial } = rememberedNotes(state);
  const memory = copies ? memoryOf(records, serial) : {};
  return { held: "", heldCount: 0, imprint: "", notesSerial: 0, ...rest, ...memory, ...identityOf(args) };
}

export function emptyState(args: ReplicaArgs): ReplicaState {
  return { ...identityOf(args), ...memoryOf([], 0), ledger: ledgerOf(args.kind, []), shown: "", drift: [] };
}

/** The state keeps the first of the lines that a person should read. */
const mostLinesKept = 100;

export function ledgerOf(kind: KindName, lines: readonly LedgerLine[], run?: Run): Ledger {
  const seconds = Math.round((run?.secondsOn(kind) ?? 0) * 10) / 10;
  // What is only said of the kind as a whole is no object of it.
  const counted = lines.filter(
    ({ name, id, outcome }) =>
      name !== kind || id !== undefined || outcome === "failed" || outcome === "needs-a-person",
  );
  return {
    counts: countOutcomes(counted),
    lines: attention(lines).slice(0, mostLinesKept).map(withoutSecrets),
    calls: takeCallCount(kind),
    seconds,
  };
}

/** A name, an address or an error may have a secret in it. */
export function withoutSecrets({ id, copyId, why, ...line }: LedgerLine): LedgerLine {
  return {
    ...line,
    name: redactText(line.name),
    ...(id !== undefined ? { id: redactText(id) } : {}),
    ...(copyId !== undefined ? { copyId: redactText(copyId) } : {}),
    ...(why !== undefined ? { why: redactText(why) } : {}),
  };
}
