import type { JsonObject } from "../values/json.js";
import type { Changes } from "../values/changes.js";
import { compare, reheld } from "./compare.js";
import { counterpartsOf, provenOrigins } from "../inventory/counterparts.js";
import { heldHere } from "../roles/held.js";
import type { Item, Kind, Prepared, Reference } from "../kinds/kind.js";
import { markerTag, type Origin } from "../inventory/marker.js";
import { type Notes, notesPath } from "../notes/notes.js";
import type { CopyRecord } from "../notes/record.js";
import { assertGone, judgeOrphans, leftoversOf, type Orphan, refuseEmptied } from "../inventory/orphans.js";
import { allOrFirst, mapAll } from "../values/for-all.js";
import { quoted } from "../values/printable.js";
import { whyMissing } from "./missing-copies.js";
import { whyNotReady } from "../readiness/readiness.js";
import { messageOf } from "../values/redact.js";
import { referencesOf } from "./references.js";
import { type CopyIds, mappingNotAvailable, Resolver } from "./resolver.js";
import type { Run } from "../inventory/run.js";
import { isExcluded, selection } from "../inventory/selection.js";

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
  /** An equal copy is there that nothing was noted of. */
  readonly adopted?: boolean;
  /** Why a copy that otherwise stays as it is has to be made inert: somebody started it, or gave it a trigger. */
  readonly settling?: readonly string[];
  /** How the triggers changed that are held for a copy that otherwise stays as it is: they follow the source all the same. */
  readonly reheld?: Changes;
  readonly why: string[];
  /** What the copy lacks, so that it stands and cannot start. */
  readonly notReady?: string;
  /** It waits for a kind that could not be compared in this run: the next may know better. */
  waits?: boolean;
  /** What keeps it from being copied: references that have no counterpart. */
  missing?: readonly Reference[];
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

/** Compares both sides and the last write of one kind. Writes nothing. */
export async function makePlan(kind: Kind, run: Run): Promise<Plan> {
  const empty = { kind, copies: [], orphans: [], foreign: [], twins: [], gone: new Set<Origin>() };
  if (isExcluded(run.settings, kind)) return empty;
  const [listed, targets, notes, sourceNotes] = await allOrFirst([
    run.items("source", kind.name),
    run.items("target", kind.name),
    run.notes("target", kind.name),
    run.notes("source", kind.name),
  ]);
  await assertSourceNotes(kind, run, listed, sourceNotes);
  const sources = await provenOrigins(kind, listed, sourceNotes, run);
  refuseEmptied(kind, sources, targets, notes, run);
  const counterparts = await counterpartsOf(kind, run, sources, targets, notes);
  const selected = selection(run.settings.select?.[kind.name], kind);
  const copies: PlannedCopy[] = [];
  for (const source of sources) {
    const { origin } = source;
    const [actual, record] = [counterparts.of(origin), notes.get(origin)];
    const impostor = counterparts.impostors.get(origin);
    const own = withHeld(kind, source, sourceNotes.get(origin));
    copies.push(impostor ? refused(source, impostor) : await intend(kind, run, own, actual, record, selected));
  }
  await blockUnmapped(kind, run, copies);
  blockDependents(kind, run, copies);
  await explainMissing(kind, run, copies);
  for (const [index, copy] of copies.entries())
    if (copy.action === "create" && notes.get(copy.source.origin)?.id !== undefined)
      copies[index] = { ...copy, conflict: deletedThere, why: [deletedThere, ...copy.why] };
  const resolver = resolverFor(kind, run, copies);
  for (const [index, copy] of copies.entries()) {
    if (copy.action !== "none" || !copy.actual || !copy.prepared) continue;
    const { definition } = await resolver.toShow(copy.prepared.definition);
    const { origin } = copy.source;
    const lastWrite = { record: notes.get(origin), sourceRecord: sourceNotes.get(origin) };
    copies[index] = compare(kind, copy, copy.actual, definition, lastWrite, run.settings);
  }
  const leftovers = leftoversOf(kind, sources, targets, counterparts, notes, sourceNotes);
  await assertGone(kind, run, leftovers.orphaned, notes, sourceNotes);
  const isNoted = ({ origin }: Item): boolean => [notes, sourceNotes].some((each) => each.get(origin));
  const settled = copies.map((copy) => {
    if (copy.action !== "skip" && copy.action !== "blocked") return copy;
    const isForeign = kind.identity === "path" && copy.actual !== undefined && !isNoted(copy.source);
    if (isForeign) return { ...copy, foreign: true };
    return { ...copy, ...settling(copy.actual), ...reheld(copy, notes.get(copy.source.origin)) };
  });
  const orphans = judgeOrphans(kind, leftovers, notes, run).map((orphan) =>
    orphan.action === "keep" ? { ...orphan, ...settling(orphan.copy) } : orphan,
  );
  const { twins, gone } = counterparts;
  return {
    kind,
    copies: await withReadiness(kind, settled, resolver, run),
    foreign: leftovers.foreign,
    orphans,
    twins,
    gone,
  };
}

/** Notes of the source that are not to be believed say nothing of what its markers mean. */
async function assertSourceNotes(kind: Kind, run: Run, sources: readonly Item[], notes: Notes): Promise<void> {
  if (!run.source || kind.identity === "path" || !sources.some(({ marked }) => marked)) return;
  const { stack } = run.source.endpoint;
  const why = notes.doubt ?? (!notes.exist && (await run.sourceWasStandby()) ? "they are gone" : undefined);
  if (why !== undefined)
    throw new Error(
      `${kind.name}: the notes of ${stack} (${notesPath(kind.name)}) tell its copies from its originals, and are not to be used: ${why}; run pulumi up --stack ${stack}, which writes them anew from its state`,
    );
}

