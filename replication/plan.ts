import picomatch from "picomatch";
import type { JsonObject } from "./client/json.js";
import { fingerprint, sameJson } from "./fingerprint.js";
import { without } from "./kinds/fields.js";
import type { Item, Kind, Prepared, Reference } from "./kinds/kind.js";
import type { CopyRecord, Manifest } from "./manifest.js";
import { markerTag, originOf, type Origin, parseOrigin } from "./marker.js";
import { brief, type Changes, changesBetween, describeChanges } from "./changes.js";
import { referencesOf } from "./references.js";
import { mappingNotAvailable, type CopyIds, Resolver } from "./resolver.js";
import type { Run } from "./run.js";
import type { Selection } from "./settings.js";
import { stillThere } from "./still-there.js";

/**
 * What is to be done about one object of the source. `note`: nothing to write but the manifest. `settle`: the copy is right
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
  /** An equal copy is there that nothing was noted of. */
  readonly adopted?: boolean;
  /** Why a copy that otherwise stays as it is has to be made inert: somebody started it, or gave it a trigger. */
  readonly settling?: readonly string[];
  /** How the triggers changed that are held for a copy that otherwise stays as it is: they follow the source all the same. */
  readonly reheld?: Changes;
  readonly why: string[];
}

/** A copy whose original is gone. */
export interface Orphan {
  readonly copy: Item;
  readonly action: "remove" | "keep";
  readonly settling?: readonly string[];
  readonly why: string;
}

export interface Plan {
  readonly kind: Kind;
  readonly copies: readonly PlannedCopy[];
  readonly orphans: readonly Orphan[];
  /** Objects of the target that are not ours: left alone, and told. */
  readonly foreign: readonly Item[];
}

/** Compares both sides and the last write of one kind. Writes nothing. */
export async function makePlan(kind: Kind, run: Run): Promise<Plan> {
  const [listed, shown, manifest, sourceManifest] = await Promise.all([
    run.items("source", kind.name),
    run.items("target", kind.name),
    run.manifest("target", kind.name),
    run.manifest("source", kind.name),
  ]);
  const targets = knownByNotes(kind, shown, manifest);
  const sources = await distinctOrigins(kind, listed, sourceManifest, run);
  refuseEmptied(kind, sources, targets, manifest, run);
  const counterparts = new Counterparts(targets, manifest);
  const selected = selection(run.settings.select?.[kind.name], kind);
  const copies: PlannedCopy[] = [];
  for (const source of sources) copies.push(await intend(kind, run, source, counterparts.of(source), selected));
  await blockUnmapped(kind, run, copies);
  blockDependents(kind, run, copies);
  for (const [index, copy] of copies.entries())
    if (copy.action === "create" && manifest.get(copy.source.origin)?.id !== undefined)
      copies[index] = { ...copy, conflict: deletedThere, why: [deletedThere, ...copy.why] };
  const resolver = resolverFor(kind, run, copies);
  for (const [index, copy] of copies.entries()) {
    if (copy.action !== "none" || !copy.actual || !copy.prepared) continue;
    const { definition } = await resolver.map(copy.prepared.definition);
    const { origin } = copy.source;
    const copiedFromHere = sourceManifest.get(origin) !== undefined;
    copies[index] = compare(kind, copy, copy.actual, definition, manifest.get(origin), copiedFromHere, run);
  }
  const { orphaned, ours, foreign } = leftovers(kind, sources, targets, counterparts, manifest, sourceManifest);
  await reallyGone(kind, run, orphaned, sourceManifest);
  const isNoted = ({ origin }: Item): boolean => [manifest, sourceManifest].some((each) => each.get(origin));
  const settled = copies.map((copy) => {
    if (copy.action !== "skip" && copy.action !== "blocked") return copy;
    const isForeign = kind.identity === "path" && copy.actual !== undefined && !isNoted(copy.source);
    if (isForeign) return { ...copy, foreign: true };
    return { ...copy, ...settling(copy.actual), ...reheld(copy, manifest.get(copy.source.origin)) };
  });
  const orphans = judgeOrphans(kind, orphaned, ours, manifest, run).map((orphan) =>
    orphan.action === "keep" ? { ...orphan, ...settling(orphan.copy) } : orphan,
  );
  return { kind, copies: settled, foreign, orphans };
}

/** What stands for an object of the active side is inert, also where it cannot follow it, and where it is the original. */
function settling(copy: Item | undefined): Pick<PlannedCopy, "settling"> {
  return copy?.unsettled?.length ? { settling: copy.unsettled } : {};
}

