import type { Item, Kind } from "../kinds/kind.js";
import { originOf, type Origin, parseOrigin } from "./marker.js";
import type { Notes } from "../notes/notes.js";
import type { Run } from "./run.js";
import { assertGone } from "./still-there.js";

/** Which of the target's objects stand for which origin. */
export interface Counterparts {
  of(origin: Origin): Item | undefined;
  /** Second copies that we made, since an answer was lost: nobody's counterpart, and to be kept inert. */
  readonly twins: readonly Item[];
  /** Origins for which something stands there that bears our marker and was not made by us. */
  readonly impostors: ReadonlyMap<Origin, Item>;
  /** Origins whose noted copy was asked for by its id and is gone, or is another's by now. */
  readonly gone: ReadonlySet<Origin>;
}

/**
 * The source's objects, each with the origin that is proven. A marker is only a tag, and every user may set one: it counts where
 * the source's own notes know that object for a copy. What the notes do not know is an origin of its own: a clone of a copy, or
 * somebody's try to pass for one.
 */
export async function provenOrigins(
  kind: Kind,
  sources: readonly Item[],
  sourceNotes: Notes,
  run: Run,
): Promise<readonly Item[]> {
  if (kind.identity.by === "path" || !sources.some(({ marked }) => marked)) return sources;
  const workspaceId = await run.source!.client.workspaceId();
  return sources.map((item) =>
    !item.marked || sourceNotes.get(item.origin)?.id === item.id
      ? item
      : { ...item, origin: originOf(workspaceId, kind.name, item.id), marked: false },
  );
}

/**
 * The target's copies as the notes know them, by their ids: whatever marker they bear now. What the notes know and the listing
 * does not show is `missing`.
 */
export function knownByNotes(
  kind: Kind,
  targets: readonly Item[],
  notes: Notes,
  workspaceId: string,
): { readonly known: ReadonlyMap<Origin, Item>; readonly missing: readonly Origin[] } {
  const byId = new Map(targets.map((item) => [item.id, item]));
  const known = new Map<Origin, Item>();
  const missing: Origin[] = [];
  for (const [origin, { id, standIn }] of notes.entries()) {
    if (id === undefined) continue;
    const item = byId.get(id);
    if (!item) missing.push(origin);
    else if (kind.identity.by === "path") known.set(origin, item);
    else if (standIn) known.set(origin, { ...item, origin, marked: false, standIn });
    else known.set(origin, asNoted(kind, item, origin, originOf(workspaceId, kind.name, id)));
  }
  for (const item of targets)
    if (!known.has(item.origin) && notes.recordOf(item.origin, item.id, item.name)) known.set(item.origin, item);
  return { known, missing };
}

/** An original is what its own origin names; a copy without our marker for that origin has lost it. */
function asNoted({ identity }: Kind, item: Item, origin: Origin, own: Origin): Item {
  if (item.origin === origin) return item;
  const bearsMarker = identity.by !== "path" && identity.tag !== undefined;
  const is = origin === own ? { original: true } : { original: false, ...(bearsMarker ? { markerLost: true } : {}) };
  return { ...item, origin, marked: false, ...is };
}

/**
 * Finds the target's object for each of the source's.
 *
 * @throws when an object that the notes know is there and was not listed: the listing is a part of what there is.
 */
export async function counterpartsOf(
  kind: Kind,
  run: Run,
  sources: readonly Item[],
  targets: readonly Item[],
  notes: Notes,
): Promise<Counterparts> {
  const { identity } = kind;
  if (identity.by === "path") {
    const byOrigin = new Map(targets.map((item) => [item.origin, item]));
    if (kind.exists) await goneFrom(kind, run, knownByNotes(kind, targets, notes, "").missing, notes);
    return { of: (origin) => byOrigin.get(origin), twins: [], impostors: new Map(), gone: new Set() };
  }
  const workspaceId = run.target ? await run.target.client.workspaceId() : "";
  const { known, missing } = knownByNotes(kind, targets, notes, workspaceId);
  const found = new Map(known);
  const gone = new Set(await goneFrom(kind, run, missing, notes));
  const byId = new Map(targets.map((item) => [item.id, item]));
  for (const { origin, name } of sources) {
    const first = parseOrigin(origin);
    if (first.workspaceId !== workspaceId || found.has(origin)) continue;
    const original = byId.get(first.id);
    if (original) found.set(origin, { ...original, origin, marked: false, original: true });
    else if (!gone.has(origin)) await assertGone(kind, run.target!, [{ id: first.id, name }]);
  }
  const { twins, impostors } = await markedCounterparts(run, sources, targets, notes, found);
  if (identity.by === "name") await namedCounterparts(identity.tag === undefined, run, sources, targets, found, gone);
  return { of: (origin) => found.get(origin), twins, impostors, gone };
}

