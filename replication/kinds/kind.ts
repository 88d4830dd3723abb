import type { Json, JsonObject } from "../values/json.js";
import type { Origin } from "../inventory/marker.js";
import type { Notes } from "../notes/notes.js";
import type { ProgressNote } from "../report/progress.js";
import type { Reference, ReferenceField } from "./references.js";
import type { Endpoint, KindName, ReplicationSettings } from "../settings.js";
import type { WorkspaceClient } from "../client/workspace-client.js";

/** One end of a replication. */
export interface Side {
  readonly endpoint: Endpoint;
  readonly client: WorkspaceClient;
}

export type SideName = "source" | "target";

/** What a kind may ask of the run in which it is looked at. Each look is taken once and shared by all. */
export interface Inventory {
  readonly settings: ReplicationSettings;
  readonly source: Side | undefined;
  readonly target: Side | undefined;
  /** Every object of a kind on one side; none while the workspace does not exist. */
  items(side: SideName, kind: KindName): Promise<readonly Item[]>;
  /** What earlier runs noted on one side about the copies there. */
  notes(side: SideName, kind: KindName): Promise<Notes>;
  /** Whether a user, by name, or a service principal, by application id, is in the target; true when it cannot be asked. */
  principalExists(name: string): Promise<boolean>;
  /** The node types that the target's region offers; undefined while it cannot be asked. */
  nodeTypes(): Promise<ReadonlySet<string> | undefined>;
  /** Whether an object of the target is to be read by itself now, for what no listing shows. */
  isToRecheck(kind: KindName, id: string): boolean;
  /** Shares one look-up among all that ask within a run; a failed one is asked again. */
  once<T>(key: string, look: () => Promise<T>): Promise<T>;
  /** Shows a note where its kind is shown. */
  tell(note: ProgressNote): void;
}

/** One object of one workspace, as the frame compares it. */
export interface Item {
  readonly id: string;
  /** What a person sees, and what globs match: a name or a path. */
  readonly name: string;
  /** What the Permissions API knows it by, where that is not its id. */
  readonly accessId?: string;
  readonly origin: Origin;
  /** Whether the workspace shows it as a copy of ours. */
  readonly marked: boolean;
  /** Made in this very workspace, and no copy: its origin is itself. Never marked, and never removed. */
  readonly original?: boolean;
  /** A copy of ours by the id that was noted, although somebody has taken its marker off. */
  readonly markerLost?: boolean;
  /** Who made it: a user's name, or a service principal's application id. */
  readonly creator?: string;
  /** Not ours, and used in place of a copy: left as it is. */
  readonly standIn?: boolean;
  /** It comes with every workspace: it may be changed, and is never made or removed. */
  readonly builtIn?: boolean;
  /**
   * Everything that a copy must have, and nothing that the workspace decides itself; references are this side's. Absent where
   * looking is dear: `Kind.define` gives it where it is needed.
   */
  readonly definition?: JsonObject;
  /** Tells whether the definition can have changed, where looking is dear: size and time of change. */
  readonly stamp?: string;
  /** Why it is never copied: a job's own cluster, a mount of Databricks' own, … */
  readonly leftOut?: string;
  /** Why it is not known what it holds, so that `definition` says nothing. */
  readonly unreadable?: string;
  /** The list that `definition` has sorted so that it can be compared, in the workspace's own order. */
  readonly asListed?: readonly JsonObject[];
  /** What a person should know of it although it is copied. */
  readonly notes?: readonly string[];
  /** Why a copy in this condition breaks the rule that a standby is inert; empty when it does not. */
  readonly unsettled?: readonly string[];
}

/** An item whose definition was looked at. */
export type Defined = Item & { readonly definition: JsonObject };

/** What a source definition becomes on a standby, before references are mapped. */
export interface Prepared {
  readonly definition: JsonObject;
  /** What was taken off, exactly as it was: the frame does so for `Kind.held`. */
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
  /** The access list of a new object as requests have it, where `create` takes it. */
  readonly access?: readonly JsonObject[];
}

/** Prevents a copy for a reason that is no fault of the run: quota, a volume that is not there, … */
export class NeedsPerson extends Error {
  override readonly name = "NeedsPerson";
}

export interface PrepareContext {
  readonly settings: ReplicationSettings;
  readonly run: Inventory;
  /** What stands for it on the target, if anything does. */
  readonly copy?: Item;
}

/** A tag that holds an object's origin. */
export interface MarkerTag {
  /** Field of the definition that has the tags. */
  readonly field: string;
  readonly key: string;
  /** How many tags an object may have. */
  readonly most: number;
}