function reheld(copy: PlannedCopy, record: CopyRecord | undefined): Pick<PlannedCopy, "reheld"> {
  const changes = copy.actual ? heldChanges(copy, record) : {};
  return Object.keys(changes).length > 0 ? { reheld: changes } : {};
}

/** How the triggers that are to be held differ from those that were; what is not prepared is not known. */
function heldChanges({ prepared }: PlannedCopy, record: CopyRecord | undefined): Changes {
  return prepared ? changesBetween({ held: record?.held }, { held: prepared.held }) : {};
}

const deletedThere = "its copy is gone from the standby; it is made again";

async function intend(
  kind: Kind,
  run: Run,
  source: Item,
  actual: Item | undefined,
  selected: (name: string) => boolean,
): Promise<PlannedCopy> {
  const base = { source, ...(actual ? { actual } : {}) };
  if (source.leftOut !== undefined) return { ...base, action: "skip", why: [source.leftOut] };
  if (!selected(source.name)) return { ...base, action: "skip", why: [`not selected (select.${kind.name})`] };
  if (source.unreadable !== undefined) return { ...base, action: "blocked", why: [source.unreadable] };
  const prepared = (await kind.prepare?.(source, { settings: run.settings, run })) ?? { definition: source.definition };
  const why = [...(prepared.notes ?? [])];
  const obstacle = prepared.obstacle ?? (actual?.unreadable && `on the standby ${actual.unreadable}`);
  if (obstacle !== undefined) return { ...base, prepared, action: "blocked", why: [obstacle, ...why] };
  return { ...base, prepared, action: actual ? "none" : "create", why };
}

/** What refers to an object of another kind that has no counterpart cannot be copied. */
async function blockUnmapped(kind: Kind, run: Run, copies: PlannedCopy[]): Promise<void> {
  const resolver = resolverFor(kind, run, copies);
  for (const copy of copies) {
    if (copy.action === "skip" || copy.action === "blocked" || !copy.prepared) continue;
    const references = referencesOf(copy.prepared.definition).filter((each) => each.kind !== kind.name);
    const resolved = await Promise.all(references.map((each) => resolver.resolve(each)));
    block(
      copy,
      references.filter((_, index) => resolved[index] === undefined),
    );
  }
}

/** A job whose job cannot be made cannot be made either: blocking goes on until nothing more follows from it. */
function blockDependents(kind: Kind, run: Run, copies: PlannedCopy[]): void {
  const mappings = run.settings.idMappings?.[kind.name] ?? {};
  for (let blocked = true; blocked;) {
    const available = new Set(copies.filter(isOrWillBe).map(({ source }) => source.id));
    const missingOf = ({ prepared }: PlannedCopy): Reference[] =>
      referencesOf(prepared!.definition).filter(
        (each) => each.kind === kind.name && mappings[each.id] === undefined && !available.has(each.id),
      );
    const open = copies.filter(({ action, prepared }) => prepared && (action === "create" || action === "none"));
    blocked = open.map((copy) => block(copy, missingOf(copy))).some(Boolean);
  }
}

function block(copy: PlannedCopy, missing: readonly Reference[]): boolean {
  if (missing.length === 0) return false;
  copy.action = "blocked";
  copy.why.unshift(mappingNotAvailable(missing));
  return true;
}

function isOrWillBe({ action, actual }: PlannedCopy): boolean {
  return action === "create" || actual !== undefined;
}

/** Whether what is there stands for the source's object: not a mount that both sides have anyway, nor somebody else's. */
export function isCounterpart({ source, foreign }: PlannedCopy): boolean {
  return source.leftOut === undefined && !foreign;
}

