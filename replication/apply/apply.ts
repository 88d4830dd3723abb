import { setTimeout as sleep } from "node:timers/promises";
import { AccessFacet, givenRecord, whyLacking } from "../access/access-facet.js";
import { type AccessHolder, entriesOf, type PlannedAccess } from "../access/access-list.js";
import { mayHaveHappened, UnexpectedAnswer } from "../client/errors.js";
import type { Origin } from "../inventory/marker.js";
import type { Run } from "../inventory/run.js";
import { isGone, stillThere } from "../inventory/still-there.js";
import { only } from "../kinds/fields.js";
import { type Defined, type Item, type Kind, NeedsPerson, type Operation, type Side } from "../kinds/kind.js";
import type { Notes, Remembered } from "../notes/notes.js";
import { whyMissing } from "../plan/missing-copies.js";
import { isCounterpart, type Orphan, type Plan, type PlannedCopy, type Plans, unwritten } from "../plan/planned.js";
import { Resolver } from "../plan/resolver.js";
import { madeTwice } from "../plan/strangers.js";
import type { LedgerLine } from "../report/ledger.js";
import type { Progress } from "../report/progress.js";
import { forAll } from "../values/for-all.js";
import type { JsonObject } from "../values/json.js";
import { messageOf } from "../values/redact.js";
import { CopyNotes } from "./copy-notes.js";
import { innerFirst, makeInOrder } from "./creation-order.js";
import { Outcomes } from "./outcomes.js";
import { faultIn, showAgain } from "./proof.js";

