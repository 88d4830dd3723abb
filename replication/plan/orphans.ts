import type { Counterparts } from "../inventory/counterparts.js";
import { fingerprint } from "../values/fingerprint.js";
import { mapAll } from "../values/for-all.js";
import type { Item, Kind } from "../kinds/kind.js";
import { type Origin, parseOrigin } from "../inventory/marker.js";
import type { Notes } from "../notes/notes.js";
import type { CopyRecord } from "../notes/record.js";
import { quoted } from "../values/printable.js";
import type { Run } from "../inventory/run.js";
import { isExcluded } from "../inventory/selection.js";
import { assertGone } from "../inventory/still-there.js";
import { kinds } from "../kinds/registry.js";
import { referencesOf } from "../kinds/references.js";
import { visible } from "./compare.js";
import type { Orphan } from "./planned.js";

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
  const isByPath = kind.identity.by === "path";
  const noted = new Map(isByPath ? [] : [...notes.entries()].map(([origin, { id }]) => [id, origin]));
  const counterpartIds = new Set(sources.flatMap(({ origin }) => counterparts.of(origin)?.id ?? []));
  const orphaned: Item[] = [];
  const foreign: Item[] = [];
  let ours = 0;
  for (const listed of targets) {
    const origin = isByPath ? listed.origin : (noted.get(listed.id) ?? listed.origin);
    const copy = counterparts.of(origin);
    const item = copy?.id === listed.id ? copy : listed;
    const isOurs = copy === item && isOursByRecord(kind, item, notes.recordOf(origin, item.id, item.name));
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
  if (record === undefined || item.original || item.builtIn || record.standIn) return false;
  return kind.identity.by !== "tag" || item.marked || item.markerLost === true;
}

/**
 * A listing that skipped an object must not cost its copy, nor have it said to be gone. What was known to be gone is not asked
 * for again, unless its copy is to be removed.
 */
export async function assertOrphaned(
  kind: Kind,
  run: Run,
  orphaned: readonly Item[],
  notes: Notes,
  sourceNotes: Notes,
): Promise<void> {
  if (!kind.exists || !run.source || orphaned.length === 0) return;
  const workspaceId = await run.source.client.workspaceId();
  const unlisted = orphaned.flatMap(({ origin, name, original }) => {
    const record = notes.get(origin);
    if (original || (record?.orphaned && run.settings.deletions !== "propagate")) return [];
    const first = parseOrigin(origin);
    const id = record?.sourceId ?? (first.workspaceId === workspaceId ? first.id : sourceNotes.get(origin)?.id);
    return id === undefined ? [] : [{ id, name }];
  });
  await assertGone(kind, run.source, unlisted);
}

/** An original is never removed: it was made by somebody in this very workspace, and may be all that is left of it. */
const originalStays =
  "its copy is gone from the active workspace; this is the original, and it is kept: remove it by hand";

export async function judgeOrphans(
  kind: Kind,
  { orphaned, ours }: Leftovers,
  notes: Notes,
  run: Run,
): Promise<Orphan[]> {
  const { deletions = "keep", deletionLimitPercent = 10, allowMassDeletion = false } = run.settings;
  const copies = orphaned.filter(({ original }) => !original);
  const overLimit = !allowMassDeletion && copies.length * 100 > ours * deletionLimitPercent;
  return mapAll(orphaned, async (copy): Promise<Orphan> => {
    const isNew = notes.get(copy.origin)?.orphaned !== true;
    const keep = (why: string): Orphan => ({ copy, action: "keep", why, isNew });
    if (copy.original) return keep(originalStays);
    if (deletions === "keep") return keep("gone from the source; its copy is kept (deletions: keep)");
    if (overLimit)
      return keep(
        `gone from the source, but ${copies.length} of ${ours} ${kind.name} at once is over the limit of ${deletionLimitPercent} %; nothing is removed until allowMassDeletion is set`,
      );
    if (kind.identity.by === "path" && !(await isAsWritten(kind, copy, copy.origin, notes, run)))
      return keep("gone from the source, but its copy was edited on the standby; it is kept");
    const user = (await kind.stillUsed?.(copy, run)) ?? (await usersOf(kind, run)).get(copy.id);
    if (user !== undefined) return keep(`gone from the source, but ${user}; the next run removes it once that is over`);
    return { copy, action: "remove", why: "gone from the source" };
  });
}

/** Whether a copy shows what it showed after the last write; one of which that is not known does. */
export async function isAsWritten(kind: Kind, copy: Item, origin: Origin, notes: Notes, run: Run): Promise<boolean> {
  const record = notes.recordOf(origin, copy.id, copy.name);
  if (record?.actual === undefined) return true;
  if (copy.stamp !== undefined && record.seen?.target === copy.stamp) return true;
  const defined = await run.defined("target", kind.name, copy);
  if (defined === undefined) return true;
  const shows = fingerprint(visible(kind, defined.definition));
  return notes.recordOf(origin, copy.id, copy.name, shows)?.actual === shows;
}

/** Who on the target still refers to copies of a kind, by their ids: kinds that come after this one are written after it. */
function usersOf(kind: Kind, run: Run): Promise<ReadonlyMap<string, string>> {
  return run.once(`users of ${kind.name}`, async () => {
    const users = new Map<string, string>();
    for (const other of kinds) {
      const refers = other !== kind && other.references?.some((each) => each.kind === kind.name);
      if (!refers || isExcluded(run.settings, other)) continue;
      for (const { name, definition } of await run.items("target", other.name))
        for (const { kind: to, id } of definition ? referencesOf(other, definition) : [])
          if (to === kind.name && !users.has(id))
            users.set(id, `the ${other.singular} ${quoted(name)} on the standby still uses it`);
    }
    return users;
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
  const copies = Math.max(targets.filter(({ marked }) => marked).length, notes.size);
  if (copies > 0)
    throw new Error(
      `${kind.name}: the source lists none, yet ${copies} were copied from it; nothing is done. If they really are all gone, set allowMassDeletion`,
    );
}
