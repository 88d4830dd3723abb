import { isArray, isObject, type Json, type JsonObject } from "../client/json.js";
import { opaqueFields } from "../references.js";
import type { PrepareContext, Prepared } from "./kind.js";

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

/** Puts the standby's node types in place of those that its region lacks, wherever a cluster is described. */
export async function withNodeTypes(definition: JsonObject, { run, settings }: PrepareContext): Promise<Prepared> {
  const missing = new Set<string>();
  const known = run.target ? await run.nodeTypes() : undefined;
  const visit = (value: Json): Json => {
    if (isArray(value)) return value.map(visit);
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([field, inner]) => {
        if (inner === undefined || opaqueFields.has(field)) return [field, inner];
        if (!nodeTypeFields.includes(field) || typeof inner !== "string") return [field, visit(inner)];
        const type = settings.nodeTypes?.[inner] ?? inner;
        if (known && !known.has(type)) missing.add(type);
        return [field, type];
      }),
    );
  };
  const replaced = visit(definition) as JsonObject;
  if (missing.size === 0) return { definition: replaced };
  const types = [...missing].join(", ");
  return {
    definition: replaced,
    obstacle: `node type ${types} is not offered in ${run.target?.endpoint.location ?? "the standby's region"}; map it to one that is (nodeTypes)`,
  };
}