const createAttempts = 4;

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
  readonly #outcomes: Outcomes;
  readonly #noted: CopyNotes;
  readonly #access: AccessFacet | undefined;
  /** Full definitions asked for, by origin, to be fingerprinted once the write is proven. */
  readonly #written = new Map<Origin, JsonObject>();
  /** What this run looked at when it was to be written. */
  readonly #looked = new Map<Origin, JsonObject>();
  /** Ids on the target that were there before this run and are no counterparts. */
  readonly #stoodBefore: ReadonlySet<string>;
  /** Why something that was made runs on. */
  #cannotStop: string | undefined;

  constructor(
    private readonly plan: Plan,
    private readonly context: Run,
    private readonly plans: Plans,
    private readonly target: Side,
    private readonly notes: Notes,
    private readonly remembered: Remembered,
    progress: Progress,
  ) {
    this.#kind = plan.kind;
    this.#outcomes = new Outcomes(plan, this.#ids, progress);
    this.#noted = new CopyNotes(plan, notes);
    this.#access = AccessFacet.of(plan.kind, context, notes);
    const { foreign, orphans, twins } = plan;
    this.#stoodBefore = new Set([...foreign, ...twins, ...orphans.map(({ copy }) => copy)].map(({ id }) => id));
    for (const copy of plan.copies)
      if (copy.actual && isCounterpart(copy)) this.#ids.set(copy.source.id, copy.actual.id);
  }

  result(): Applied {
    return { lines: this.#outcomes.lines(this.notes), ids: this.#ids, notes: this.notes };
  }

  async run(): Promise<void> {
    const { copies, orphans, twins } = this.plan;
    const removals = orphans.filter(({ action }) => action === "remove");
    const open = (action: PlannedCopy["action"]): PlannedCopy[] => copies.filter((each) => each.action === action);
    const [creates, updates, settles] = [open("create"), open("update"), open("settle")];
    const staying = this.#staying();
    const regranted = copies.filter(({ access, action }) => access && action !== "update");
    for (const work of [creates, updates, settles, staying, regranted, twins, removals])
      this.#outcomes.expect(work.length);
    this.#noted.intend();
    for (const { item, copy } of staying) this.#noted.keepHeld(item, copy);
    await this.#writeNotes();
    // What runs although it should not, after a run that died or by hand, is stopped before anything new is made.
    await forAll(settles, (copy) => this.#outcomes.attempt(copy, "updated", () => this.#makeInert(copy)));
    await forAll(staying, (each) => this.#settleStaying(each));
    await forAll(twins, (twin) => this.#tellTwin(twin));
    if (this.#kind.writeAll) await this.#writeAll([...creates, ...updates], removals);
    else await this.#writeEach(creates, updates, removals);
    await forAll(regranted, (copy) => this.#outcomes.attempt(copy, "updated", () => this.#giveAccess(copy)));
    for (const { copy, action, settling, why } of orphans)
      if (action === "keep" && !settling) this.#outcomes.tell(copy, "skipped", why);
    await this.#prove();
    await this.#noted.noteReferences(this.#resolver());
    await this.#writeNotes().catch((error: unknown) =>
      this.#outcomes.kindFailed("what was done could not be noted", error),
    );
  }

  async #writeNotes(): Promise<void> {
    await this.context.writeNotes(this.#kind.name, this.notes, this.remembered);
  }

  async #writeEach(
    creates: readonly PlannedCopy[],
    updates: readonly PlannedCopy[],
    removals: readonly Orphan[],
  ): Promise<void> {
    if (this.#kind.startsWhenMade) await this.#stopRunning(updates);
    await this.#makeNamesFree(updates);
    const atOnce = this.#kind.startsWhenMade ? runningAtOnce : undefined;
    const outcomes = this.#outcomes;
    await makeInOrder(this.#kind, creates, {
      create: (ready) => forAll(ready, (copy) => outcomes.attempt(copy, "created", () => this.#create(copy)), atOnce),
      createShell: async (copy) => {
        await outcomes.attempt(copy, "created", () => this.#createShell(copy));
        return this.#ids.has(copy.source.id);
      },
      fill: async (shells) => {
        outcomes.expect(shells.length);
        await forAll(shells, (copy) => outcomes.attempt(copy, "created", () => this.#update(copy)));
      },
    });
    await forAll(updates, (copy) => outcomes.attempt(copy, "updated", () => this.#update(copy)));
    for (const level of innerFirst(this.#kind, removals)) await forAll(level, (orphan) => this.#remove(orphan));
  }

  /** A name is there once: a copy that is to give its name to another bears one of nobody until it has its own. */
  async #makeNamesFree(updates: readonly PlannedCopy[]): Promise<void> {
    const { identity } = this.#kind;
    if (identity.by !== "name") return;
    const renamed = updates.filter(({ source, actual }) => actual && actual.name !== source.name);
    const wanted = new Set([...renamed.map(({ source }) => source.name), ...this.#newNames()]);
    await forAll(renamed, async ({ source, actual }) => {
      if (!wanted.has(actual!.name)) return;
      const name = `databricks-dr-${actual!.id}`.slice(0, 100);
      const definition = { ...actual!.definition, [identity.field]: name };
      await this.#kind.update!(this.target, actual!.id, { source, definition }, actual as Defined, this.context).catch(
        () => undefined,
      );
    });
  }

  #newNames(): string[] {
    return this.plan.copies.flatMap(({ action, source }) => (action === "create" ? [source.name] : []));
  }

  async #stopRunning(updates: readonly PlannedCopy[]): Promise<void> {
    const running = updates.flatMap(({ actual }) => (actual?.unsettled?.length ? [actual.id] : []));
    await forAll(running, async (id) => void (await this.#settle(id).catch(() => [])));
  }

  async #create(copy: PlannedCopy): Promise<string[]> {
    const definition = await this.#define(copy);
    const request = { source: copy.source, definition };
    if (this.#cannotStop !== undefined)
      throw new Error(`not made, since another that was made could not be stopped (${this.#cannotStop})`);
    const access = await this.#access?.forNew(copy.source);
    const withCreate = access?.wanted && this.#kind.permissions?.withCreate;
    const full = { ...request, ...(withCreate ? { access: entriesOf(access.wanted) } : {}) };
    const id = await this.#createOnce(copy, () => this.#kind.create!(this.target, full, this.context));
    const attention = this.#kind.startsWhenMade ? await this.#stopMade(id) : [];
    if (access) {
      await this.#grant(copy, id, access, true);
      if (access.record.lacking) attention.push(whyLacking(access.record.lacking));
    }
    await this.#kind.complete?.(this.target, id, request);
    this.#written.set(copy.source.origin, definition);
    return [...attention, ...(await this.#advice(copy))];
  }

  /** What is to be written; an object that is dear to look at is looked at now. */
  async #define(copy: PlannedCopy): Promise<JsonObject> {
    if (!this.#kind.define || copy.source.definition) return this.#translate(copy);
    const source = await this.context.defined("source", this.#kind.name, copy.source);
    if (!source) throw new Error("deleted on the source since it was listed; the next run knows");
    this.#looked.set(copy.source.origin, source.definition);
    return source.definition;
  }

  /** Of what was looked at when it was written; the plan has the rest. */
  async #advice({ source }: PlannedCopy): Promise<readonly string[]> {
    const definition = this.#looked.get(source.origin);
    return (definition && (await this.#kind.advise?.(definition, source, this.context))) ?? [];
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
        this.#noted.add(copy.source, { mayHaveTwin: true });
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
    const ours = await this.context.madeByUs(found);
    return ours.find(({ id }) => !this.#stoodBefore.has(id))?.id;
  }

  #made({ source }: PlannedCopy, id: string): string {
    this.#ids.set(source.id, id);
    this.#noted.add(source, { id });
    return id;
  }

  async #update(copy: PlannedCopy): Promise<string[]> {
    const id = this.#ids.get(copy.source.id)!;
    const asked = await this.#translate(copy);
    const { immutable = [] } = this.#kind;
    const definition = { ...asked, ...only(copy.actual?.definition ?? {}, immutable) };
    const { actual: there = { ...copy.source, id, original: false } } = copy;
    const actual = { ...there, definition: there.definition ?? {} };
    await this.#kind.update!(this.target, id, { source: copy.source, definition }, actual, this.context);
    this.#written.set(copy.source.origin, asked);
    if (copy.access) await this.#giveAccess(copy);
    return actual.unsettled?.length ? this.#settle(id) : [];
  }

  async #giveAccess(copy: PlannedCopy): Promise<string[]> {
    await this.#grant(copy, this.#ids.get(copy.source.id)!, copy.access!, false);
    return [];
  }

  async #grant(copy: PlannedCopy, id: string, access: PlannedAccess, isNew: boolean): Promise<void> {
    const holder = async (): Promise<AccessHolder> => {
      if (copy.actual) return copy.actual;
      return copy.source.accessId === undefined ? { id } : this.#kind.get!(this.target, id);
    };
    this.#noted.add(copy.source, givenRecord(await this.#access!.give(holder, access, isNew)));
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

  async #settleStaying({ item, copy, orphan, settling }: Staying): Promise<void> {
    const { why, failed } = await this.#settle(item.id).then(
      (notes) => ({ why: [...settling, ...notes], failed: false }),
      (error: unknown) => ({ why: [messageOf(error)], failed: true }),
    );
    if (copy) this.#outcomes.set(copy, failed ? "failed" : unwritten(copy), why);
    if (orphan) this.#outcomes.tell(orphan.copy, failed ? "failed" : "skipped", [...why, orphan.why].join("; "));
    this.#outcomes.step(item.name);
  }

  async #remove(orphan: Orphan): Promise<void> {
    try {
      await this.#kind.remove!(this.target, orphan.copy.id);
      // An answer of 200 is no proof that it was done.
      if (this.#kind.exists && (await stillThere(this.#kind, this.target, orphan.copy.id)))
        throw new UnexpectedAnswer("it was removed, but is still there");
      this.#removed(orphan);
    } catch (error) {
      if (await isGone(error, this.#kind, this.target, orphan.copy.id)) this.#removed(orphan);
      else this.#outcomes.fail(orphan.copy, error);
    }
    this.#outcomes.step(orphan.copy.name);
  }

  #removed({ copy, why }: Orphan): void {
    this.notes.delete(copy.origin);
    this.#outcomes.tell(copy, "removed", why);
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
      await this.#outcomes.attempt(copy, copy.actual ? "updated" : "created", async () => {
        this.#made(copy, await unwrap(answers[index]!));
        this.#written.set(copy.source.origin, copy.prepared!.definition);
        return [];
      });
    for (const [index, orphan] of removals.entries()) {
      const answer = answers[copies.length + index]!;
      if (answer.status === "fulfilled") this.#removed(orphan);
      else this.#outcomes.tell(orphan.copy, "failed", messageOf(answer.reason));
    }
  }

  /** Looks at the target once more: what was written must be there, and how it shows is the base of the next comparison. */
  async #prove(): Promise<void> {
    const { copies } = this.plan;
    for (const copy of copies)
      if (copy.actual && copy.action === "note")
        this.#proven(copy, copy.actual as Defined, await this.#translate(copy), true);
    const written = copies.filter(({ source }) => this.#written.has(source.origin));
    if (written.length === 0) return;
    const ids = written.flatMap(({ source }) => this.#ids.get(source.id) ?? []);
    for (const id of ids) this.context.noteWritten(this.#kind.name, id);
    const { items, failure = "the standby does not list it" } = await showAgain(
      this.#kind,
      this.target,
      this.context,
      ids,
    );
    const shown = new Map(items.map((item) => [item.id, item]));
    await forAll(written, async (copy) => {
      const desired = this.#written.get(copy.source.origin)!;
      const item = shown.get(this.#ids.get(copy.source.id) ?? "");
      const defined = item && (await this.context.defined("target", this.#kind.name, item));
      const fault = defined ? faultIn(this.#kind, copy, defined, desired) : failure;
      if (defined && fault === undefined) this.#proven(copy, defined, desired, false);
      else this.#outcomes.set(copy, "failed", [`was written, but ${fault}`]);
    });
    await forAll(await this.#twinsOf(items), (twin) => this.#tellTwin(twin));
  }

  #proven(copy: PlannedCopy, item: Defined, desired: JsonObject, isFound: boolean): void {
    const { origin, definition = this.#looked.get(origin) ?? {} } = copy.source;
    this.#noted.prove(copy, item, { definition, desired, isFound });
  }

  /** Second copies that came through in this very run: their creation was given up for lost, and tried again. */
  async #twinsOf(items: readonly Item[]): Promise<readonly Item[]> {
    const counterparts = this.plan.copies.flatMap(({ actual }) => actual?.id ?? []);
    const known = new Set([...this.#stoodBefore, ...counterparts, ...this.#ids.values()]);
    const marked = items.filter(({ id, origin, marked }) => marked && this.#written.has(origin) && !known.has(id));
    return this.context.madeByUs(marked);
  }

  async #tellTwin(twin: Item): Promise<void> {
    const settled =
      twin.unsettled?.length !== 0 ? await this.#settle(twin.id).catch((error: unknown) => [messageOf(error)]) : [];
    this.#outcomes.tell(twin, "needs-a-person", [madeTwice, ...settled].join("; "));
    this.#outcomes.step(twin.name);
  }
}

async function unwrap<T>(result: PromiseSettledResult<T>): Promise<T> {
  if (result.status === "rejected") throw result.reason;
  return Promise.resolve(result.value);
}
