import { isExcluded } from "../inventory/selection.js";
import type { Run } from "../inventory/run.js";
import { isKindName, kindNamed } from "../kinds/registry.js";
import { messageOf } from "../values/redact.js";
import type { KindName } from "../settings.js";
import { makePlan } from "./plan.js";
import { copyIdsOf, type Plan, type Plans } from "./planned.js";
import type { CopyIds } from "./resolver.js";

const plannings = new WeakMap<Run, Planning>();

/** The plans of one run. Each is made once, and made anew after its kind was written. */
export class Planning implements Plans {
  readonly #made = new Map<string, CopyIds>();
  readonly #ofPlans = new WeakMap<Plan, CopyIds>();

  private constructor(private readonly run: Run) {}

  static of(run: Run): Planning {
    let planning = plannings.get(run);
    if (!planning) plannings.set(run, (planning = new Planning(run)));
    return planning;
  }

  of(kind: KindName): Promise<Plan> {
    return this.run.once(`plan ${kind}`, () => makePlan(kindNamed(kind), this.run, this));
  }

  /** Takes the ids of the copies of a kind that was written in this run: what they lack has no copy. */
  noteCopies(kind: KindName, ids: ReadonlyMap<string, string>): void {
    this.#made.set(kind, { ids, pending: new Set() });
  }

  /** Of a kind that cannot be compared now, or that is excluded, those that were last known. */
  async copyIds(kind: string): Promise<CopyIds | undefined> {
    if (!isKindName(kind)) return undefined;
    const made = this.#made.get(kind);
    if (made) return made;
    if (isExcluded(this.run.settings, kindNamed(kind))) return this.#lastKnownIds(kind);
    try {
      const plan = await this.of(kind);
      const ids = this.#ofPlans.get(plan) ?? copyIdsOf(plan.copies);
      this.#ofPlans.set(plan, ids);
      return ids;
    } catch (error) {
      const known = await this.#lastKnownIds(kind);
      this.run.standIn(kind, messageOf(error));
      return known;
    }
  }

  /** What the notes know of a kind's copies. */
  async #lastKnownIds(kind: KindName): Promise<CopyIds> {
    const notes = await this.run.notes("target", kind);
    const ids = [...notes.entries()].flatMap(([, { id, sourceId }]) =>
      id !== undefined && sourceId !== undefined ? [[sourceId, id] as const] : [],
    );
    return { ids: new Map(ids), pending: new Set() };
  }
}
