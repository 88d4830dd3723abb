import { isArray, isObject, type Json, type JsonObject } from "../client/json.js";
import { opaqueFields } from "../references.js";
import type { KindName } from "../settings.js";
import type { Item, PrepareContext, Prepared } from "./kind.js";

/** Says of a field why a copy does without it. */
export type FieldReasons = Readonly<Record<string, string>>;

/** The object without the fields named. */
export function without(value: JsonObject, fields: readonly string[]): JsonObject {
  const drop = new Set(fields);
  return Object.fromEntries(Object.entries(value).filter(([field]) => !drop.has(field)));
}

/** The object with only the fields named. */
export function only(value: JsonObject, fields: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([field]) => fields.includes(field)));
}

const nodeTypeFields = ["node_type_id", "driver_node_type_id"];

/**
 * Puts the standby's node types in place of those that its region lacks, wherever a cluster is described. What comes home
 * gets back those that were replaced when it was copied here.
 */
export async function withNodeTypes(
  kind: KindName,
  { origin }: Item,
  definition: JsonObject,
  { run, settings }: PrepareContext,
): Promise<Prepared> {
  const missing = new Set<string>();
  const replaced = new Map<string, Set<string>>();
  const before = (await run.notes("source", kind)).get(origin)?.nodeTypes;
  const known = run.target ? await run.nodeTypes() : undefined;
  const visit = (value: Json): Json => {
    if (isArray(value)) return value.map(visit);
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([field, inner]) => {
        if (inner === undefined || opaqueFields.has(field)) return [field, inner];
        if (!nodeTypeFields.includes(field) || typeof inner !== "string") return [field, visit(inner)];
        const type = settings.nodeTypes?.[inner] ?? before?.[inner] ?? inner;
        if (known && !known.has(type)) missing.add(type);
        replaced.set(type, (replaced.get(type) ?? new Set()).add(inner));
        return [field, type];
      }),
    );
  };
  const prepared = { definition: visit(definition) as JsonObject, ...undone(replaced) };
  if (missing.size === 0) return prepared;
  const types = [...missing].join(", ");
  return {
    ...prepared,
    obstacle: `node type ${types} is not offered in ${run.target?.endpoint.location ?? "the standby's region"}; map it to one that is (nodeTypes)`,
  };
}

/** What each type stands in place of, where that is one and another. */
function undone(replaced: ReadonlyMap<string, ReadonlySet<string>>): Pick<Prepared, "nodeTypes"> {
  const nodeTypes = [...replaced].flatMap(([type, [...originals]]) =>
    originals.length === 1 && originals[0] !== type ? [[type, originals[0]!] as const] : [],
  );
  return nodeTypes.length > 0 ? { nodeTypes: Object.fromEntries(nodeTypes) } : {};
}
