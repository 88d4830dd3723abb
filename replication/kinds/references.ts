import { isArray, isObject, type Json, type JsonObject } from "../values/json.js";

/** A reference to an object of another kind, or to one that is not replicated at all. */
export interface Reference {
  readonly kind: string;
  readonly id: string;
  /** It is mapped where a mapping says so, and otherwise stays as it is. */
  readonly optional?: true;
  /** The workspace that the object is said to be in; the source where nothing is said. */
  readonly workspaceId?: string;
}

/** Field that holds an id of another object, or a list of them, wherever it stands in a definition. */
export interface ReferenceField {
  readonly field: string | RegExp;
  readonly kind: string;
  /** The field or array that the object holding it must itself be the value of. */
  readonly within?: RegExp;
  /** Why it is carried over as it is where nothing is mapped to it, so that it keeps no copy from being made. */
  readonly optional?: string;
  /** The neighbour that names the workspace in which the object is, where that may be another one than the source. */
  readonly workspace?: string;
}

/** Fields whose content is the user's own: a parameter called `job_id` is no reference. */
export const opaqueFields: ReadonlySet<string> = new Set([
  "base_parameters",
  "custom_tags",
  "job_parameters",
  "named_parameters",
  "notebook_params",
  "parameters",
  "python_named_params",
  "spark_conf",
  "spark_env_vars",
  "sql_params",
  "tags",
]);

/** What of a kind says where its references are. */
export interface Referring {
  readonly references?: readonly ReferenceField[];
  mapEmbedded?(definition: JsonObject, map: (reference: Reference) => string): JsonObject;
}

/** Every distinct reference of a definition, or of what is held, in every task however deep. */
export function referencesOf(kind: Referring, definition: JsonObject): Reference[] {
  const found = new Map<string, Reference>();
  mapReferences(kind, definition, (reference) => {
    found.set(keyOf(reference), reference);
    return reference.id;
  });
  return [...found.values()];
}

/** Tells references apart: of one object in two workspaces, and of one that must be there and may be there. */
export function keyOf({ kind, id, workspaceId = "", optional }: Reference): string {
  return `${kind} ${workspaceId} ${optional ? "may" : "must"} ${id}`;
}

/** The definition with each reference replaced by what `map` gives; an integer stays an integer where it can. */
export function mapReferences(
  kind: Referring,
  definition: JsonObject,
  map: (reference: Reference) => string,
): JsonObject {
  const fields = kind.references ?? [];
  const visit = (value: Json, holder: string): Json => {
    if (isArray(value)) return value.map((each) => visit(each, holder));
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([field, inner]) => {
        if (inner === undefined || opaqueFields.has(field)) return [field, inner];
        const is = fieldFor(fields, field, holder);
        const become = (each: Json): Json =>
          is && isId(each) ? mapped(each, map(referenceIn(is, value, each))) : visit(each, field);
        return [field, isArray(inner) ? inner.map(become) : become(inner)];
      }),
    );
  };
  const mappedFields = fields.length > 0 ? (visit(definition, "") as JsonObject) : definition;
  return kind.mapEmbedded ? kind.mapEmbedded(mappedFields, map) : mappedFields;
}

function fieldFor(fields: readonly ReferenceField[], field: string, holder: string): ReferenceField | undefined {
  return fields.find(
    (each) =>
      (typeof each.field === "string" ? each.field === field : each.field.test(field)) &&
      (each.within?.test(holder) ?? true),
  );
}

function referenceIn({ kind, optional, workspace }: ReferenceField, holder: JsonObject, id: Id): Reference {
  const workspaceId = workspace === undefined ? undefined : holder[workspace];
  return {
    kind,
    id: String(id),
    ...(optional === undefined ? {} : { optional: true }),
    ...(isId(workspaceId) ? { workspaceId: String(workspaceId) } : {}),
  };
}

type Id = string | number | bigint;

function isId(value: Json | undefined): value is Id {
  if (typeof value === "number" || typeof value === "bigint") return true;
  // A job or pipeline may name an id by a parameter of its own: `{{job.parameters.warehouse}}`.
  return typeof value === "string" && value !== "" && !value.includes("{{");
}

function mapped(original: Id, id: string): Json {
  if (typeof original === "string" || !/^\d+$/.test(id)) return id;
  return Number.isSafeInteger(Number(id)) ? Number(id) : BigInt(id);
}