/** Finds, of what the notes do not know, what bears the marker of a source's object and was made by us. */
async function markedCounterparts(
  run: Run,
  sources: readonly Item[],
  targets: readonly Item[],
  notes: Notes,
  found: Map<Origin, Item>,
): Promise<Pick<Counterparts, "twins" | "impostors">> {
  const taken = new Set([...found.values()].map(({ id }) => id));
  const marked = new Map<Origin, Item[]>();
  for (const item of targets)
    if (item.marked && !taken.has(item.id)) marked.set(item.origin, [...(marked.get(item.origin) ?? []), item]);
  const twins: Item[] = [];
  const impostors = new Map<Origin, Item>();
  const wanted = new Set([...sources.map(({ origin }) => origin), ...notes.origins()]);
  for (const [origin, items] of marked) {
    if (!wanted.has(origin)) continue;
    const record = notes.get(origin);
    const unknownYet = record?.id === undefined;
    if (!unknownYet && !record.mayHaveTwin) continue;
    const known = items.filter(({ id, name }) => notes.recordOf(origin, id, name) !== undefined);
    const ours = run.settings.notes === "trust" ? items : known.length > 0 ? known : await run.madeByUs(items);
    const [first, ...others] = [...ours].sort(byAge);
    if (first && !found.has(origin)) {
      found.set(origin, first);
      twins.push(...others);
    } else twins.push(...ours);
    if (!found.has(origin)) impostors.set(origin, items[0]!);
  }
  return { twins, impostors };
}

/**
 * Finds what bears the name, where each is there once: our copy of an object that is gone from the source becomes that of the one
 * that was made under its name; what somebody else made stands in.
 */
async function namedCounterparts(
  isUntagged: boolean,
  run: Run,
  sources: readonly Item[],
  targets: readonly Item[],
  found: Map<Origin, Item>,
  gone: Set<Origin>,
): Promise<void> {
  const origins = new Set(sources.map(({ origin }) => origin));
  const owner = new Map([...found].map(([origin, { id }]) => [id, origin]));
  const byName = new Map(targets.map((item) => [item.name, item]));
  for (const { origin, name, leftOut } of sources) {
    const named = byName.get(name);
    if (!named || leftOut !== undefined || found.has(origin)) continue;
    const before = owner.get(named.id);
    if (before !== undefined && origins.has(before)) continue;
    const isOurs =
      before !== undefined ||
      named.builtIn === true ||
      // What we made bears our tag, where the kind has one; else its maker alone tells.
      (isUntagged && (await run.madeByUs([named])).length > 0);
    if (before !== undefined) {
      found.delete(before);
      gone.add(before);
    }
    found.set(origin, isOurs ? { ...named, origin } : { ...named, origin, marked: false, standIn: true });
  }
}

/**
 * Those of the noted copies that are really gone.
 *
 * @throws when one is there and was not listed: the listing is a part of what there is.
 */
export async function goneFrom(
  kind: Kind,
  run: Run,
  missing: readonly Origin[],
  notes: Notes,
): Promise<readonly Origin[]> {
  const unlisted = missing.map((origin) => ({ name: "", ...notes.get(origin), id: notes.get(origin)!.id! }));
  if (run.target) await assertGone(kind, run.target, unlisted);
  return missing;
}

/** Ids grow: the first made comes first. */
function byAge(a: Item, b: Item): number {
  return a.id.length - b.id.length || (a.id < b.id ? -1 : 1);
}
