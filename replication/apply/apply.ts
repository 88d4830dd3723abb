import { setTimeout as sleep } from "node:timers/promises";
import { AccessFacet, givenRecord, type PlannedAccess, whyLacking } from "../access/access-facet.js";
import { entriesOf } from "../access/access-list.js";
import { mayHaveHappened } from "../client/errors.js";
import type { JsonObject } from "../values/json.js";
import { fingerprint, sameJson } from "../values/fingerprint.js";
import { orGone } from "../kinds/or-gone.js";
import { forAll, mapAll } from "../values/for-all.js";
import { only } from "../kinds/fields.js";
import { heldIn } from "../kinds/held-fields.js";
import { type Defined, type Item, type Kind, NeedsPerson, type Operation, type Side } from "../kinds/kind.js";
import type { LedgerLine, Outcome } from "../report/ledger.js";
import { copyLine, foreignLine, strangerLine } from "../report/lines.js";
import { describeChanges } from "../values/changes.js";
import { editsOfUnseen, visible } from "../plan/compare.js";
import type { Origin } from "../inventory/marker.js";
import type { Notes, Remembered } from "../notes/notes.js";
import type { CopyRecord } from "../notes/record.js";
import type { Orphan } from "../plan/orphans.js";
import { isCounterpart, type Plan, type PlannedCopy, type Plans, unwritten } from "../plan/planned.js";
import { madeTwice } from "../plan/strangers.js";
import type { Progress } from "../report/progress.js";
import { messageOf, redactText } from "../values/redact.js";
import { keyOf, referencesOf } from "../kinds/references.js";
import { Resolver } from "../plan/resolver.js";
import { whyMissing } from "../plan/missing-copies.js";
import type { Run } from "../inventory/run.js";
import { isGone } from "../inventory/still-there.js";
import { verdictOn } from "./verdict.js";

const createAttempts = 4;

/** Up to so many written objects are asked for one by one. */
const mostAskedEach = 100;

/** How many objects that run until they are stopped are made at once: so many run at most if this process is killed. */
const runningAtOnce = 4;

/** How long a create whose answer was lost is given to appear, in ms; longer each time. */
const lateMs = 1_000;

/** A copy that stays as it is, but for being made inert. */
interface Staying {
  readonly item: Item;
  readonly settling: readonly string[];
  readonly copy?: PlannedCopy;
  readonly orphan?: Orphan;
}

export interface Applied {
  readonly lines: LedgerLine[];
  /** Id on the source → id on the target. */
  readonly ids: ReadonlyMap<string, string>;
  readonly notes: Notes;
}

/** Carries out a plan: one object's failure stops no other, and what was done is known whatever happens next. */
export async function applyPlan(
  plan: Plan,
  run: Run,
  plans: Plans,
  remembered: Remembered,
  progress: Progress,
): Promise<Applied> {
  const target = run.target;
  if (!target) throw new Error(`${plan.kind.name}: the standby's workspace does not exist yet`);
  const notes = await run.notes("target", plan.kind.name);
  const application = new Application(plan, run, plans, target, notes, remembered, progress);
  try {
    await application.run();
  } finally {
    run.forget(plan.kind.name);
  }
  return application.result();
}

class Application {
  readonly #kind: Kind;
  readonly #ids = new Map<string, string>();
  readonly #outcomes = new Map<PlannedCopy, { outcome: Outcome; why: string[] }>();
  /** Lines of what is on the standby and stands for no object of the source. */
  readonly #otherLines: LedgerLine[] = [];
  /** Full definitions asked for, by origin, to be fingerprinted once the write is proven. */
  readonly #written = new Map<Origin, JsonObject>();
  /** What this run looked at when it was to be written. */
  readonly #looked = new Map<Origin, JsonObject>();
  /** What earlier runs meant to write: if it is there now, one that died has written it. */
  readonly #intendedBefore: ReadonlySet<Origin>;
  readonly #access: AccessFacet | undefined;
  /** Ids on the target that were there before this run and are no counterparts. */
  readonly #stoodBefore: ReadonlySet<string>;
  /** Why something that was made runs on. */
  #cannotStop: string | undefined;
  #done = 0;
  #total = 0;

