import type { Item, Reference } from "./kinds/kind.js";
import { mapReferences, referencesOf, singular } from "./references.js";
import type { Run } from "./run.js";

/** What a reference becomes: an id there, one that this run will make, or nothing. */
export type Resolution = { readonly id: string } | "pending" | undefined;

/** Copies of a replicated kind, by id on the source: their ids, and those still to be made. */
export interface CopyIds {
  readonly ids: ReadonlyMap<string, string>;
  readonly pending: ReadonlySet<string>;
}

/** Translates the source's ids into the target's. Nothing is ever carried over untranslated. */
export class Resolver {
  constructor(
    private readonly run: Run,
    private readonly copyIds: (kind: string) => Promise<CopyIds | undefined>,
  ) {}

  async resolve({ kind, id }: Reference): Promise<Resolution> {
    const configured = this.run.settings.idMappings?.[kind]?.[id];
    if (configured !== undefined) return { id: configured };
    if (kind === "principals") return (await this.run.principalExists(id)) ? { id } : undefined;
    const copies = await this.copyIds(kind);
    if (copies) {
      const copy = copies.ids.get(id);
      return copy !== undefined ? { id: copy } : copies.pending.has(id) ? "pending" : undefined;
    }
    return this.#byName(kind, id);
  }

  /** Pools and policies are not replicated: the one that bears the same name stands in, where names are unequivocal. */
  async #byName(kind: string, id: string): Promise<Resolution> {
    const [sources, targets] = await Promise.all([
      this.run.idsByName("source", kind),
      this.run.idsByName("target", kind),
    ]);
    for (const [name, sourceId] of sources) {
      const targetId = targets.get(name);
      if (sourceId === id && targetId !== undefined) return { id: targetId };
    }
    return undefined;
  }

  /** The item's definition with the target's ids, and the references for which there are none. */
  async map(definition: Item["definition"]): Promise<{ definition: Item["definition"]; missing: Reference[] }> {
    const ids = new Map<string, string>();
    const missing: Reference[] = [];
    for (const reference of referencesOf(definition)) {
      const resolution = await this.resolve(reference);
      if (resolution === undefined) missing.push(reference);
      else ids.set(keyOf(reference), resolution === "pending" ? `(new copy of ${reference.id})` : resolution.id);
    }
    return { definition: mapReferences(definition, (each) => ids.get(keyOf(each)) ?? each.id), missing };
  }
}

/** Says which references have no counterpart, in the words that the guide's scripts used. */
export function mappingNotAvailable(missing: readonly Reference[]): string {
  return missing.map(({ kind, id }) => `Mapping not available for old ${singular[kind] ?? kind} id ${id}`).join("; ");
}

function keyOf({ kind, id }: Reference): string {
  return `${kind} ${id}`;
}
