import type { JsonObject } from "../values/json.js";

/** Fingerprints of access lists when they were last compared. */
export interface AccessRecord {
  readonly source: string;
  /** What was asked for on the target. */
  readonly wanted: string;
  readonly actual: string;
  /** Grants that could not be given, since who has them is not there. */
  readonly lacking?: readonly string[];
}

/** What is remembered of one copy. */
export interface CopyRecord {
  /** Id of the copy; absent between the intention and the write. */
  readonly id?: string;
  readonly name: string;
  /** Id on the source when it was last seen there: with it, references can be mapped while the source is silent. */
  readonly sourceId?: string;
  /** Fingerprint of what was asked for at the last write. */
  readonly desired?: string;
  /** Fingerprint of what the standby then showed. */
  readonly actual?: string;
  /** Fingerprint of what the source then showed: tells whether the original is edited after the roles have changed. */
  readonly source?: string;
  /** Triggers that were taken off, exactly. */
  readonly held?: JsonObject;
  /**
   * Whose triggers are held, and so whose ids stand in them: the source's (absent), or this side's own, taken off because it may not
   * run now (`here`), or because it was edited here while the other side worked (`edit`).
   */
  readonly heldFrom?: "here" | "edit";
  /** Where references in `held` lead here: `jobs 123` → `456`. What is missing has no counterpart. */
  readonly heldIds?: Readonly<Record<string, string>>;
  /** Node types that stand in place of the original's, so that it gets its own back when the copy comes home. */
  readonly nodeTypes?: Readonly<Record<string, string>>;
  /** Stamps of both sides at the last write: what bears them still need not be read again. */
  readonly seen?: { readonly source?: string; readonly target?: string };
  /** What no listing of the source shows, as it was last read there. */
  readonly unseen?: JsonObject;
  readonly access?: AccessRecord;
  /** Not ours, and used in place of a copy: it stood there already. */
  readonly standIn?: boolean;
  /** Its original was gone from the source when that was last seen. */
  readonly orphaned?: boolean;
  /** An answer to its creation was lost once: a second copy that we made may come through. */
  readonly mayHaveTwin?: boolean;
}