  constructor(
    private readonly plan: Plan,
    private readonly context: Run,
    private readonly plans: Plans,
    private readonly target: Side,
    private readonly notes: Notes,
    private readonly remembered: Remembered,
    private readonly progress: Progress,
  ) {
    this.#kind = plan.kind;
    this.#access = AccessFacet.of(plan.kind, context, notes);
    this.#intendedBefore = new Set(notes.origins());
    const { foreign, orphans, twins } = plan;
    this.#stoodBefore = new Set([...foreign, ...twins, ...orphans.map(({ copy }) => copy)].map(({ id }) => id));
    for (const copy of plan.copies)
      if (copy.actual && isCounterpart(copy)) this.#ids.set(copy.source.id, copy.actual.id);
  }

  async run(): Promise<void> {
    const { copies, orphans, twins } = this.plan;
    const removals = orphans.filter(({ action }) => action === "remove");
    const open = (action: PlannedCopy["action"]): PlannedCopy[] => copies.filter((each) => each.action === action);
    const [creates, updates] = [open("create"), open("update")];
    const settles = open("settle");
    const staying = this.#staying();
    const regranted = copies.filter(({ access, action }) => access && action !== "update");
    this.#total =
      regranted.length +
      creates.length +
      updates.length +
      settles.length +
      staying.length +
      twins.length +
      removals.length;
    this.#intend([...creates, ...updates, ...settles, ...open("note"), ...copies.filter(({ reheld }) => reheld)]);
    for (const each of staying) this.#keepHeld(each);
    await this.#writeNotes();
    // What runs although it should not, after a run that died or by hand, is stopped before anything new is made.
    await forAll(settles, (copy) => this.#attempt(copy, "updated", () => this.#makeInert(copy)));
    await forAll(staying, (each) => this.#settleStaying(each));
    await forAll(twins, (twin) => this.#tellTwin(twin));
    if (this.#kind.writeAll) await this.#writeAll([...creates, ...updates], removals);
    else {
      if (this.#kind.startsWhenMade) await this.#stopRunning(updates);
      await this.#createAll(creates);
      await forAll(updates, (copy) => this.#attempt(copy, "updated", () => this.#update(copy)));
      await forAll(removals, (orphan) => this.#remove(orphan));
    }
    await forAll(regranted, (copy) => this.#attempt(copy, "updated", () => this.#giveAccess(copy)));
    for (const orphan of orphans)
      if (orphan.action === "keep" && !orphan.settling) this.#orphanLine(orphan, "skipped", orphan.why);
    await this.#prove();
    await this.#noteReferences();
    await this.#writeNotes().catch((error: unknown) =>
      this.#kindFailed(`what was done could not be noted: ${messageOf(error)}`),
    );
  }

  async #writeNotes(): Promise<void> {
    await this.context.writeNotes(this.#kind.name, this.notes, this.remembered);
  }

  #kindFailed(why: string): void {
    this.#otherLines.push({ kind: this.#kind.name, name: this.#kind.name, outcome: "failed", why });
  }

  async #stopRunning(updates: readonly PlannedCopy[]): Promise<void> {
    const running = updates.flatMap(({ actual }) => (actual?.unsettled?.length ? [actual.id] : []));
    await forAll(running, async (id) => void (await this.#settle(id).catch(() => [])));
  }

  result(): Applied {
    const lines = this.plan.copies.map((copy) => this.#line(copy));
    return {
      lines: [...this.plan.foreign.map((item) => foreignLine(this.#kind, item)), ...lines, ...this.#otherLines],
      ids: this.#ids,
      notes: this.notes,
    };
  }

  /** Notes, before anything is written, what will be made and which triggers it will have had. */
  #intend(copies: readonly PlannedCopy[]): void {
    for (const { source, actual, prepared, action } of copies) {
      const {
        held: _,
        heldFrom: __,
        orphaned: ___,
        ...record
      } = this.notes.get(source.origin) ?? this.#newRecord(source);
      const id = actual ? { id: actual.id } : {};
      this.notes.set(source.origin, { ...record, ...id, name: this.#nameOf(source), ...heldOf(prepared) });
      if (action === "update") this.#halfWritten(source.origin);
    }
    for (const { source, actual } of this.plan.copies) {
      const record = this.notes.get(source.origin);
      if (record && actual && record.sourceId !== source.id)
        this.notes.set(source.origin, { ...record, sourceId: source.id });
    }
    for (const { copy, action } of this.plan.orphans) {
      const record = this.notes.get(copy.origin) ?? { id: copy.id, name: this.#nameOf(copy) };
      if (action === "keep") this.notes.set(copy.origin, { ...record, orphaned: true });
    }
    const origins = new Set(this.plan.copies.map(({ source }) => source.origin));
    for (const origin of this.plan.gone) if (!origins.has(origin)) this.notes.delete(origin);
  }

  #newRecord(source: Item): CopyRecord {
    return { name: this.#nameOf(source), sourceId: source.id };
  }

  /** A name may have a secret in it; a path is what its copy is known by. */
  #nameOf({ name }: Item): string {
    return this.#kind.identity.by === "path" ? name : redactText(name);
  }

  /** How the copy shows is not known until it is proven: after a run that dies here, our own write is no hand edit. */
  #halfWritten(origin: Origin): void {
    const { actual: _, ...record } = this.notes.get(origin)!;
    this.notes.set(origin, record);
  }

  /** Creates each once those that it refers to exist; a circle is opened by making one of its members empty first. */
  async #createAll(creates: readonly PlannedCopy[]): Promise<void> {
    let waiting = [...creates];
    const shells: PlannedCopy[] = [];
    while (waiting.length > 0) {
      const unmade = new Set(waiting.map(({ source }) => source.id));
      const ready = waiting.filter((copy) => this.#needs(copy).every((id) => !unmade.has(id)));
      if (ready.length > 0) {
        const atOnce = this.#kind.startsWhenMade ? runningAtOnce : undefined;
        await forAll(ready, (copy) => this.#attempt(copy, "created", () => this.#create(copy)), atOnce);
        waiting = waiting.filter((copy) => !ready.includes(copy));
        continue;
      }
      const shell = this.#memberOfCircle(waiting);
      await this.#attempt(shell, "created", () => this.#createShell(shell));
      if (this.#ids.has(shell.source.id)) {
        shells.push(shell);
        this.#total += 1;
      }
      waiting = waiting.filter((copy) => copy !== shell);
    }
    await forAll(shells, (copy) => this.#attempt(copy, "created", () => this.#update(copy)));
  }

  #needs({ prepared }: PlannedCopy): string[] {
    return referencesOf(this.#kind, prepared!.definition)
      .filter(({ kind }) => kind === this.#kind.name)
      .map(({ id }) => id);
  }

  /** Follows references among the waiting until one comes round again. */
  #memberOfCircle(waiting: readonly PlannedCopy[]): PlannedCopy {
    const byId = new Map(waiting.map((copy) => [copy.source.id, copy]));
    const passed = new Set<PlannedCopy>();
    let at = waiting[0]!;
    while (!passed.has(at)) {
      passed.add(at);
      at = byId.get(this.#needs(at).find((id) => byId.has(id))!)!;
    }
    return at;
  }

  async #create(copy: PlannedCopy): Promise<string[]> {
    const definition = await this.#define(copy);
    const request = { source: copy.source, definition };
    if (this.#cannotStop !== undefined)
      throw new Error(`not made, since another that was made could not be stopped (${this.#cannotStop})`);
    const access = await this.#access?.forNew(copy.source);
    const withAccess = {
      ...request,
      ...(access?.wanted && this.#kind.permissions?.withCreate ? { access: entriesOf(access.wanted) } : {}),
    };
    const id = await this.#createOnce(copy, () => this.#kind.create!(this.target, withAccess, this.context));
    const attention = this.#kind.startsWhenMade ? await this.#stopMade(id) : [];
    if (access) {
      await this.#grant(copy, id, access, true);
      if (access.record.lacking) attention.push(whyLacking(access.record.lacking));
    }
    await this.#kind.complete?.(this.target, id, request);
    this.#written.set(copy.source.origin, definition);
    return attention;
  }

  /** What is to be written; of an object that is dear to look at it is looked at now. */
  async #define(copy: PlannedCopy): Promise<JsonObject> {
    if (!this.#kind.define || copy.source.definition) return this.#translate(copy);
    const source = await this.context.defined("source", this.#kind.name, copy.source);
    if (!source) throw new Error("deleted on the source since it was listed; the next run knows");
    this.#looked.set(copy.source.origin, source.definition);
    return source.definition;
  }

  /** What cannot be stopped runs until somebody stops it: nothing more is made then. */
  async #stopMade(id: string): Promise<string[]> {
    try {
      return await this.#settle(id);
    } catch (error) {
      this.#cannotStop = messageOf(error);
      throw error;
    }
  }

  async #createShell(copy: PlannedCopy): Promise<string[]> {
    const request = { source: copy.source, definition: copy.prepared!.definition };
    const access = await this.#access?.forNew(copy.source);
    const id = await this.#createOnce(copy, () => this.#kind.createShell!(this.target, request));
    if (access) await this.#grant(copy, id, access, true);
    return this.#kind.startsWhenMade ? this.#settle(id) : [];
  }

  /**
   * A create whose answer was lost is looked for by its marker before it is tried again, and again after a while: it may
   * still be under way behind a gateway that gave up on it.
   */
  async #createOnce(copy: PlannedCopy, create: () => Promise<string>): Promise<string> {
    for (let attempt = 1; ; attempt++) {
      try {
        return this.#made(copy, await create());
      } catch (error) {
        if (!this.#kind.find || !mayHaveHappened(error)) throw error;
        this.#note(copy.source, { mayHaveTwin: true });
        for (const wait of [0, lateMs * 2 ** (attempt - 1) * (1 + Math.random() / 2)]) {
          await sleep(wait);
          const id = await this.#findMade(copy.source);
          if (id !== undefined) return this.#made(copy, id);
        }
        if (attempt >= createAttempts) throw error;
      }
    }
  }

  /** What we made meanwhile with the marker of that object. Anybody may set a tag, so it counts only on what is our own. */
  async #findMade(source: Item): Promise<string | undefined> {
    const found = await this.#kind.find!(this.target, source);
    if (found.length === 0) return undefined;
    const ours = await this.context.madeByUs(found);
    return ours.find(({ id }) => !this.#stoodBefore.has(id))?.id;
  }

  #made(copy: PlannedCopy, id: string): string {
    this.#ids.set(copy.source.id, id);
    this.#note(copy.source, { id });
    return id;
  }

  #note(source: Item, what: Partial<CopyRecord>): void {
    this.notes.set(source.origin, { ...(this.notes.get(source.origin) ?? this.#newRecord(source)), ...what });
  }

  async #update(copy: PlannedCopy): Promise<string[]> {
    const id = this.#ids.get(copy.source.id)!;
    const definition = await this.#translate(copy);
    const { actual: there = { ...copy.source, id, original: false } } = copy;
    const actual = { ...there, definition: there.definition ?? {} };
    await this.#kind.update!(this.target, id, { source: copy.source, definition }, actual, this.context);
    this.#written.set(copy.source.origin, definition);
    if (copy.access) await this.#giveAccess(copy);
    return actual.unsettled?.length ? this.#settle(id) : [];
  }

  async #giveAccess(copy: PlannedCopy): Promise<string[]> {
    await this.#grant(copy, this.#ids.get(copy.source.id)!, copy.access!, false);
    return [];
  }

  async #grant(copy: PlannedCopy, id: string, access: PlannedAccess, isNew: boolean): Promise<void> {
    const item = copy.actual ?? (await this.#madeItem(copy.source, id));
    const record = await this.#access!.give(item, access, isNew);
    this.#note(copy.source, givenRecord(record));
  }

  /** The new object as far as its access list needs it: its own id may stand elsewhere. */
  async #madeItem(source: Item, id: string): Promise<Item> {
    const { permissions, get } = this.#kind;
    return permissions?.idOf && get ? this.#kind.get!(this.target, id, this.context) : { ...source, id };
  }

  async #makeInert(copy: PlannedCopy): Promise<string[]> {
    const notes = await this.#settle(copy.actual!.id);
    // A hand edit that is kept stays one: only what we wrote is the base of the next comparison.
    if (copy.conflict === undefined) this.#written.set(copy.source.origin, await this.#translate(copy));
    return notes;
  }

  async #settle(id: string): Promise<string[]> {
    return [...((await this.#kind.settle?.(this.target, id)) ?? [])];
  }

  #staying(): Staying[] {
    const { copies, orphans } = this.plan;
    return [
      ...copies.map((copy) => ({ copy, item: copy.actual, settling: copy.settling })),
      ...orphans.map((orphan) => ({ orphan, item: orphan.copy, settling: orphan.settling })),
    ].filter((each): each is typeof each & Staying => each.item !== undefined && each.settling !== undefined);
  }

  /** What is taken off a copy that stays as it is comes back on release, unless its original's triggers are held for it. */
  #keepHeld({ item, copy }: Staying): void {
    const origin = copy?.source.origin ?? item.origin;
    const record = { ...(this.notes.get(origin) ?? { name: this.#nameOf(item) }), id: item.id };
    if (record.held) return;
    const own = heldIn(this.#kind, item.definition);
    const ofSource = heldOf(copy?.prepared);
    const held = ofSource.held ? ofSource : { held: own, heldFrom: "here" as const };
    if (Object.keys(held.held ?? {}).length > 0) this.notes.set(origin, { ...record, ...held });
  }

  async #settleStaying({ item, copy, orphan, settling }: Staying): Promise<void> {
    const settled = await this.#settle(item.id).then(
      (notes) => ({ why: [...settling, ...notes] }),
      (error: unknown) => ({ failed: true, why: [messageOf(error)] }),
    );
    if (copy) this.#outcomes.set(copy, { outcome: "failed" in settled ? "failed" : unwritten(copy), why: settled.why });
    if (orphan)
      this.#orphanLine(orphan, "failed" in settled ? "failed" : "skipped", [...settled.why, orphan.why].join("; "));
    this.#step(item.name);
  }

  async #remove(orphan: Orphan): Promise<void> {
    try {
      await this.#kind.remove!(this.target, orphan.copy.id);
      this.#removed(orphan);
    } catch (error) {
      if (await isGone(error, this.#kind, this.target, orphan.copy.id)) this.#removed(orphan);
      else this.#orphanLine(orphan, "failed", messageOf(error));
    }
    this.#step(orphan.copy.name);
  }

  #removed(orphan: Orphan): void {
    this.notes.delete(orphan.copy.origin);
    this.#orphanLine(orphan, "removed", orphan.why);
  }

  #orphanLine({ copy }: Orphan, outcome: Outcome, why: string): void {
    this.#otherLines.push({ ...strangerLine(this.#kind.name, copy), outcome, why });
  }

  /** The definition with the target's ids as they are known by now. */
  async #translate(copy: PlannedCopy): Promise<JsonObject> {
    const { definition, missing } = await this.#resolver().toWrite(copy.prepared!.definition);
    const { copies } = this.plan;
    if (missing.length > 0)
      throw new NeedsPerson(await whyMissing(missing, this.context, this.plans, { kind: this.#kind.name, copies }));
    return definition;
  }

  #resolver(): Resolver {
    const own = { ids: this.#ids, pending: new Set<string>() };
    return new Resolver(this.#kind, this.context, async (kind) =>
      kind === this.#kind.name ? own : this.plans.copyIds(kind),
    );
  }

  async #writeAll(copies: readonly PlannedCopy[], removals: readonly Orphan[]): Promise<void> {
    const operations: Operation[] = copies.map((copy) => {
      const request = { source: copy.source, definition: copy.prepared!.definition };
      return copy.actual
        ? { action: "update", id: copy.actual.id, copy: request, actual: copy.actual as Defined }
        : { action: "create", copy: request };
    });
    const removing: Operation[] = removals.map(({ copy }) => ({ action: "remove", id: copy.id, name: copy.name }));
    if (operations.length + removing.length === 0) return;
    const all = [...operations, ...removing];
    const answers = await this.#kind.writeAll!(this.target, all).catch((reason: unknown) =>
      all.map((): PromiseSettledResult<string> => ({ status: "rejected", reason })),
    );
    for (const [index, copy] of copies.entries())
      await this.#attempt(copy, copy.actual ? "updated" : "created", async () => {
        this.#made(copy, await unwrap(answers[index]!));
        this.#written.set(copy.source.origin, copy.prepared!.definition);
        return [];
      });
    for (const [index, orphan] of removals.entries()) {
      const answer = answers[copies.length + index]!;
      if (answer.status === "fulfilled") this.#removed(orphan);
      else this.#orphanLine(orphan, "failed", messageOf(answer.reason));
    }
  }

  async #attempt(copy: PlannedCopy, outcome: Outcome, write: () => Promise<string[]>): Promise<void> {
    const before = this.#outcomes.get(copy)?.why ?? [];
    try {
      this.#outcomes.set(copy, { outcome, why: [...before, ...(await write())] });
    } catch (error) {
      const { outcome: failure, why } = verdictOn(error, this.#ids.get(copy.source.id));
      this.#outcomes.set(copy, { outcome: failure, why: [why] });
    }
    this.#step(copy.source.name);
  }

  #step(name: string): void {
    this.#done += 1;
    this.progress({ kind: this.#kind.name, text: name, done: this.#done, total: this.#total });
  }

  /** Lists the target once more: what was written must be there, and how it shows is the base of the next comparison. */
  async #prove(): Promise<void> {
    const { copies } = this.plan;
    for (const copy of copies) {
      const { actual, action } = copy;
      if (actual && action === "note") this.#record(copy, actual as Defined, await this.#translate(copy), true);
    }
    if (this.#written.size === 0) return;
    for (const { source } of copies)
      if (this.#written.has(source.origin) && this.#ids.has(source.id))
        this.context.noteWritten(this.#kind.name, this.#ids.get(source.id)!);
    const listed = await this.#listAgain();
    const shown = new Map(listed.items.map((item) => [item.id, item]));
    for (const copy of copies) {
      const written = this.#written.get(copy.source.origin);
      if (!written) continue;
      const item = shown.get(this.#ids.get(copy.source.id) ?? "");
      const defined = item && (await this.context.defined("target", this.#kind.name, item));
      const fault = defined
        ? this.#faultIn(copy, defined, written)
        : (listed.failure ?? "the standby does not list it");
      if (defined && fault === undefined) this.#record(copy, defined, written, false);
      else this.#outcomes.set(copy, { outcome: "failed", why: [`was written, but ${fault}`] });
    }
    await forAll(await this.#twinsOf(listed.items), (twin) => this.#tellTwin(twin));
  }

  /** Why what is listed cannot be what was written: an answer of 200 is no proof that it was done. */
  #faultIn({ actual, action }: PlannedCopy, item: Defined, written: JsonObject): string | undefined {
    if (item.unreadable !== undefined) return item.unreadable;
    if (action === "update" && item.stamp !== undefined && item.stamp === actual?.stamp)
      return "the standby shows it as it was before";
    const differs = editsOfUnseen(this.#kind, item, written);
    if (Object.keys(differs).length > 0) return `shows ${describeChanges(differs)}`;
    const [is, shouldBe] = [visible(this.#kind, item.definition), visible(this.#kind, written)];
    if (sameJson(is, shouldBe)) return undefined;
    // A workspace may show what it was given in a form of its own; a file or mount is what it is.
    const isAsBefore =
      action === "update" && actual?.definition !== undefined && sameJson(is, visible(this.#kind, actual.definition));
    return isAsBefore || this.#kind.identity.by === "path" ? "the standby shows it as it was before" : undefined;
  }

  /** A listing that fails must not cost what is known of all that was made. */
  async #listAgain(): Promise<{ readonly items: readonly Item[]; readonly failure?: string }> {
    try {
      const { get, define } = this.#kind;
      if (get && define && this.#written.size <= mostAskedEach) return { items: await this.#askEach() };
      return { items: await this.#kind.list(this.target, this.context) };
    } catch (error) {
      return { items: [], failure: `the standby cannot be listed (${messageOf(error)})` };
    }
  }

  /** A few are soon asked for, where the listing of all takes long. */
  async #askEach(): Promise<Item[]> {
    const written = this.plan.copies.flatMap(({ source: { origin, id } }) =>
      this.#written.has(origin) ? (this.#ids.get(id) ?? []) : [],
    );
    const items = await mapAll(written, (id) => orGone(() => this.#kind.get!(this.target, id, this.context)));
    return items.filter((item) => item !== undefined);
  }

  /** Second copies that came through in this very run: their creation was given up for lost, and tried again. */
  async #twinsOf(items: readonly Item[]): Promise<Item[]> {
    const counterparts = this.plan.copies.flatMap(({ actual }) => actual?.id ?? []);
    const known = new Set([...this.#stoodBefore, ...counterparts, ...this.#ids.values()]);
    const marked = items.filter(({ id, origin, marked }) => marked && this.#written.has(origin) && !known.has(id));
    return [...(await this.context.madeByUs(marked))];
  }

  async #tellTwin(twin: Item): Promise<void> {
    const settled =
      twin.unsettled?.length !== 0 ? await this.#settle(twin.id).catch((error: unknown) => [messageOf(error)]) : [];
    this.#otherLines.push({
      ...strangerLine(this.#kind.name, twin),
      outcome: "needs-a-person",
      why: [madeTwice, ...settled].join("; "),
    });
    this.#step(twin.name);
  }

  /** Notes where the references of what is held lead, so that it can be put back without the source. */
  async #noteReferences(): Promise<void> {
    const resolver = this.#resolver();
    for (const { source, prepared } of this.plan.copies) {
      const record = this.notes.get(source.origin);
      if (!record?.held || record.heldFrom || !prepared?.held) continue;
      const heldIds: Record<string, string> = {};
      for (const reference of referencesOf(this.#kind, record.held)) {
        const resolution = await resolver.resolve(reference);
        if (resolution !== undefined && resolution !== "pending") heldIds[keyOf(reference)] = resolution.id;
      }
      const { heldIds: _, ...rest } = record;
      this.notes.set(source.origin, { ...rest, ...(Object.keys(heldIds).length > 0 ? { heldIds } : {}) });
    }
  }

  #record({ source, prepared, standIn }: PlannedCopy, item: Defined, desired: JsonObject, noted: boolean): void {
    const { origin } = source;
    const { held, standIn: was, nodeTypes: _, ...before } = this.notes.get(origin) ?? this.#newRecord(source);
    const stoodThere = noted && (was ?? (standIn === true && !this.#intendedBefore.has(origin)));
    const definition = source.definition ?? this.#looked.get(origin) ?? {};
    const hidden = only(definition, this.#kind.unseen ?? []);
    this.notes.set(origin, {
      ...before,
      name: this.#nameOf(source),
      id: item.id,
      sourceId: source.id,
      source: fingerprint(visible(this.#kind, definition)),
      desired: fingerprint(desired),
      actual: fingerprint(visible(this.#kind, item.definition)),
      ...(held ? { held } : {}),
      ...(prepared?.nodeTypes ? { nodeTypes: prepared.nodeTypes } : {}),
      ...(stoodThere ? { standIn: true } : {}),
      // Noted before it was made, by a run that died: that one may have sent the creation twice.
      ...(noted && this.#intendedBefore.has(origin) && before.id === undefined ? { mayHaveTwin: true } : {}),
      ...(source.stamp === undefined
        ? {}
        : { seen: { source: source.stamp, ...(item.stamp === undefined ? {} : { target: item.stamp }) } }),
      ...(source.stamp !== undefined && Object.keys(hidden).length > 0 ? { unseen: hidden } : {}),
    });
  }

  #line(copy: PlannedCopy): LedgerLine {
    const { source } = copy;
    const came = this.#outcomes.get(copy);
    const held = Object.keys(this.notes.get(source.origin)?.held ?? {});
    const why = [...(came?.why ?? []), ...copy.why];
    return copyLine(this.#kind.name, copy, came?.outcome ?? unwritten(copy), why, this.#ids.get(source.id), held);
  }
}

/** The triggers to hold, as a record has them. */
function heldOf(prepared: PlannedCopy["prepared"]): Pick<CopyRecord, "held" | "heldFrom"> {
  const { held, heldFrom } = prepared ?? {};
  return { ...(held ? { held } : {}), ...(held && heldFrom ? { heldFrom } : {}) };
}

async function unwrap<T>(result: PromiseSettledResult<T>): Promise<T> {
  if (result.status === "rejected") throw result.reason;
  return Promise.resolve(result.value);
}
