import { isObject, type Json, type JsonObject } from "../values/json.js";
import type { KindName } from "../settings.js";

/**
 * Names the first origin of an object: `<workspace id>.<kind>.<id>`. A copy keeps it when it is copied on, so that after a
 * failback an original is found by the copies of it.
 */
export type Origin = string & { readonly origin: unique symbol };

/** Tag that marks a copy. Cluster and job tags allow letters, digits and `_ . -`. */
export const markerTag = "databricks_dr_origin";

/** Tag of the operations cluster, which is no copy and is not copied. */
export const operationsTag = "databricks_dr_operations";

/** Of a pool: the service refuses a cluster that bears a tag of its pool's key. */
export const poolMarkerTag = "databricks_dr_pool_origin";

/** Why our tag has no room among others, of which there may be `most`; undefined where it has. */
export function noRoomForMarker(tags: Json | undefined, most: number): string | undefined {
  const count = isObject(tags) ? Object.keys(tags).length : 0;
  return count < most ? undefined : `it has ${count} tags and a copy needs one more (at most ${most}); remove one`;
}

export function originOf(workspaceId: string, kind: KindName, id: string): Origin {
  return `${workspaceId}.${kind}.${id}` as Origin;
}

/** Where an object comes from, by the workspace that it is in, its id there and the marker among its tags. */
export function provenance(
  workspaceId: string,
  kind: KindName,
  id: string,
  tags: Json | undefined,
  key = markerTag,
): { readonly origin: Origin; readonly marked: boolean; readonly original: boolean } {
  const [own, marker] = [originOf(workspaceId, kind, id), readMarker(tags, kind, key)];
  return { origin: marker ?? own, marked: marker !== undefined, original: (marker ?? own) === own };
}

/** The workspace and id that an origin names. An id may hold dots; a workspace id or kind holds none. */
export function parseOrigin(origin: Origin): { readonly workspaceId: string; readonly id: string } {
  const [workspaceId = "", , ...id] = origin.split(".");
  return { workspaceId, id: id.join(".") };
}

export function readMarker(tags: Json | undefined, kind: KindName, key = markerTag): Origin | undefined {
  const value = isObject(tags) ? tags[key] : undefined;
  return typeof value === "string" && value.split(".")[1] === kind ? (value as Origin) : undefined;
}

export function withMarker(tags: Json | undefined, origin: Origin, key = markerTag): JsonObject {
  return { ...(isObject(tags) ? tags : {}), [key]: origin };
}

/** The tags without our marker; undefined when nothing is left, as the API shows no tags. */
export function withoutMarker(tags: Json | undefined, key = markerTag): JsonObject | undefined {
  if (!isObject(tags)) return undefined;
  const { [key]: _, ...rest } = tags;
  return Object.keys(rest).length > 0 ? rest : undefined;
}
