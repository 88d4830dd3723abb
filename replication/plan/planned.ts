import type { PlannedAccess } from "../access/access-list.js";
import type { Changes } from "../values/changes.js";
import type { Origin } from "../inventory/marker.js";
import type { Item, Kind, Prepared } from "../kinds/kind.js";
import type { Reference } from "../kinds/references.js";
import type { Outcome } from "../report/ledger.js";
import type { KindName } from "../settings.js";
import type { CopyIds } from "./resolver.js";

/**
 * What is to be done about one object of the source. `note`: nothing to write but the notes. `settle`: the copy is right
 * but not inert. `blocked`: a person has to do something first.
 */
export type CopyAction = "create" | "update" | "settle" | "note" | "none" | "skip" | "blocked";

export interface PlannedCopy {
  readonly source: Item;
  action: CopyAction;
  /** The copy, or the original of it after a failback, as the target shows it. */
  readonly actual?: Item;
  readonly prepared?: Prepared;
  /** What differs between the copy and what it should be. */
  readonly changes?: Changes;
  /** A hand edit or deletion on the standby, and who wins. */
  readonly conflict?: string;
  /** Something that is not ours stands in the copy's place. */
  readonly foreign?: boolean;
  /** A copy of ours is there that nothing was noted of. */
  readonly adopted?: boolean;
  /** Something that is not ours is there, and used as it is. */
  readonly standIn?: boolean;
  /** Why a copy that otherwise stays as it is has to be made inert: somebody started it, or gave it a trigger. */
  readonly settling?: readonly string[];
  /** How the triggers changed that are held for a copy that otherwise stays as it is: they follow the source all the same. */
  readonly reheld?: Changes;
  readonly why: string[];
  /** What differs between the copy and its original, and no edit changes. */
  readonly stuck?: string;
  /** What is to be done about its access list. */
  readonly access?: PlannedAccess;
  /** Why its access list could not be compared. */
  readonly accessFailure?: string;
  /** What the copy lacks, so that it stands and cannot start. */
  readonly notReady?: string;
  /** It waits for a kind that could not be compared in this run: the next may know better. */
  waits?: boolean;
  /** What keeps it from being copied: references that have no counterpart. */
  missing?: readonly Reference[];
}

/** A copy whose original is gone. */
export interface Orphan {
  readonly copy: Item;
  readonly action: "remove" | "keep";
  readonly settling?: readonly string[];
  /** That it is kept is not noted yet. */
  readonly isNew?: boolean;
  readonly why: string;
}

export interface Plan {
  readonly kind: Kind;
  readonly copies: readonly PlannedCopy[];
  readonly orphans: readonly Orphan[];
  /** Objects of the target that are not ours: left alone, and told. */
  readonly foreign: readonly Item[];
  /** Second copies that we made, since the answer to a creation was lost. */
  readonly twins: readonly Item[];
  /** Origins of noted copies that are gone from the target. */
  readonly gone: ReadonlySet<Origin>;
}

/** The plans of all kinds of a run: one asks the others which copies there are. */
export interface Plans {
  of(kind: KindName): Promise<Plan>;
  /** The copies of a replicated kind; undefined for a kind that is not replicated. */
  copyIds(kind: string): Promise<CopyIds | undefined>;
}

/** Whether what is there stands for the source's object: not a mount that both sides have anyway, nor somebody else's. */
export function isCounterpart({ source, foreign }: PlannedCopy): boolean {
  return source.leftOut === undefined && !foreign;
}

export function copyIdsOf(copies: readonly PlannedCopy[]): CopyIds {
  const ids = new Map<string, string>();
  const pending = new Set<string>();
  for (const { source, actual, action } of copies) {
    if (actual) ids.set(source.id, actual.id);
    else if (action === "create") pending.add(source.id);
  }
  return { ids, pending };
}

/** What became of a copy for which nothing had to be sent. */
export function unwritten({ action, adopted, standIn, stuck, waits, accessFailure }: PlannedCopy): Outcome {
  if (action === "skip") return "skipped";
  if (action === "blocked") return waits ? "failed" : "needs-a-person";
  if (accessFailure !== undefined) return "failed";
  if (stuck !== undefined) return "needs-a-person";
  if (standIn) return "stand-in";
  if (adopted) return "adopted";
  return action === "note" ? "updated" : "unchanged";
}