/** Translates references by what is copied already and what this plan, or the plan of the kind referred to, will make. */
export function resolverFor(kind: Kind, run: Run, copies: readonly PlannedCopy[]): Resolver {
  const own = copyIdsOf(copies);
  return new Resolver(run, async (name) => (name === kind.name ? own : run.copyIds(name)));
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

/** Two objects of the source with one marker are an object and a clone of it: the clone is an origin of its own. */
async function distinctOrigins(
  kind: Kind,
  sources: readonly Item[],
  manifest: Manifest,
  run: Run,
): Promise<readonly Item[]> {
  const leaders = new Map<Origin, Item>();
  for (const item of sources) {
    const leader = leaders.get(item.origin);
    const leads = !leader || leadingWith(manifest.get(item.origin)?.id)(item, leader) < 0;
    if (leads) leaders.set(item.origin, item);
  }
  if (leaders.size === sources.length) return sources;
  const workspaceId = await run.source!.client.workspaceId();
  return sources.map((item) =>
    leaders.get(item.origin) === item
      ? item
      : { ...item, origin: originOf(workspaceId, kind.name, item.id), marked: false },
  );
}

/** Which of several objects of one origin is the one, and which are clones of it: the one noted, else the unmarked one. */
function leadingWith(recorded: string | undefined): (a: Item, b: Item) => number {
  const rank = ({ id, marked }: Item): number => (id === recorded ? 0 : marked ? 2 : 1);
  return (a, b) => rank(a) - rank(b) || a.id.length - b.id.length || (a.id < b.id ? -1 : 1);
}

/** A source that shows nothing where there was something is taken for a fault, not for a deletion. */
function refuseEmptied(
  kind: Kind,
  sources: readonly Item[],
  targets: readonly Item[],
  manifest: Manifest,
  run: Run,
): void {
  if (sources.some(({ leftOut }) => leftOut === undefined) || run.settings.allowMassDeletion) return;
  const copies = Math.max(targets.filter(({ marked }) => marked).length, [...manifest.entries()].length);
  if (copies > 0)
    throw new Error(
      `${kind.name}: the source lists none, yet ${copies} were copied from it; nothing is done. If they really are all gone, set allowMassDeletion`,
    );
}

/** The target's objects, with copies that have lost their marker known for what they are: else they would be made anew. */
export function knownByNotes(kind: Kind, targets: readonly Item[], manifest: Manifest): readonly Item[] {
  if (kind.identity !== "marker") return targets;
  const found = new Set(targets.map(({ origin }) => origin));
  const lost = [...manifest.entries()].filter(([origin, { id }]) => id !== undefined && !found.has(origin));
  if (lost.length === 0) return targets;
  const origins = new Map(lost.map(([origin, { id }]) => [id, origin]));
  return targets.map((item) => {
    const origin = item.marked ? undefined : origins.get(item.id);
    return origin === undefined ? item : { ...item, origin, original: false, markerLost: true };
  });
}

/** Finds the target's object that stands for a source's: the copy that bears its marker, or the original it came from. */
export class Counterparts {
  readonly #byOrigin = new Map<Origin, Item[]>();

  constructor(
    targets: readonly Item[],
    private readonly manifest: Manifest,
  ) {
    for (const item of targets) {
      const same = this.#byOrigin.get(item.origin);
      if (same) same.push(item);
      else this.#byOrigin.set(item.origin, [item]);
    }
  }

  of({ origin }: Pick<Item, "origin">): Item | undefined {
    return [...(this.#byOrigin.get(origin) ?? [])].sort(leadingWith(this.manifest.get(origin)?.id))[0];
  }
}

function selection(globs: Selection | undefined, kind: Kind): (name: string) => boolean {
  // A name may have line breaks in it, and a star stands for those too.
  const options = { dot: true, bash: kind.identity === "marker", flags: "s" };
  const included = globs?.include?.length ? picomatch([...globs.include], options) : () => true;
  const excluded = globs?.exclude?.length ? picomatch([...globs.exclude], options) : () => false;
  return (name) => included(name) && !excluded(name);
}

/** What a listing of the target can show of a definition, but for triggers: those are taken off, whoever wins. */
export function visible({ unseen = [], triggers = [] }: Kind, definition: JsonObject): JsonObject {
  return without(definition, [...unseen, ...triggers]);
}

/** Source now, copy now, last write: who changed what, and what follows. */
function compare(
  kind: Kind,
  copy: PlannedCopy,
  actual: Item,
  desired: JsonObject,
  record: CopyRecord | undefined,
  copiedFromHere: boolean,
  run: Run,
): PlannedCopy {
  const [shouldBe, is] = [visible(kind, desired), visible(kind, actual.definition)];
  const equal = sameJson(shouldBe, is);
  const drifted = actual.markerLost === true || (record?.actual !== undefined && record.actual !== fingerprint(is));
  const sourceChanged = record?.desired !== fingerprint(desired);
  const settle: CopyAction = actual.unsettled?.length ? "settle" : "none";
  const why = [...copy.why, ...(actual.unsettled ?? [])];
  const unseenChanged = kind.unseen !== undefined && record?.desired !== undefined && sourceChanged;

  if ((equal && !unseenChanged && !actual.markerLost) || (!drifted && !sourceChanged && record?.actual !== undefined)) {
    const noted =
      record?.actual !== undefined && !sourceChanged && !drifted && sameJson(record.held, copy.prepared?.held);
    const adopted = record?.desired === undefined;
    const action = noted || settle === "settle" ? settle : "note";
    return { ...copy, why, adopted, action, changes: adopted ? {} : heldChanges(copy, record) };
  }
  const markerChange: Changes = actual.markerLost ? { [markerTag]: `(none) → ${copy.source.origin}` } : {};
  const fieldChanges =
    equal && unseenChanged
      ? Object.fromEntries(kind.unseen!.map((field) => [field, `now ${brief(desired[field])}`]))
      : changesBetween(is, shouldBe);
  const changes = { ...markerChange, ...fieldChanges, ...heldChanges(copy, record) };
  const ours = kind.identity === "marker" || copiedFromHere || (record && !record.adopted);
  if (!ours && !kind.replacesForeign) {
    const obstacle =
      "another one that is not ours already stands there; it is left alone: remove it, or exclude this one";
    return { ...copy, action: "blocked", foreign: true, why: [obstacle, ...why], changes };
  }
  if (drifted || !ours) {
    const wins = run.settings.conflicts ?? "source";
    const edits = describeChanges({ ...markerChange, ...fieldChanges });
    const found = ours ? "edited on the standby" : "another one that is not ours stands there";
    const conflict = `${found} (${edits}); ${wins === "source" ? "the source's version wins" : "the standby's version is kept (conflicts: standby)"}`;
    if (wins === "standby")
      return { ...copy, why: [conflict, ...why], action: settle, changes, conflict, ...reheld(copy, record) };
    return { ...copy, why: [conflict, ...why], action: "update", changes, conflict };
  }
  return { ...copy, why, action: "update", changes };
}

function leftovers(
  kind: Kind,
  sources: readonly Item[],
  targets: readonly Item[],
  counterparts: Counterparts,
  manifest: Manifest,
  sourceManifest: Manifest,
): { readonly orphaned: Item[]; readonly ours: number; readonly foreign: Item[] } {
  const origins = new Set(sources.map(({ origin }) => origin));
  const orphaned: Item[] = [];
  const foreign: Item[] = [];
  let ours = 0;
  for (const item of targets) {
    const record = manifest.get(item.origin);
    const isOurs = isOursByRecord(kind, item, record);
    if (isOurs) ours += 1;
    if (origins.has(item.origin)) {
      if (counterparts.of(item) !== item) foreign.push(item);
    } else if (isOurs && counterparts.of(item) === item) orphaned.push(item);
    else if (item.original && sourceManifest.get(item.origin)?.id !== undefined) orphaned.push(item);
    else if (item.leftOut === undefined) foreign.push(item);
  }
  return { orphaned, ours, foreign };
}

/** Our marker alone is not enough: a clone bears it too, and so does a copy that another source has here. */
export function isOursByRecord(kind: Kind, item: Item, record: CopyRecord | undefined): boolean {
  if (record === undefined || item.original) return false;
  return kind.identity === "marker" ? item.marked || item.markerLost === true : !record.adopted;
}

/** A listing that skipped an object must not cost its copy. */
async function reallyGone(kind: Kind, run: Run, orphaned: readonly Item[], sourceManifest: Manifest): Promise<void> {
  if (!kind.exists || !run.source || run.settings.deletions !== "propagate" || orphaned.length === 0) return;
  const workspaceId = await run.source.client.workspaceId();
  for (const { origin, name, original } of orphaned) {
    const first = parseOrigin(origin);
    const id = first.workspaceId === workspaceId ? first.id : sourceManifest.get(origin)?.id;
    if (original || id === undefined) continue;
    if (await stillThere(kind, run.source, id))
      throw new Error(`${kind.name}: the source has "${name}" [${id}] but did not list it; nothing is done`);
  }
}

/** An original is never removed: it was made by somebody in this very workspace, and may be all that is left of it. */
const originalStays =
  "its copy is gone from the active workspace; this is the original, and it is kept: remove it by hand";

function judgeOrphans(kind: Kind, orphaned: readonly Item[], ours: number, manifest: Manifest, run: Run): Orphan[] {
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
    const record = manifest.get(copy.origin);
    const edited =
      kind.identity === "path" && record?.actual !== undefined && record.actual !== fingerprint(copy.definition);
    if (edited) return keep("gone from the source, but its copy was edited on the standby; it is kept");
    return { copy, action: "remove", why: "gone from the source" };
  });
}
