import { countedFor } from "../client/call-count.js";
import { changesBetween, describeChanges } from "../values/changes.js";
import { runOf } from "../replica/current-run.js";
import { sameJson } from "../values/fingerprint.js";
import { forAll } from "../values/for-all.js";
import { heldHere } from "./held.js";
import type { JsonObject } from "../values/json.js";
import { heldIn, heldNoun } from "../kinds/held-fields.js";
import type { Item, Kind, Side } from "../kinds/kind.js";
import { kindNamed } from "../kinds/registry.js";
import type { LedgerLine } from "../report/ledger.js";
import { originOf, type Origin } from "../inventory/marker.js";
import { notesPath } from "../notes/notes.js";
import type { CopyRecord } from "../notes/record.js";
import type { TellLines } from "../report/lines.js";
import { nothingToDo, type ReplicaPicture, unseenPicture } from "../report/preview-picture.js";
import type { Progress } from "../report/progress.js";
import { quoted } from "../values/printable.js";
import { messageOf } from "../values/redact.js";
import {
  type Before,
  emptyState,
  ledgerOf,
  memoryOf,
  rememberedNotes,
  type ReplicaArgs,
  type ReplicaState,
  type StoredState,
  takenOver,
} from "../replica/replica-state.js";
import { cut, listed, report } from "../report/report.js";
import { mappingNotAvailable } from "../plan/resolver.js";
import type { Run } from "../inventory/run.js";
import { stillThere } from "../inventory/still-there.js";

/** An active workspace follows nobody: it is given back the triggers that are held here, and is asked for them once. */
export async function previewRelease(args: ReplicaArgs, before: Before, progress: Progress): Promise<ReplicaPicture> {
  const isDone = before.role === "active" && before.plan === nothingToDo;
  const held = isDone ? [] : await heldNow(args, progress);
  const plan = held.length > 0 ? `put back the ${heldNoun(kindNamed(args.kind))} of ${held.length}` : nothingToDo;
  if (held.length > 0) progress({ kind: args.kind, text: `${args.kind}: ${plan}${listed(held)}`, severity: "info" });
  return unseenPicture(plan, before);
}

/** `~ "nightly": schedule: (none) → {…}` for each copy that would get its trigger back. */
async function heldNow(args: ReplicaArgs, progress: Progress): Promise<string[]> {
  const run = runOf(args);
  run.showOn(args.kind, progress);
  const notes = await run.notes("target", args.kind);
  if (notes.warning !== undefined)
    progress({ kind: args.kind, text: `${args.kind}: the notes on the copies: ${notes.warning}`, severity: "warning" });
  return [...notes.entries()].flatMap(([, { name, held, orphaned }]) =>
    held && !orphaned ? [cut(`~ ${quoted(name)}: ${describeChanges(changesBetween({}, held))}`)] : [],
  );
}

function wordsFor({ held }: Kind): { none: string; blocked: string } {
  return { none: held ? `no ${held.noun[0]} was held here` : "nothing of these is held", blocked: "not put back" };
}

/** The workspace works on its own from here: held triggers go back, and the copies stay what they are. */
export async function activate(
  args: ReplicaArgs,
  before: StoredState | undefined,
  progress: Progress,
  tell: TellLines,
): Promise<ReplicaState> {
  const base = before ?? { ...emptyState(args), incomplete: true };
  const run = runOf(args);
  run.showOn(args.kind, progress);
  if (!run.target) return { ...takenOver(base, args), drift: [] };
  return countedFor(args.kind, () => new Release(args, base, run, run.target!, progress, tell).run());
}

/** One trigger to put back, and the object that is to have it. */
interface Owed {
  readonly origin: Origin;
  readonly record: CopyRecord;
}

class Release {
  readonly #kind: Kind;
  readonly #lines: LedgerLine[] = [];
  /** Ids on the source of what is owed a trigger. */
  readonly #owedIds = new Set<string>();
  #done = 0;

