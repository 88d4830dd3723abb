import { AccessFacet } from "../access/access-facet.js";
import { isRefusal } from "../client/errors.js";
import type { JsonObject } from "../values/json.js";
import { compare, isUnchanged, reheld } from "./compare.js";
import { counterpartsOf, provenOrigins } from "../inventory/counterparts.js";
import { isExcluded, selection } from "../inventory/selection.js";
import { markerTag, noRoomForMarker, type Origin } from "../inventory/marker.js";
import type { Run } from "../inventory/run.js";
import { heldIn, withoutHeld } from "../kinds/held-fields.js";
import type { Defined, Item, Kind, Prepared } from "../kinds/kind.js";
import { type Notes, notesPath } from "../notes/notes.js";
import type { CopyRecord } from "../notes/record.js";
import { heldHere } from "../roles/held.js";
import { allOrFirst, mapAll } from "../values/for-all.js";
import { quoted } from "../values/printable.js";
import { messageOf } from "../values/redact.js";
import { blockDependents, blockUnmapped, explainMissing, resolverFor } from "./blocking.js";
import { assertOrphaned, judgeOrphans, leftoversOf, refuseEmptied } from "./orphans.js";
import type { Plan, PlannedCopy, Plans } from "./planned.js";
import { withReadiness } from "./standing.js";

/** Compares both sides and the last write of one kind. Writes nothing. */
export async function makePlan(kind: Kind, run: Run, plans: Plans): Promise<Plan> {
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
  const planner = new Planner(kind, run, notes, sourceNotes);
  const begun = await mapAll(sources, async (source) => {
    const impostor = counterparts.impostors.get(source.origin);
    return impostor ? refused(source, impostor) : planner.intend(source, counterparts.of(source.origin));
  });
  const copies = begun.filter((copy) => copy !== undefined);
  await blockUnmapped(kind, run, plans, copies);
  blockDependents(kind, run, copies);
  await explainMissing(kind, run, plans, copies);
  const resolver = resolverFor(kind, run, plans, copies);
  const compared = await mapAll(copies, async (copy) => {
    if (copy.action === "create" && notes.get(copy.source.origin)?.id !== undefined)
      return { ...copy, conflict: deletedThere, why: [deletedThere, ...copy.why] };
    if (copy.action !== "none" || !copy.prepared) return copy;
    const { definition } = await resolver.toShow(copy.prepared.definition);
    const { origin } = copy.source;
    return compare(
      kind,
      copy,
      copy.actual as Defined,
      definition,
      { notes, sourceRecord: sourceNotes.get(origin) },
      run.settings,
    );
  });
  const leftovers = leftoversOf(kind, sources, targets, counterparts, notes, sourceNotes);
  await assertOrphaned(kind, run, leftovers.orphaned, notes, sourceNotes);
  const settled = compared.map((copy) => planner.inert(copy));
  const orphans = (await judgeOrphans(kind, leftovers, notes, run)).map((orphan) =>
    orphan.action === "keep" ? { ...orphan, ...settling(orphan.copy) } : orphan,
  );
  const { twins, gone } = counterparts;
  const ready = await withReadiness(kind, settled, resolver, run, plans);
  const access = AccessFacet.of(kind, run, notes);
  return {
    kind,
    copies: access ? await mapAll(ready, (copy) => access.plan(copy)) : ready,
    foreign: leftovers.foreign,
    orphans,
    twins,
    gone,
  };
}

/** Notes of the source that are not to be believed say nothing of what its markers mean. */
async function assertSourceNotes(kind: Kind, run: Run, sources: readonly Item[], notes: Notes): Promise<void> {
  if (!run.source || kind.identity.by === "path" || !sources.some(({ marked }) => marked)) return;
  const { stack } = run.source.endpoint;
  const why = notes.doubt ?? (!notes.exist && (await run.sourceWasStandby()) ? "they are gone" : undefined);
  if (why !== undefined)
    throw new Error(
      `${kind.name}: the notes of ${stack} (${notesPath(kind.name)}) tell its copies from its originals, and are not to be used: ${why}; run pulumi up --stack ${stack}, which writes them anew from its state`,
    );
}

/** Somebody has put our marker on an object of theirs: it is not ours to change, and a second one beside it would be confused. */
function refused(source: Item, impostor: Item): PlannedCopy {
  const why = `${quoted(impostor.name)} [${impostor.id}] bears the marker of its copy, but this replication did not make it: take the tag ${markerTag} off it, or delete it`;
  return { source, action: "blocked", foreign: true, why: [why] };
}

/** What stands for an object of the active side is inert, also where it cannot follow it, and where it is the original. */
function settling(copy: Item | undefined): Pick<PlannedCopy, "settling"> {
  return copy?.unsettled?.length ? { settling: copy.unsettled } : {};
}

const deletedThere = "its copy is gone from the standby; it is made again";

/** Of what stays as it is there are a hundred thousand. */
const nothingToSay: string[] = Object.freeze([]) as unknown as string[];

interface Looked {
  readonly source: Item;
  readonly actual: Item | undefined;
}

/** Why an object could not be looked at, and whether trying again may help. */
interface Unlooked {
  readonly why: string;
  readonly waits: boolean;
}

