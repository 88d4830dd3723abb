import type { Item, Kind } from "../kinds/kind.js";
import type { Notes } from "../notes/notes.js";
import { type Plan, type PlannedCopy, unwritten } from "../plan/planned.js";
import type { LedgerLine, Outcome } from "../report/ledger.js";
import { copyLine, foreignLine, strangerLine } from "../report/lines.js";
import type { Progress } from "../report/progress.js";
import { messageOf } from "../values/redact.js";
import { verdictOn } from "./verdict.js";

/** What has become of each object so far, and how far the work is. */
export class Outcomes {
  readonly #ofCopies = new Map<PlannedCopy, { readonly outcome: Outcome; readonly why: readonly string[] }>();
  /** Lines of what is on the standby and stands for no object of the source. */
  readonly #others: LedgerLine[] = [];
  readonly #kind: Kind;
  #done = 0;
  #total = 0;

  constructor(
    private readonly plan: Plan,
    private readonly ids: ReadonlyMap<string, string>,
    private readonly progress: Progress,
  ) {
    this.#kind = plan.kind;
  }

  /** So much work is there to be done. */
  expect(more: number): void {
    this.#total += more;
  }

  /** Does one thing to a copy: its failure is told in the copy's line. The work gives what a person should know. */
  async attempt(copy: PlannedCopy, outcome: Outcome, work: () => Promise<readonly string[]>): Promise<void> {
    const before = this.#ofCopies.get(copy)?.why ?? [];
    try {
      this.set(copy, outcome, [...before, ...(await work())]);
    } catch (error) {
      const verdict = verdictOn(error, this.ids.get(copy.source.id));
      this.set(copy, verdict.outcome, [verdict.why]);
    }
    this.step(copy.source.name);
  }

  set(copy: PlannedCopy, outcome: Outcome, why: readonly string[]): void {
    this.#ofCopies.set(copy, { outcome, why });
  }

  /** Of what stands for no object of the source. */
  tell(item: Item, outcome: Outcome, why: string): void {
    this.#others.push({ ...strangerLine(this.#kind.name, item), outcome, why });
  }

  /** Of what stands for no object of the source, and could not be taken away. */
  fail(item: Item, error: unknown): void {
    const { outcome, why } = verdictOn(error, item.id);
    this.tell(item, outcome, why);
  }

  kindFailed(what: string, error: unknown): void {
    const { name } = this.#kind;
    this.#others.push({ kind: name, name, outcome: "failed", why: `${what}: ${messageOf(error)}` });
  }

  step(name: string): void {
    this.#done += 1;
    this.progress({ kind: this.#kind.name, text: name, done: this.#done, total: this.#total });
  }

  lines(notes: Notes): LedgerLine[] {
    return [
      ...this.plan.foreign.map((item) => foreignLine(this.#kind, item)),
      ...this.plan.copies.map((copy) => this.#lineOf(copy, notes)),
      ...this.#others,
    ];
  }

  #lineOf(copy: PlannedCopy, notes: Notes): LedgerLine {
    const { source } = copy;
    const came = this.#ofCopies.get(copy);
    const held = this.#kind.held ? Object.keys(notes.get(source.origin)?.held ?? {}) : [];
    const why = [...(came?.why ?? []), ...copy.why];
    return copyLine(this.#kind.name, copy, came?.outcome ?? unwritten(copy), why, this.ids.get(source.id), held);
  }
}
