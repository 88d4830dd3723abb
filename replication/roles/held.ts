import type { JsonObject } from "../values/json.js";
import { only } from "../kinds/fields.js";
import type { Kind } from "../kinds/kind.js";
import type { CopyRecord } from "../notes/record.js";
import { keyOf, mapReferences, type Reference, referencesOf } from "../kinds/references.js";
import type { ReplicationSettings } from "../settings.js";

/**
 * The triggers of a record with this side's ids, and the references for which there are none. Whatever else a record holds is
 * not looked at.
 */
export function heldHere(
  kind: Kind,
  { held: noted = {}, heldFrom, heldIds = {} }: CopyRecord,
  settings: ReplicationSettings = {},
): { readonly held: JsonObject; readonly missing: readonly Reference[] } {
  const held = only(noted, Object.keys(kind.held?.fields ?? {}));
  if (heldFrom !== undefined) return { held, missing: [] };
  const idOf = (reference: Reference): string | undefined => {
    const mappings = settings.idMappings?.[reference.kind] ?? {};
    return Object.hasOwn(mappings, reference.id) ? mappings[reference.id] : heldIds[keyOf(reference)];
  };
  const missing = referencesOf(kind, held).filter((reference) => idOf(reference) === undefined);
  return { held: mapReferences(kind, held, (reference) => idOf(reference) ?? reference.id), missing };
}
