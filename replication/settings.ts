/** A replicated kind by the API's plural: `clusters`, `jobs`. The registry of kinds has them all. */
export type KindName = string;

/**
 * What a stack is today. `active`: works, and follows nobody. `standby`: follows its peer and is inert. `held`: was active, and has
 * its triggers held until the other side is: it is followed as an active one would be.
 */
export type Role = "active" | "standby" | "held";

/** What is used to sign in to a workspace; `client/auth-method.ts` says which credential that is. */
export type AuthMethod = "auto" | "azure" | "profile" | "environment";

/** What a person decides about notes that are gone or cannot be told to be genuine, where the state is lost as well. */
export type NotesPolicy = "verify" | "trust" | "restart";

/** Where a workspace is and how to sign in; holds no secret. */
export interface Endpoint {
  /** Stack that the workspace belongs to, for messages: `primary`, `secondary`. */
  readonly stack: string;
  /** `https://adb-….azuredatabricks.net`. */
  readonly host: string;
  /** ARM id of the workspace. */
  readonly resourceId?: string;
  /** The id that Databricks gives, in decimal digits, as Azure knows it: an answer of another workspace is not believed. */
  readonly workspaceId?: string;
  /** Public key of the stack's notes: tells those that it wrote from any other. */
  readonly notesKey?: string;
  readonly location: string;
  readonly auth: { readonly method: AuthMethod; readonly profile?: string };
  /** The small cluster on which mounts are read and made. */
  readonly operationsClusterId: string;
}

export interface Selection {
  /** Globs on what a person sees: a name or a path. Nothing given means everything. */
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
}

export interface MountCredentials {
  /** Glob of mount points, `/mnt/*`. */
  readonly mounts: string;
  /**
   * Spark settings for `dbutils.fs.mount`; a secret stands as `{{secrets/<scope>/<key>}}` and is read on the cluster.
   * `<account>` and `<container>` are replaced by those of the mount.
   */
  readonly extraConfigs: Readonly<Record<string, string>>;
}

/** How a standby follows its source. Plain data: it crosses into the provider's process. */
export interface ReplicationSettings {
  readonly select?: Readonly<Record<KindName, Selection | undefined>>;
  /** Whether an object that is gone from the source goes from the standby too. Default `keep`. */
  readonly deletions?: "keep" | "propagate";
  /** Most copies, in percent of a kind, that one run removes. Default 10. */
  readonly deletionLimitPercent?: number;
  /** Lifts `deletionLimitPercent` and accepts an emptied source. Default false. */
  readonly allowMassDeletion?: boolean;
  /** Whether `destroy` removes copies from a workspace that is active. Default false. */
  readonly removeFromActive?: boolean;
  /** Whether access lists are copied. Default `copy`. */
  readonly access?: "copy" | "leave";
  /** Who owns copies on the standby whose owner is not there; by default the replication's own principal. */
  readonly owner?: string;
  /** Who wins where a copy was edited on the standby. Default `source`. */
  readonly conflicts?: "source" | "standby";
  /** How old what no listing shows (whom a job runs as, access lists) may be, in hours; 0 reads it in every run. Default 24. */
  readonly recheckHours?: number;
  /** Notes that cannot be told to be ours, where the state is lost too: refuse them, take them, or begin anew. Default `verify`. */
  readonly notes?: NotesPolicy;
  /** Node types that the standby's region lacks → the one to use there. */
  readonly nodeTypes?: Readonly<Record<string, string>>;
  /** Ids on the source → ids on the standby, by kind, for what is not replicated (pools, policies, warehouses, …). */
  readonly idMappings?: Readonly<Record<string, Readonly<Record<string, string>> | undefined>>;
  readonly mounts?: {
    /** Storage account on the source → the account, or read-only endpoint, that the standby mounts in its place. */
    readonly storageAccounts?: Readonly<Record<string, string>>;
    readonly credentials?: readonly MountCredentials[];
  };
  /** How long the operations cluster is given to start, in minutes. Default 10. */
  readonly operationsClusterMinutes?: number;
  /** Requests a second by API family, for each workspace. */
  readonly rateLimits?: Readonly<Record<string, number>>;
  /** Most requests under way at once, for each workspace. Default 32. */
  readonly concurrency?: number;
  /** Longest wait that a workspace may ask for, in seconds, before the run ends with an error instead. Default 600. */
  readonly longestWaitSeconds?: number;
}
