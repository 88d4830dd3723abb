import type { Counterparts } from "./counterparts.js";
import { fingerprint } from "../values/fingerprint.js";
import { forAll } from "../values/for-all.js";
import type { Item, Kind } from "../kinds/kind.js";
import { parseOrigin } from "./marker.js";
import type { Notes } from "../notes/notes.js";
import type { CopyRecord } from "../notes/record.js";
import { quoted } from "../values/printable.js";
import type { Run } from "./run.js";
import { stillThere } from "./still-there.js";

/** A copy whose original is gone. */
export interface Orphan {
  readonly copy: Item;
  readonly action: "remove" | "keep";
  readonly settling?: readonly string[];
  readonly why: string;
}

/** What the target has beside the counterparts of the source's objects. */
export interface Leftovers {
  readonly orphaned: readonly Item[];
  /** How many copies of ours there are in all. */
  readonly ours: number;
  readonly foreign: readonly Item[];
}

export function leftoversOf(
  kind: Kind,
  sources: readonly Item[],
  targets: readonly Item[],
  counterparts: Counterparts,
  notes: Notes,
  sourceNotes: Notes,
): Leftovers {
  const origins = new Set(sources.map(({ origin }) => origin));
  const twins = new Set(counterparts.twins.map(({ id }) => id));
  const noted = new Map([...notes.entries()].map(([origin, { id }]) => [id, origin]));
  const counterpartIds = new Set(sources.flatMap(({ origin }) => counterparts.of(origin)?.id ?? []));
  const orphaned: Item[] = [];
  const foreign: Item[] = [];
  let ours = 0;
  for (const listed of targets) {
    const origin = kind.identity === "path" ? listed.origin : (noted.get(listed.id) ?? listed.origin);
    const copy = counterparts.of(origin);
    const item = copy?.id === listed.id ? copy : listed;
    const isOurs = copy === item && isOursByRecord(kind, item, notes.get(origin));
    if (isOurs) ours += 1;
    if (counterpartIds.has(item.id) || twins.has(item.id)) continue;
    const isOriginal = item.original === true && sourceNotes.get(item.origin)?.id !== undefined;
    if (!origins.has(origin) && (isOurs || isOriginal)) orphaned.push(item);
    else if (item.leftOut === undefined) foreign.push(item);
  }
  return { orphaned, ours, foreign };
}

/** Our marker alone is not enough: a clone bears it too, and so does a copy that another source has here. */
export function isOursByRecord(kind: Kind, item: Item, record: CopyRecord | undefined): boolean {
  if (record === undefined || item.original) return false;
  return kind.identity === "marker" ? item.marked || item.markerLost === true : !record.adopted;
}

/**
 * A listing that skipped an object must not cost its copy, nor have it said to be gone. What was known to be gone is not asked
 * for again, unless its copy is to be removed.
 */
export async function assertGone(
  kind: Kind,
  run: Run,
  orphaned: readonly Item[],
  notes: Notes,
  sourceNotes: Notes,
): Promise<void> {
  if (!kind.exists || !run.source || orphaned.length === 0) return;
  const { source } = run;
  const workspaceId = await source.client.workspaceId();
  await forAll(orphaned, async ({ origin, name, original }) => {
    const record = notes.get(origin);
    if (record?.orphaned && run.settings.deletions !== "propagate") return;
    const first = parseOrigin(origin);
    const id = record?.sourceId ?? (first.workspaceId === workspaceId ? first.id : sourceNotes.get(origin)?.id);
    if (original || id === undefined) return;
    if (await stillThere(kind, source, id))
      throw new Error(`${kind.name}: the source has ${quoted(name)} [${id}] but did not list it; nothing is done`);
  });
}

/** An original is never removed: it was made by somebody in this very workspace, and may be all that is left of it. */
const originalStays =
  "its copy is gone from the active workspace; this is the original, and it is kept: remove it by hand";

export function judgeOrphans(kind: Kind, { orphaned, ours }: Leftovers, notes: Notes, run: Run): Orphan[] {
  const { deletions = "keep", deletionLimitPercent = 10, allowMassDeletion = false } = run.settings;
  const copies = orphaned.filter(({ original }) => !original);
  const overLimit = !allowMassDeletion && copies.length * 100 > ours * deletionLimitPercent;
  return orphaned.map((copy) => {
    const keep = (why: string): Orphan => ({ copy, action: "keep", why });
    if (copy.original) return keep(originalStays);
    if (deletions === "keep") return keep("gone from the source; its copy is kept (deletions: keep)");
    if (overLimit)
      return keep(
        `gone from the source, but ${copies.length} of ${ours} ${kind.name} at once is over the limit of ${deletionLimitPercent} %; nothing is removed until allowMassDeletion is set`,
      );
    const record = notes.get(copy.origin);
    const edited =
      kind.identity === "path" && record?.actual !== undefined && record.actual !== fingerprint(copy.definition);
    if (edited) return keep("gone from the source, but its copy was edited on the standby; it is kept");
    return { copy, action: "remove", why: "gone from the source" };
  });
}

/** A source that shows nothing where there was something is taken for a fault, not for a deletion. */
export function refuseEmptied(
  kind: Kind,
  sources: readonly Item[],
  targets: readonly Item[],
  notes: Notes,
  run: Run,
): void {
  if (sources.some(({ leftOut }) => leftOut === undefined) || run.settings.allowMassDeletion) return;
  const copies = Math.max(targets.filter(({ marked }) => marked).length, [...notes.entries()].length);
  if (copies > 0)
    throw new Error(
      `${kind.name}: the source lists none, yet ${copies} were copied from it; nothing is done. If they really are all gone, set allowMassDeletion`,
    );
}