/** Decides of each object by itself what is to become of it. */
class Planner {
  readonly #selected: (name: string) => boolean;

  constructor(
    private readonly kind: Kind,
    private readonly run: Run,
    private readonly notes: Notes,
    private readonly sourceNotes: Notes,
  ) {
    this.#selected = selection(run.settings.select?.[kind.name], kind);
  }

  /** Undefined where it was deleted since it was listed. */
  async intend(listed: Item, copy: Item | undefined): Promise<PlannedCopy | undefined> {
    const { kind, run } = this;
    const base = { source: listed, ...(copy ? { actual: copy } : {}) };
    if (listed.leftOut !== undefined) return { ...base, action: "skip", why: [listed.leftOut] };
    if (!this.#selected(listed.name)) return { ...base, action: "skip", why: [`not selected (select.${kind.name})`] };
    if (listed.unreadable !== undefined) return { ...base, action: "blocked", why: [listed.unreadable] };
    const record = this.notes.get(listed.origin);
    if (copy && isUnchanged(kind, listed, copy, record))
      return { ...base, action: "none", why: await this.#advice(listed, record?.unseen) };
    const looked = await this.#look(listed, copy);
    if (!looked) return undefined;
    if ("why" in looked) return { ...base, action: "blocked", waits: looked.waits, why: [looked.why] };
    const { source, actual } = looked;
    const both = { source, ...(actual ? { actual } : {}) };
    let made: Prepared;
    try {
      const { definition = {}, ...own } = this.#withHeld(source);
      const context = { settings: run.settings, run, ...(actual ? { copy: actual } : {}) };
      made = (await kind.prepare?.({ ...own, definition }, context)) ?? { definition };
    } catch (error) {
      const why = `what it needs cannot be looked up now: ${messageOf(error)}`;
      return { ...both, action: "blocked", waits: true, why: [why] };
    }
    if (source.builtIn && !actual) {
      const why = "comes with every workspace, and the standby has none of that name: it is never made";
      return { ...both, action: "blocked", why: [why] };
    }
    const prepared = this.#hold(made, record);
    const why = [...(prepared.notes ?? []), ...(await this.#advice(source, source.definition))];
    const obstacle =
      prepared.obstacle ?? this.#noRoom(made.definition) ?? (copy?.unreadable && `on the standby ${copy.unreadable}`);
    if (obstacle !== undefined) return { ...both, prepared, action: "blocked", why: [obstacle, ...why] };
    return { ...both, prepared, action: actual ? "none" : "create", why };
  }

  /** What is not ours in its place, and what is not inert. */
  inert(copy: PlannedCopy): PlannedCopy {
    if (copy.action !== "skip" && copy.action !== "blocked") return copy;
    const { origin } = copy.source;
    const isNoted = [this.notes, this.sourceNotes].some((each) => each.has(origin));
    if (this.kind.identity.by === "path" && copy.actual !== undefined && !isNoted) return { ...copy, foreign: true };
    return { ...copy, ...settling(copy.actual), ...reheld(this.kind, copy, this.notes.get(origin)) };
  }

  async #advice(source: Item, definition: JsonObject | undefined): Promise<string[]> {
    const advice = definition && (await this.kind.advise?.(definition, source, this.run));
    return advice && advice.length > 0 ? [...advice] : nothingToSay;
  }

  /** Both with their definitions; a new object's is looked at when it is written. Undefined where the source's is gone. */
  async #look(source: Item, actual: Item | undefined): Promise<Looked | Unlooked | undefined> {
    const { run, kind } = this;
    if (!kind.define || !actual || actual.unreadable !== undefined) return { source, actual };
    try {
      const [from, to] = await allOrFirst([
        run.defined("source", kind.name, source),
        run.defined("target", kind.name, actual),
      ]);
      return from && { source: from, actual: to };
    } catch (error) {
      return { why: `it cannot be read (${messageOf(error)})`, waits: !isRefusal(error) };
    }
  }

  /** What is held on the source, between the roles, counts as its own. */
  #withHeld(source: Item): Item {
    const { kind } = this;
    if (!kind.held || Object.keys(heldIn(kind, source.definition)).length > 0) return source;
    const record = this.sourceNotes.get(source.origin);
    if (!record?.held || record.id !== source.id) return source;
    const { held, missing } = heldHere(kind, record);
    return missing.length > 0 ? source : { ...source, definition: { ...source.definition, ...held } };
  }

  /** Takes off what is to be held. What was edited here, and nobody decided to take away, stays held. */
  #hold(made: Prepared, record: CopyRecord | undefined): Prepared {
    if (!this.kind.held) return made;
    const held = heldIn(this.kind, made.definition);
    const prepared = { ...made, definition: withoutHeld(this.kind, made.definition) };
    if (Object.keys(held).length > 0) return { ...prepared, held };
    if (record?.heldFrom === "edit" && record.held) return { ...prepared, held: record.held, heldFrom: "edit" };
    return prepared;
  }

  #noRoom(definition: JsonObject): string | undefined {
    const { identity } = this.kind;
    if (identity.by === "path" || !identity.tag) return undefined;
    return noRoomForMarker(definition[identity.tag.field], identity.tag.most);
  }
}
