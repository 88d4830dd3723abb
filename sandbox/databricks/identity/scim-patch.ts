import type { Json, JsonObject } from "../../http/json.js";
import { isObject, objectList } from "../http/request-fields.js";
import { ScimError } from "./scim-error.js";

const listOf = (value: Json | undefined): JsonObject[] =>
  (Array.isArray(value) ? value : value === undefined || value === null ? [] : [value]).filter(isObject);

/** A resource after the operations of a SCIM PatchOp: whole fields, list items, and `members[value eq "…"]`. */
export function applyScimPatch(resource: JsonObject, patch: JsonObject): JsonObject {
  const result = structuredClone(resource);
  for (const operation of objectList(patch, "Operations")) {
    const name = String(operation["op"]).toLowerCase();
    const path = typeof operation["path"] === "string" ? operation["path"] : undefined;
    const value = operation["value"];
    if (name === "remove") remove(result, path, value);
    else if (name !== "add" && name !== "replace") throw new ScimError(400, `Unsupported op: ${name}`, "invalidSyntax");
    else if (path !== undefined) put(result, path, value, name === "add");
    else if (isObject(value))
      for (const [field, each] of Object.entries(value)) put(result, field, each, name === "add");
    else throw new ScimError(400, "An operation without a path needs an object as its value.", "invalidSyntax");
  }
  return result;
}

/** `active` in whatever form a client sends it: `false`, `"False"`, `[{"value": "false"}]`. */
function flagOf(value: Json | undefined): boolean {
  const [first] = listOf(value);
  return String(first ? first["value"] : value).toLowerCase() === "true";
}

function put(resource: JsonObject, field: string, value: Json | undefined, add: boolean): void {
  if (field === "active") {
    resource[field] = flagOf(value);
    return;
  }
  const current = resource[field];
  if (!add || !(Array.isArray(current) || Array.isArray(value))) {
    resource[field] = value;
    return;
  }
  const items = listOf(current);
  for (const item of listOf(value)) if (!items.some((known) => known["value"] === item["value"])) items.push(item);
  resource[field] = items;
}

function remove(resource: JsonObject, path: string | undefined, value: Json | undefined): void {
  if (path === undefined) throw new ScimError(400, "A remove operation needs a path.", "noTarget");
  const [, field = path, wanted] = /^(\w+)\[value eq "([^"]*)"\]$/.exec(path) ?? [];
  const gone = wanted === undefined ? listOf(value).map((item) => item["value"]) : [wanted];
  if (gone.length === 0) delete resource[field];
  else resource[field] = listOf(resource[field]).filter((item) => !gone.includes(item["value"]));
}