/** How the target's object for one of the source is known, beside by the notes. */
export type Identity =
  /** A copy carries its origin in a tag; names repeat. */
  | { readonly by: "tag"; readonly tag: MarkerTag }
  /** Each name is there once. What bears it and is not ours stands in for a copy, and is left as it is. */
  | { readonly by: "name"; readonly field: string; readonly tag?: MarkerTag }
  /** A copy stands at its original's path, and the notes say that it is ours. What is not ours there is replaced or left. */
  | { readonly by: "path"; readonly foreign: "replaced" | "left" };

/** https://docs.databricks.com/api/azure/workspace/permissions */
export interface Permissions {
  /** In paths: `jobs`, `cluster-policies`, `directories`. */
  readonly type: string;
  /** Whether a list has exactly one owner. */
  readonly hasOwner?: boolean;
  /** Whether `create` takes the list of a new object, as `Copy.access`. */
  readonly withCreate?: boolean;
}

/** What makes an object run by itself, or costs while it does not: taken off on a copy, and put back on release. */
export interface HeldFields {
  /** What messages call it, singular and plural: `trigger`, `triggers`. */
  readonly noun: readonly [string, string];
  /** By field: what stands there meanwhile; undefined where the field is taken off. */
  readonly fields: Readonly<Record<string, Json | undefined>>;
}

/**
 * What is particular to one sort of object. Order, concurrency, retries, hashing, ledger and messages are the frame's, and all
 * that lists kinds is derived from these data.
 */
export interface Kind {
  readonly name: KindName;
  readonly singular: string;
  /** Kinds that are copied before, since objects of this one refer to them or are read with their help. */
  readonly after?: readonly KindName[];
  /** Fields, in definitions and in what is held, that have the id of another object. */
  readonly references?: readonly ReferenceField[];
  /** References that no field holds by itself, as inside a policy's text: `map` gives the id that takes a reference's place. */
  mapEmbedded?(definition: JsonObject, map: (reference: Reference) => string): JsonObject;
  readonly identity: Identity;
  readonly held?: HeldFields;
  /** Whether objects stand in each other, by their paths: parents are made first and removed last. */
  readonly nested?: boolean;
  /** Fields that can be given to a new object, and that no edit changes. */
  readonly immutable?: readonly string[];
  /** Fields that a listing of the target does not show, so that they cannot be compared there. */
  readonly unseen?: readonly string[];
  /** Whether a new object runs until it is stopped, so that `settle` has to follow at once. */
  readonly startsWhenMade?: boolean;
  /** How the Permissions API names an object of this kind: its access list is copied with it. */
  readonly permissions?: Permissions;
  /** The gist of a definition in a few words, for a preview. */
  summary(definition: JsonObject): string;
  /** Every object of the workspace, or an error: never a part of them. */
  list(side: Side, run: Inventory): Promise<readonly Item[]>;
  /** Fails as not found when the object is gone: asked before its copy is removed, since a listing may skip one. */
  exists?(side: Side, id: string): Promise<void>;
  /** Looks at what a listing left out, for an object that is to be compared or written. @throws as not found when it is gone. */
  define?(side: Side, item: Item, run: Inventory): Promise<JsonObject>;
  /** What a person should know of what a definition mentions without referring to it, though the copy is as it should be. */
  advise?(definition: JsonObject, item: Item, run: Inventory): Promise<readonly string[]>;
  prepare?(item: Defined, context: PrepareContext): Promise<Prepared> | Prepared;
  /** Makes one copy and gives its id. An error that leaves open whether it was made is followed by `find`. */
  create?(target: Side, copy: Copy, run: Inventory): Promise<string>;
  /** Makes the smallest object that has an id, for copies that refer to each other in a circle. */
  createShell?(target: Side, copy: Copy): Promise<string>;
  /** What a new copy needs once it is inert. */
  complete?(target: Side, id: string, copy: Copy): Promise<void>;
  update?(target: Side, id: string, copy: Copy, actual: Defined, run: Inventory): Promise<void>;
  /** Makes a copy inert. Returns what a person should know. Doing it twice is as good as once. */
  settle?(target: Side, id: string): Promise<readonly string[]>;
  remove?(target: Side, id: string): Promise<void>;
  /** Why a copy cannot be removed yet, beside that another kind refers to it. */
  stillUsed?(copy: Item, run: Inventory): Promise<string | undefined>;
  /** What bears the marker of that object by now: where making it again would make a second one. */
  find?(target: Side, source: Item): Promise<readonly Found[]>;
  /** Takes all writes at once where one by one would be slow; answers come in the order of the operations. */
  writeAll?(target: Side, operations: readonly Operation[]): Promise<PromiseSettledResult<string>[]>;
  /** Puts what was held on an object that has it not. Sending it twice is as good as once. */
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
  | { readonly action: "update"; readonly id: string; readonly copy: Copy; readonly actual: Defined }
  | { readonly action: "remove"; readonly id: string; readonly name: string };
