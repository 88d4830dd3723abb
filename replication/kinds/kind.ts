import type { JsonObject } from "../values/json.js";
import type { Origin } from "../inventory/marker.js";
import type { Run } from "../inventory/run.js";
import type { Endpoint, KindName, ReplicationSettings } from "../settings.js";
import type { WorkspaceClient } from "../client/workspace-client.js";

/** One end of a replication. */
export interface Side {
  readonly endpoint: Endpoint;
  readonly client: WorkspaceClient;
}

/** A reference to an object of another kind, or to one that is not replicated at all. */
export interface Reference {
  readonly kind: string;
  readonly id: string;
  /** It is mapped where a mapping says so, and otherwise stays as it is. */
  readonly optional?: true;
  /** The workspace that the object is said to be in; the source where nothing is said. */
  readonly workspaceId?: string;
}

/** One object of one workspace, as the frame compares it. */
export interface Item {
  readonly id: string;
  /** What a person sees, and what globs match: a name or a path. */
  readonly name: string;
  readonly origin: Origin;
  /** Whether the workspace shows it as a copy of ours. */
  readonly marked: boolean;
  /** Made in this very workspace, and no copy: its origin is itself. Never marked, and never removed. */
  readonly original?: boolean;
  /** A copy of ours by the id that was noted, although somebody has taken its marker off. */
  readonly markerLost?: boolean;
  /** Who made it: a user's name, or a service principal's application id. */
  readonly creator?: string;
  /** Everything that a copy must have, and nothing that the workspace decides itself; references are this side's. */
  readonly definition: JsonObject;
  /** Why it is never copied: a job's own cluster, a mount of Databricks' own, … */
  readonly leftOut?: string;
  /** Why it is not known what it holds, so that `definition` says nothing. */
  readonly unreadable?: string;
  /** The list that `definition` has sorted so that it can be compared, in the workspace's own order. */
  readonly asListed?: readonly JsonObject[];
  /** What a person should know of it although it is copied. */
  readonly notes?: readonly string[];
  /** Tells whether the content can have changed, where reading it is dear: size and time of change. */
  readonly stamp?: string;
  /** Why a copy in this condition breaks the rule that a standby is inert; empty when it does not. */
  readonly unsettled?: readonly string[];
}

/** What a source definition becomes on a standby, before references are mapped. */
export interface Prepared {
  readonly definition: JsonObject;
  /** Triggers that were taken off, exactly as they were. */
  readonly held?: JsonObject;
  /** `edit`: they are the copy's own, see `CopyRecord`. */
  readonly heldFrom?: "edit";
  /** Node types that stand in place of others, and of which. */
  readonly nodeTypes?: Readonly<Record<string, string>>;
  /** Why no copy can be made, and what to do about it. */
  readonly obstacle?: string;
  /** What a person should know although the copy is made. */
  readonly notes?: readonly string[];
}

/** One copy to be made or changed; its references are the target's. */
export interface Copy {
  readonly source: Item;
  readonly definition: JsonObject;
}

/** Prevents a copy for a reason that is no fault of the run: quota, a volume that is not there, … */
export class NeedsPerson extends Error {
  override readonly name = "NeedsPerson";
}

export interface PrepareContext {
  readonly settings: ReplicationSettings;
  readonly run: Run;
}

/** What is particular to one sort of object. Order, concurrency, retries, hashing, ledger and messages are the frame's. */
export interface Kind {
  readonly name: KindName;
  readonly singular: string;
  /** `marker`: a copy carries its origin in a tag. `path`: a copy stands at its original's path, and the notes say that it is ours. */
  readonly identity: "marker" | "path";
  /** Replicated kinds that objects of this one refer to. */
  readonly refersTo?: readonly KindName[];
  /** Whether an object of other origin at the same path may be replaced. */
  readonly replacesForeign?: boolean;
  /** Whether a new object runs until it is stopped, so that `settle` has to follow at once. */
  readonly startsWhenMade?: boolean;
  /** Fields that a listing of the target does not show, so that they cannot be compared there. */
  readonly unseen?: readonly string[];
  /** Fields that start an object by themselves: held on a copy, and put back on release. */
  readonly triggers?: readonly string[];
  /** The gist of a definition in a few words, for a preview. */
  summary(definition: JsonObject): string;
  /** Every object of the workspace, or an error: never a part of them. */
  list(side: Side, run: Run): Promise<Item[]>;
  /** Fails as not found when the object is gone: asked before its copy is removed, since a listing may skip one. */
  exists?(side: Side, id: string): Promise<void>;
  prepare?(item: Item, context: PrepareContext): Promise<Prepared> | Prepared;
  /** Makes one copy and gives its id. An error that leaves open whether it was made is followed by `find`. */
  create?(target: Side, copy: Copy, run: Run): Promise<string>;
  /** Makes the smallest object that has an id, for copies that refer to each other in a circle. */
  createShell?(target: Side, copy: Copy): Promise<string>;
  /** What a new copy needs once it is inert. */
  complete?(target: Side, id: string, copy: Copy): Promise<void>;
  update?(target: Side, id: string, copy: Copy, actual: Item, run: Run): Promise<void>;
  /** Makes a copy inert. Returns what a person should know. Doing it twice is as good as once. */
  settle?(target: Side, id: string): Promise<readonly string[]>;
  remove?(target: Side, id: string): Promise<void>;
  /** What bears the marker of that object by now: where making it again would make a second one. */
  find?(target: Side, source: Item): Promise<readonly Found[]>;
  /** Takes all writes at once where one by one would be slow; answers come in the order of the operations. */
  writeAll?(target: Side, operations: readonly Operation[]): Promise<PromiseSettledResult<string>[]>;
  /** Puts triggers on an object that has none. Sending it twice is as good as once. */
  release?(target: Side, id: string, held: JsonObject): Promise<void>;
  /** One object as a listing would show it; fails as not found when it is gone. */
  get?(target: Side, id: string): Promise<Item>;
}

/** An object that bears our marker, and who made it: anybody may set a tag. */
export interface Found {
  readonly id: string;
  readonly creator?: string;
}

export type Operation =
  | { readonly action: "create"; readonly copy: Copy }
  | { readonly action: "update"; readonly id: string; readonly copy: Copy; readonly actual: Item }
  | { readonly action: "remove"; readonly id: string; readonly name: string };
