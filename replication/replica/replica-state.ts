import { takeCallCount } from "../client/call-count.js";
import { countOutcomes, type Ledger, type LedgerLine } from "../report/ledger.js";
import type { Remembered } from "../notes/notes.js";
import type { CopyRecord } from "../notes/record.js";
import type { ReplicaPicture } from "../report/preview-picture.js";
import { redactText } from "../values/redact.js";
import type { Run } from "../inventory/run.js";
import type { Endpoint, KindName, ReplicationSettings, Role } from "../settings.js";

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
  /** Id maps of kinds that this one refers to, as far as they are known. */
  readonly idMaps?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** What the state keeps of it. */
export interface ReplicaState {
  readonly kind: KindName;
  readonly role: Role;
  readonly local?: Endpoint;
  readonly peer?: Endpoint;
  readonly settings: ReplicationSettings;
  readonly signingKey?: string;
  /** Id on the source → id of the copy. */
  readonly idMap: Readonly<Record<string, string>>;
  /** Origin → copy, and its last-applied fingerprints. */
  readonly copies: Readonly<Record<string, CopyRecord>>;
  /** How often this stack had written its notes by then. Absent in a state that an earlier version wrote. */
  readonly notesSerial?: number;
  readonly ledger: Ledger;
  /** When a run that wrote last compared both sides, ISO 8601. */
  readonly comparedAt?: string;
  /** Fingerprint of the picture that was applied. */
  readonly shown: string;
  /** The workspace became active, and not all that was held could be put back yet. */
  readonly incomplete?: boolean;
  /** What a refresh found deleted or edited on the standby. */
  readonly drift: readonly string[];
}

/** What the last deployment was given, and showed. */
export type Before = Partial<ReplicaPicture> & { readonly role?: Role };

type Identity = Pick<ReplicaState, "kind" | "role" | "local" | "peer" | "settings" | "signingKey">;

/** What a stack says of the replica, without what it was found to be. */
export function identityOf({ kind, role, local, peer, settings, signingKey }: ReplicaArgs): Identity {
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
export function rememberedNotes(state: Partial<Pick<ReplicaState, "copies" | "notesSerial">> | undefined): Remembered {
  return { records: state?.copies ?? {}, serial: state?.notesSerial ?? 0 };
}

/** The state with what a stack says now, and nothing of what it said before. */
export function takenOver(state: ReplicaState, args: ReplicaArgs): ReplicaState {
  const { local: _, peer: __, signingKey: ___, ...rest } = state;
  return { ...rest, ...identityOf(args) };
}

export function emptyState(args: ReplicaArgs): ReplicaState {
  return { ...identityOf(args), idMap: {}, copies: {}, ledger: ledgerOf(args.kind, []), shown: "", drift: [] };
}

/** What the state keeps of the records: not what spares a run the reading, since the state passes to and fro in each run. */
export function remembered(records: Iterable<[string, CopyRecord]>): Record<string, CopyRecord> {
  return Object.fromEntries([...records].map(([origin, { seen: _, ...record }]) => [origin, record]));
}

export function ledgerOf(kind: KindName, lines: readonly LedgerLine[], run?: Run): Ledger {
  const seconds = Math.round((run?.secondsOn(kind) ?? 0) * 10) / 10;
  // What is only said of the kind as a whole is no object of it.
  const counted = lines.filter(
    ({ name, id, outcome }) =>
      name !== kind || id !== undefined || outcome === "failed" || outcome === "needs-a-person",
  );
  return { counts: countOutcomes(counted), lines: lines.map(withoutSecrets), calls: takeCallCount(kind), seconds };
}

/** A name, an address or an error may have a secret in it. */
function withoutSecrets({ id, copyId, why, ...line }: LedgerLine): LedgerLine {
  return {
    ...line,
    name: redactText(line.name),
    ...(id !== undefined ? { id: redactText(id) } : {}),
    ...(copyId !== undefined ? { copyId: redactText(copyId) } : {}),
    ...(why !== undefined ? { why: redactText(why) } : {}),
  };
}
