import type { JsonObject } from "../values/json.js";
import { only } from "../kinds/fields.js";
import type { Kind, Reference } from "../kinds/kind.js";
import type { CopyRecord } from "../notes/record.js";
import { keyOf, mapReferences, referencesOf } from "../plan/references.js";
import type { ReplicationSettings } from "../settings.js";

/**
 * The triggers of a record with this side's ids, and the references for which there are none. Whatever else a record holds is
 * not looked at.
 */
export function heldHere(
  { triggers = [] }: Kind,
  { held: noted = {}, heldFrom, heldIds = {} }: CopyRecord,
  settings: ReplicationSettings = {},
): { readonly held: JsonObject; readonly missing: readonly Reference[] } {
  const held = only(noted, triggers);
  if (heldFrom !== undefined) return { held, missing: [] };
  const idOf = (reference: Reference): string | undefined => {
    const mappings = settings.idMappings?.[reference.kind] ?? {};
    return Object.hasOwn(mappings, reference.id) ? mappings[reference.id] : heldIds[keyOf(reference)];
  };
  const missing = referencesOf(held).filter((reference) => idOf(reference) === undefined);
  return { held: mapReferences(held, (reference) => idOf(reference) ?? reference.id), missing };
}
