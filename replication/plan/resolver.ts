import type { JsonObject } from "../values/json.js";
import { singularOf } from "../kinds/registry.js";
import { keyOf, mapReferences, type Reference, referencesOf, type Referring } from "../kinds/references.js";
import { messageOf } from "../values/redact.js";
import type { Run } from "../inventory/run.js";

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
    private readonly kind: Referring,
    private readonly run: Run,
    private readonly copyIds: (kind: string) => Promise<CopyIds | undefined>,
    /** Id of the workspace that the references are from, where the source need not answer any more. */
    private readonly sourceWorkspaceId?: string,
  ) {}

  async resolve({ kind, id, optional, workspaceId }: Reference): Promise<Resolution> {
    // What is in a third workspace is there for both sides alike.
    if (workspaceId !== undefined && workspaceId !== (await this.#workspaceId())) return { id };
    const mappings = this.run.settings.idMappings?.[kind] ?? {};
    if (Object.hasOwn(mappings, id)) return { id: mappings[id]! };
    if (optional) return { id };
    if (kind === "workspaces") {
      if (id !== (await this.#workspaceId())) return { id };
      return this.run.target ? { id: await this.run.target.client.workspaceId() } : "pending";
    }
    if (kind === "principals") return (await this.#isThere(id)) ? { id } : undefined;
    const copies = await this.copyIds(kind);
    if (copies) {
      const copy = copies.ids.get(id);
      return copy !== undefined ? { id: copy } : copies.pending.has(id) ? "pending" : undefined;
    }
    return undefined;
  }

  /** One who cannot be looked up now is taken for missing, and the next run asks again. */
  async #isThere(principal: string): Promise<boolean> {
    try {
      return await this.run.principalExists(principal);
    } catch (error) {
      this.run.standIn("principals", messageOf(error));
      return false;
    }
  }

  async #workspaceId(): Promise<string | undefined> {
    return this.sourceWorkspaceId ?? (await this.run.source?.client.workspaceId());
  }

  /** The definition as the target has or will have it, with words in place of ids that there are none of yet. */
  toShow(definition: JsonObject): Promise<Mapped> {
    return this.#map(definition, ({ id }, resolution) =>
      resolution === "pending" ? `(new copy of ${id})` : resolution.id,
    );
  }

  /** The definition with ids of the target and nothing else: what is yet to be made is missing, like what has no copy. */
  toWrite(definition: JsonObject): Promise<Mapped> {
    return this.#map(definition, (_, resolution) => (resolution === "pending" ? undefined : resolution.id));
  }

  async #map(
    definition: JsonObject,
    become: (reference: Reference, resolution: NonNullable<Resolution>) => string | undefined,
  ): Promise<Mapped> {
    const ids = new Map<string, string>();
    const missing: Reference[] = [];
    for (const reference of referencesOf(this.kind, definition)) {
      const resolution = await this.resolve(reference);
      const id = resolution === undefined ? undefined : become(reference, resolution);
      if (id === undefined) missing.push(reference);
      else ids.set(keyOf(reference), id);
    }
    return { definition: mapReferences(this.kind, definition, (each) => ids.get(keyOf(each)) ?? each.id), missing };
  }
}

/** A definition with the target's ids, and the references for which there are none: those stand as they were. */
export interface Mapped {
  readonly definition: JsonObject;
  readonly missing: Reference[];
}

/** Says which references have no counterpart, in the words that the guide's scripts used. */
export function mappingNotAvailable(missing: readonly Reference[]): string {
  return missing.map(({ kind, id }) => `Mapping not available for old ${singularOf(kind)} id ${id}`).join("; ");
}
