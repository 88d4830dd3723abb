import { isArray, isObject, type Json, type JsonObject } from "../values/json.js";
import { opaqueFields } from "./references.js";
import type { KindName } from "../settings.js";
import type { Item, PrepareContext, Prepared } from "./kind.js";

/** Says of a field why a copy does without it. */
export type FieldReasons = Readonly<Record<string, string>>;

/** What a pool decides of a cluster, and is refused beside one. https://docs.databricks.com/api/azure/workspace/clusters/create */
export const decidedByPool: FieldReasons = {
  node_type_id: "the pool's",
  driver_node_type_id: "the pool's",
  enable_elastic_disk: "the pool's",
  azure_attributes: "the pool's",
};

/** The definition without what pools decide, wherever in it a cluster of a pool is described: a reading shows it there as well. */
export function withoutPoolDecisions(definition: JsonObject): JsonObject {
  const visit = (value: Json): Json => {
    if (isArray(value)) return value.map(visit);
    if (!isObject(value)) return value;
    const own = "instance_pool_id" in value ? without(value, Object.keys(decidedByPool)) : value;
    return Object.fromEntries(
      Object.entries(own).map(([field, inner]) => [
        field,
        inner === undefined || opaqueFields.has(field) ? inner : visit(inner),
      ]),
    );
  };
  return visit(definition) as JsonObject;
}

/** Who made an object, where the workspace says so. */
export function creatorOf({ creator_user_name }: JsonObject): { readonly creator?: string } {
  return typeof creator_user_name === "string" ? { creator: creator_user_name } : {};
}

/** The object without the fields named. */
export function without(value: JsonObject, fields: readonly string[]): JsonObject {
  const drop = new Set(fields);
  return Object.fromEntries(Object.entries(value).filter(([field]) => !drop.has(field)));
}

/** The object with only the fields named. */
export function only(value: JsonObject, fields: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([field]) => fields.includes(field)));
}

/** Each holds a node type or a list of them; the last stands in `worker_node_type_flexibility` and the driver's. */
const nodeTypeFields = ["node_type_id", "driver_node_type_id", "alternate_node_type_ids"];

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
  const mapped = (type: string): string => {
    const there = mappedBy(settings.nodeTypes, type) ?? mappedBy(before, type) ?? type;
    if (known && !known.has(there)) missing.add(there);
    replaced.set(there, (replaced.get(there) ?? new Set()).add(type));
    return there;
  };
  const visit = (value: Json, isNodeType = false): Json => {
    if (isArray(value)) return value.map((each) => visit(each, isNodeType));
    if (isNodeType && typeof value === "string") return mapped(value);
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([field, inner]) =>
        inner === undefined || opaqueFields.has(field)
          ? [field, inner]
          : [field, visit(inner, nodeTypeFields.includes(field))],
      ),
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

/** A node type may be called like something that every object of JavaScript has. */
function mappedBy(types: Readonly<Record<string, string>> | undefined, type: string): string | undefined {
  return types && Object.hasOwn(types, type) ? types[type] : undefined;
}

/** What each type stands in place of, where that is one and another. */
function undone(replaced: ReadonlyMap<string, ReadonlySet<string>>): Pick<Prepared, "nodeTypes"> {
  const nodeTypes = [...replaced].flatMap(([type, [...originals]]) =>
    originals.length === 1 && originals[0] !== type ? [[type, originals[0]!] as const] : [],
  );
  return nodeTypes.length > 0 ? { nodeTypes: Object.fromEntries(nodeTypes) } : {};
}