/** What is held on the source, between the roles, counts as its triggers. */
function withHeld(kind: Kind, source: Item, record: CopyRecord | undefined): Item {
  const { triggers = [] } = kind;
  if (!record?.held || record.id !== source.id || triggers.some((field) => field in source.definition)) return source;
  const { held, missing } = heldHere(kind, record);
  return missing.length > 0 ? source : { ...source, definition: { ...source.definition, ...held } };
}

/** Somebody has put our marker on an object of theirs: it is not ours to change, and a second one beside it would be confused. */
function refused(source: Item, impostor: Item): PlannedCopy {
  const why = `${quoted(impostor.name)} [${impostor.id}] bears the marker of its copy, but this replication did not make it: take the tag ${markerTag} off it, or delete it`;
  return { source, action: "blocked", foreign: true, why: [why] };
}

/** Nothing is called done that cannot work: what stands and cannot start, or be given back what is held, says so. */
async function withReadiness(
  kind: Kind,
  copies: readonly PlannedCopy[],
  resolver: Resolver,
  run: Run,
): Promise<PlannedCopy[]> {
  const standing = copies.flatMap(({ action, prepared, source: { id } }) =>
    prepared && action !== "skip" && action !== "blocked" ? [{ id, ...prepared }] : [],
  );
  const lines = await whyNotReady(
    standing.map(({ id, definition }) => ({
      id,
      definition,
      translated: async () => (await resolver.toShow(definition)).definition,
    })),
    run,
  );
  const whyHeld = await mapAll(standing, async ({ id, held = {}, heldFrom }): Promise<[string, string | undefined]> => {
    const { missing } = await resolver.toShow(heldFrom === undefined ? held : {});
    if (missing.length === 0) return [id, undefined];
    return [id, `what is held cannot be put back: ${await whyMissing(missing, run, { kind: kind.name, copies })}`];
  });
  const stays = new Map(whyHeld);
  return copies.map((copy) => {
    const { id } = copy.source;
    const reasons = [lines.get(id), stays.get(id)].filter((each) => each !== undefined);
    if (reasons.length === 0) return copy;
    const notReady = reasons.join("; ");
    return { ...copy, notReady, why: [...copy.why, notReady] };
  });
}

/** What stands for an object of the active side is inert, also where it cannot follow it, and where it is the original. */
function settling(copy: Item | undefined): Pick<PlannedCopy, "settling"> {
  return copy?.unsettled?.length ? { settling: copy.unsettled } : {};
}

const deletedThere = "its copy is gone from the standby; it is made again";

async function intend(
  kind: Kind,
  run: Run,
  source: Item,
  actual: Item | undefined,
  record: CopyRecord | undefined,
  selected: (name: string) => boolean,
): Promise<PlannedCopy> {
  const base = { source, ...(actual ? { actual } : {}) };
  if (source.leftOut !== undefined) return { ...base, action: "skip", why: [source.leftOut] };
  if (!selected(source.name)) return { ...base, action: "skip", why: [`not selected (select.${kind.name})`] };
  if (source.unreadable !== undefined) return { ...base, action: "blocked", why: [source.unreadable] };
  let made: Prepared;
  try {
    made = (await kind.prepare?.(source, { settings: run.settings, run })) ?? { definition: source.definition };
  } catch (error) {
    return {
      ...base,
      action: "blocked",
      waits: true,
      why: [`what it needs cannot be looked up now: ${messageOf(error)}`],
    };
  }
  const prepared = record?.heldFrom === "edit" && record.held && !made.held ? keptHeld(made, record.held) : made;
  const why = [...(prepared.notes ?? [])];
  const obstacle = prepared.obstacle ?? (actual?.unreadable && `on the standby ${actual.unreadable}`);
  if (obstacle !== undefined) return { ...base, prepared, action: "blocked", why: [obstacle, ...why] };
  return { ...base, prepared, action: actual ? "none" : "create", why };
}

/** A trigger of this side that nobody decided to take away stays held. */
function keptHeld(made: Prepared, held: JsonObject): Prepared {
  return { ...made, held, heldFrom: "edit" };
}

/** What refers to an object of another kind that has no counterpart cannot be copied. */
async function blockUnmapped(kind: Kind, run: Run, copies: PlannedCopy[]): Promise<void> {
  const resolver = resolverFor(kind, run, copies);
  for (const copy of copies) {
    if (copy.action === "skip" || copy.action === "blocked" || !copy.prepared) continue;
    const references = referencesOf(copy.prepared.definition).filter((each) => each.kind !== kind.name);
    const resolved = await Promise.all(references.map((each) => resolver.resolve(each)));
    const missing = references.filter((_, index) => resolved[index] === undefined);
    block(copy, missing);
    copy.waits = missing.some((each) => run.isStale(each.kind));
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
  copy.missing = missing;
  copy.why.unshift(mappingNotAvailable(missing));
  return true;
}

/** Says which objects those are that have no copy, and why, once it is known of all. */
async function explainMissing(kind: Kind, run: Run, copies: readonly PlannedCopy[]): Promise<void> {
  const blocked = copies.filter(({ missing }) => missing !== undefined);
  const whys = await mapAll(blocked, ({ missing }) => whyMissing(missing!, run, { kind: kind.name, copies }));
  for (const [index, { why }] of blocked.entries()) why[0] = whys[index]!;
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
