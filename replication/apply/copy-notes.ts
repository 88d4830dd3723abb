import type { Origin } from "../inventory/marker.js";
import { only } from "../kinds/fields.js";
import { heldIn } from "../kinds/held-fields.js";
import type { Defined, Item } from "../kinds/kind.js";
import { keyOf, referencesOf } from "../kinds/references.js";
import type { Notes } from "../notes/notes.js";
import type { CopyRecord } from "../notes/record.js";
import { visible } from "../plan/compare.js";
import type { Plan, PlannedCopy } from "../plan/planned.js";
import type { Resolver } from "../plan/resolver.js";
import { fingerprint } from "../values/fingerprint.js";
import type { JsonObject } from "../values/json.js";
import { redactText } from "../values/redact.js";

/** What an application writes into the notes on its copies: first what it means to do, then what it has proven. */
export class CopyNotes {
  /** What earlier runs meant to write: if it is there now, one that died has written it. */
  readonly #intendedBefore: ReadonlySet<Origin>;

  constructor(
    private readonly plan: Plan,
    private readonly notes: Notes,
  ) {
    this.#intendedBefore = new Set(notes.origins());
  }

  /** Notes, before anything is written, what will be made and what of it will be held. */
  intend(): void {
    const { copies, orphans, gone } = this.plan;
    for (const copy of copies) if (isToNote(copy)) this.#intendCopy(copy);
    for (const { source, actual } of copies) {
      const record = this.notes.get(source.origin);
      if (record && actual && record.sourceId !== source.id)
        this.notes.set(source.origin, { ...record, sourceId: source.id });
    }
    for (const { copy, action } of orphans) {
      const record = this.notes.get(copy.origin) ?? { id: copy.id, name: this.#nameOf(copy) };
      if (action === "keep") this.notes.set(copy.origin, { ...record, orphaned: true });
    }
    const origins = new Set(copies.map(({ source }) => source.origin));
    for (const origin of gone) if (!origins.has(origin)) this.notes.delete(origin);
  }

  #intendCopy({ source, actual, prepared, action }: PlannedCopy): void {
    const { held: _, heldFrom: __, orphaned: ___, ...record } = this.#recordOf(source);
    const id = actual ? { id: actual.id } : {};
    const intended = { ...record, ...id, name: this.#nameOf(source), ...heldOf(prepared) };
    // How the copy shows is not known until it is proven: after a run that dies here, our own write is no hand edit.
    const { actual: ____, ...halfWritten } = intended;
    this.notes.set(source.origin, action === "update" ? halfWritten : intended);
  }

  /** What is taken off a copy that stays as it is comes back on release, unless its original's is held for it. */
  keepHeld(item: Item, copy: PlannedCopy | undefined): void {
    const origin = copy?.source.origin ?? item.origin;
    const record = { ...(this.notes.get(origin) ?? { name: this.#nameOf(item) }), id: item.id };
    if (record.held) return;
    const own = heldIn(this.plan.kind, item.definition);
    const ofSource = heldOf(copy?.prepared);
    const held = ofSource.held ? ofSource : { held: own, heldFrom: "here" as const };
    if (Object.keys(held.held ?? {}).length > 0) this.notes.set(origin, { ...record, ...held });
  }

  add(source: Item, what: Partial<CopyRecord>): void {
    this.notes.set(source.origin, { ...this.#recordOf(source), ...what });
  }

  /**
   * Notes what was proven to be there.
   *
   * @param definition What the source shows.
   * @param desired What was asked for.
   * @param isFound It was there before this run, which wrote nothing.
   */
  prove(
    { source, prepared, standIn }: PlannedCopy,
    item: Defined,
    { definition, desired, isFound }: { definition: JsonObject; desired: JsonObject; isFound: boolean },
  ): void {
    const { kind } = this.plan;
    const { origin } = source;
    const { held, standIn: was, nodeTypes: _, ...before } = this.#recordOf(source);
    const wasIntended = this.#intendedBefore.has(origin);
    const stoodThere = isFound && (was ?? (standIn === true && !wasIntended));
    const hidden = only(definition, kind.unseen ?? []);
    this.notes.set(origin, {
      ...before,
      name: this.#nameOf(source),
      id: item.id,
      sourceId: source.id,
      source: fingerprint(visible(kind, definition)),
      desired: fingerprint(desired),
      actual: fingerprint(visible(kind, item.definition)),
      ...(held ? { held } : {}),
      ...(prepared?.nodeTypes ? { nodeTypes: prepared.nodeTypes } : {}),
      ...(stoodThere ? { standIn: true } : {}),
      // Noted before it was made, by a run that died: that one may have sent the creation twice.
      ...(isFound && wasIntended && before.id === undefined ? { mayHaveTwin: true } : {}),
      ...(source.stamp === undefined
        ? {}
        : { seen: { source: source.stamp, ...(item.stamp === undefined ? {} : { target: item.stamp }) } }),
      ...(source.stamp !== undefined && Object.keys(hidden).length > 0 ? { unseen: hidden } : {}),
    });
  }

  /** Notes where the references of what is held lead, so that it can be put back without the source. */
  async noteReferences(resolver: Resolver): Promise<void> {
    if (!this.plan.kind.held) return;
    for (const { source, prepared } of this.plan.copies) {
      const record = this.notes.get(source.origin);
      if (!record?.held || record.heldFrom || !prepared?.held) continue;
      const heldIds: Record<string, string> = {};
      for (const reference of referencesOf(this.plan.kind, record.held)) {
        const resolution = await resolver.resolve(reference);
        if (resolution !== undefined && resolution !== "pending") heldIds[keyOf(reference)] = resolution.id;
      }
      const { heldIds: _, ...rest } = record;
      this.notes.set(source.origin, { ...rest, ...(Object.keys(heldIds).length > 0 ? { heldIds } : {}) });
    }
  }

  #recordOf(source: Item): CopyRecord {
    return this.notes.get(source.origin) ?? { name: this.#nameOf(source), sourceId: source.id };
  }

  /** A name may have a secret in it; a path is what its copy is known by. */
  #nameOf({ name }: Item): string {
    return this.plan.kind.identity.by === "path" ? name : redactText(name);
  }
}

function isToNote({ action, reheld }: PlannedCopy): boolean {
  return reheld !== undefined || ["create", "update", "settle", "note"].includes(action);
}

/** What is to be held, as a record has it. */
function heldOf(prepared: PlannedCopy["prepared"]): Pick<CopyRecord, "held" | "heldFrom"> {
  const { held, heldFrom } = prepared ?? {};
  return { ...(held ? { held } : {}), ...(held && heldFrom ? { heldFrom } : {}) };
}