  constructor(
    private readonly args: ReplicaArgs,
    private readonly base: StoredState,
    private readonly context: Run,
    private readonly target: Side,
    private readonly progress: Progress,
    private readonly tell: TellLines,
  ) {
    this.#kind = kindNamed(args.kind);
  }

  async run(): Promise<ReplicaState> {
    const { kind } = this.args;
    const copies = await this.#known();
    const owed = [...copies].filter(([, { held }]) => held).map(([origin, record]): Owed => ({ origin, record }));
    for (const { record } of owed) if (record.sourceId !== undefined) this.#owedIds.add(record.sourceId);
    const promoting = this.base.role !== "active" || this.base.incomplete === true;
    if (owed.length > 0 || (promoting && this.#kind.release)) await this.#putBack(owed, copies, promoting);
    const notesSerial = await this.#note(copies);
    this.context.forget(kind);
    const lines = [...this.#lines, ...this.#stillToDo()];
    this.tell(lines);
    const ledger = ledgerOf(kind, lines, this.context);
    report(kind, ledger, lines, this.progress, wordsFor(this.#kind));
    const incomplete = promoting && this.#lines.some(({ outcome }) => outcome === "failed");
    return {
      ...takenOver(this.base, this.args),
      ...memoryOf(copies, notesSerial),
      incomplete,
      drift: [],
      ledger,
    };
  }

  /** What had no copy here, or a copy that would not start, when this side ceased to follow: it is so still. */
  #stillToDo(): LedgerLine[] {
    return this.base.ledger.lines.filter(
      ({ id, outcome, why }) =>
        id !== undefined &&
        !this.#owedIds.has(id) &&
        (outcome === "needs-a-person" || (outcome !== "skipped" && why?.includes("cannot start"))),
    );
  }

  /** What the notes say, or the state where they do not answer or are not to be believed: neither stops what the other knows. */
  async #known(): Promise<Map<Origin, CopyRecord>> {
    const { kind } = this.args;
    const state = rememberedNotes(this.base);
    try {
      await this.context.recall(kind, state);
      const notes = await this.context.notes("target", kind);
      if (notes.doubt !== undefined) this.#failed(this.#kindLine(), untrusted(kind, notes.doubt));
      return new Map(notes.entries());
    } catch (error) {
      const count = state.records.size;
      this.#failed(
        this.#kindLine(),
        `its notes cannot be read (${messageOf(error)}); what the state knows of ${count} that hold something is used`,
      );
      return new Map(state.records);
    }
  }

  async #putBack(owed: readonly Owed[], copies: Map<Origin, CopyRecord>, promoting: boolean): Promise<void> {
    const { kind } = this.args;
    const items = await this.#list();
    const workspaceId = await this.target.client.workspaceId();
    const byId = new Map(items?.map((item) => [item.id, item]));
    const waiting = new Map<Origin, { readonly id: string; readonly wanted: JsonObject; readonly line: LedgerLine }>();
    await forAll(owed, async ({ origin, record }) => {
      const line = { kind, name: record.name, ...(record.id === undefined ? {} : { copyId: record.id }) };
      const what = Object.keys(record.held!).join(" and ");
      try {
        if (record.orphaned) {
          this.#say(line, "skipped", `gone from the source when it was last seen; its ${what} stays off`);
          return;
        }
        const item = await this.#objectOf(origin, record, byId, items, workspaceId);
        if (typeof item === "string") return this.#say(line, "needs-a-person", `its ${what} is not put back: ${item}`);
        const { held: wanted, missing } = heldHere(this.#kind, record, this.args.settings);
        if (missing.length > 0)
          return this.#say(line, "needs-a-person", `its ${what} stays off: ${mappingNotAvailable(missing)}`);
        const present = heldIn(this.#kind, item.definition);
        const others = Object.keys(present);
        if (others.length > 0 && !covers(present, wanted))
          return this.#say(
            line,
            "needs-a-person",
            `a ${others.join(" and a ")} was set on it meanwhile; what was held (${what}) is kept and not put back: take off the other, or what is held stays held`,
          );
        if (others.length === 0) await this.#kind.release?.(this.target, item.id, wanted);
        waiting.set(origin, { id: item.id, wanted, line: { ...line, copyId: item.id, outcome: "updated" } });
      } catch (error) {
        this.#failed(line, messageOf(error));
      } finally {
        this.progress({ kind, text: record.name, done: ++this.#done, total: owed.length });
      }
    });
    await this.#prove(waiting, copies);
    if (!promoting) return;
    await this.#tellUnknown(items, copies, workspaceId);
    const short = this.#lines.filter(({ outcome }) => outcome === "needs-a-person").length;
    if (short > 0)
      this.#failed(
        this.#kindLine(),
        `${short} of ${owed.length} that held a trigger did not get it back; they stay held`,
      );
  }

  async #list(): Promise<readonly Item[] | undefined> {
    try {
      return await this.#kind.list(this.target, this.context);
    } catch (error) {
      this.progress({
        kind: this.args.kind,
        text: `${this.args.kind} cannot be listed (${messageOf(error)}); each copy is asked for by its id`,
        severity: "warning",
      });
      return undefined;
    }
  }

  /**
   * The object that a trigger goes back to: the noted copy while it bears our marker, the original that it is, or the one that
   * bears the marker and that we made where the noted one is gone. Else why there is none.
   */
  async #objectOf(
    origin: Origin,
    { id, mayHaveTwin }: CopyRecord,
    byId: ReadonlyMap<string, Item>,
    items: readonly Item[] | undefined,
    workspaceId: string,
  ): Promise<Item | string> {
    const noted = id === undefined ? undefined : (byId.get(id) ?? (await this.#ask(id)));
    if (noted) {
      const isOriginal = origin === originOf(workspaceId, this.#kind.name, noted.id);
      if (noted.origin === origin || isOriginal) return noted;
      return `its copy [${noted.id}] has lost our marker, so that it may be another job by now: put the tag databricks_dr_origin: ${origin} back, and run up again`;
    }
    const marked = (items ?? []).filter((item) => item.marked && item.origin === origin);
    const [twin] = id === undefined || mayHaveTwin ? await this.context.madeByUs(marked) : [];
    if (twin) return twin;
    return id === undefined ? "its copy was never made" : "the copy is gone";
  }

  async #ask(id: string): Promise<Item | undefined> {
    if (!(await stillThere(this.#kind, this.target, id))) return undefined;
    return this.#kind.get?.(this.target, id);
  }

  /** Only what is read back is no longer held. */
  async #prove(
    waiting: ReadonlyMap<Origin, { readonly id: string; readonly wanted: JsonObject; readonly line: LedgerLine }>,
    copies: Map<Origin, CopyRecord>,
  ): Promise<void> {
    if (waiting.size === 0) return;
    const byId = new Map((await this.#list())?.map((item) => [item.id, item]));
    await forAll([...waiting], async ([origin, { id, wanted, line }]) => {
      const what = Object.keys(wanted).join(" and ");
      try {
        const shows = (item: Item | undefined): boolean =>
          item?.definition !== undefined && covers(item.definition, wanted);
        if (!shows(byId.get(id)) && !shows(await this.#kind.get?.(this.target, id)))
          return this.#failed(line, `its ${what} was sent, but the workspace does not show it; it stays noted`);
        const { held: _, heldFrom: __, heldIds: ___, ...record } = copies.get(origin)!;
        copies.set(origin, { ...record, id });
        this.#say(line, "updated", `${what} put back`);
      } catch (error) {
        this.#failed(line, `its ${what} was sent, but could not be read back (${messageOf(error)}); it stays noted`);
      }
    });
  }

  /**
   * Copies of which nothing is known any more: something may have been held for them. Anybody may set a tag, so that only what
   * this replication made keeps a promotion from being called done.
   */
  async #tellUnknown(
    items: readonly Item[] | undefined,
    copies: ReadonlyMap<Origin, CopyRecord>,
    workspaceId: string,
  ): Promise<void> {
    const { settings, kind } = this.args;
    const known = new Set([...copies.values()].map(({ id }) => id));
    const { imprint } = rememberedNotes(this.base);
    const unknown = (items ?? []).filter(
      ({ marked, origin, id }) =>
        marked &&
        !origin.startsWith(`${workspaceId}.`) &&
        !known.has(id) &&
        !copies.has(origin) &&
        !imprint.has(origin, id),
    );
    if (unknown.length === 0 || settings.notes === "restart") return;
    const ours = await this.context.madeByUs(unknown);
    const text = `${unknown.length} bear our marker and are in neither notes nor state, so that what was held for them is lost: ${firstOf(unknown)}. Restore the stack's state or ${notesPath(kind)}; or set their triggers by hand and then databricks-dr:notes to restart`;
    if (ours.length > 0) return this.#failed(this.#kindLine(), text);
    this.progress({ kind, text: `${kind}: ${text}. None of them was made by this replication`, severity: "warning" });
  }

  async #note(copies: ReadonlyMap<Origin, CopyRecord>): Promise<number> {
    const { kind } = this.args;
    const before = rememberedNotes(this.base);
    try {
      const notes = await this.context.notes("target", kind);
      if (notes.doubt !== undefined) return before.serial;
      for (const [origin, record] of copies) notes.set(origin, record);
      if (copies.size > 0 || notes.exist) await this.context.writeNotes(kind, notes, before);
      await this.context.closeNotesFolder(kind);
      return notes.serial;
    } catch (error) {
      this.#failed(this.#kindLine(), `what was done could not be noted (${messageOf(error)}); the state has it`);
      return before.serial;
    }
  }

  #kindLine(): Pick<LedgerLine, "kind" | "name"> {
    return { kind: this.args.kind, name: this.args.kind };
  }

  #failed(line: Pick<LedgerLine, "kind" | "name" | "copyId">, why: string): void {
    this.#say(line, "failed", why);
  }

  #say(line: Pick<LedgerLine, "kind" | "name" | "copyId">, outcome: LedgerLine["outcome"], why: string): void {
    this.#lines.push({ ...line, outcome, why });
  }
}

const mostNamed = 5;

function firstOf(items: readonly Item[]): string {
  const some = items.slice(0, mostNamed).map(({ name, id }) => `${quoted(name)} [${id}]`);
  return `${some.join(", ")}${items.length > some.length ? ` and ${items.length - some.length} more` : ""}`;
}

/** Said of notes that are not believed where the state knows nothing either. */
export function untrusted(kind: ReplicaArgs["kind"], doubt: string): string {
  return `the notes in ${notesPath(kind)} are not believed: ${doubt}. The state knows nothing of them. Restore the stack's state; or look at what a preview with databricks-dr:notes set to trust would do, and run it so once`;
}

/** Whether all that was held stands there; a workspace adds defaults of its own. */
function covers(shown: JsonObject, wanted: JsonObject): boolean {
  return Object.entries(wanted).every(([field, value]) => value === undefined || within(shown[field], value));
}

function within(shown: JsonObject[string], wanted: JsonObject[string]): boolean {
  if (Array.isArray(wanted) && Array.isArray(shown))
    return (
      wanted.length === shown.length && wanted.every((each, index) => within(shown[index] as never, each as never))
    );
  if (wanted !== null && typeof wanted === "object" && shown !== null && typeof shown === "object")
    return Object.entries(wanted).every(([key, value]) => within((shown as JsonObject)[key], value as never));
  return sameJson(shown ?? null, wanted ?? null);
}
