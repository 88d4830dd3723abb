import { parseJson, type Json, type JsonObject } from "../http/json.js";
import { clusterPolicy, effectiveDefinition } from "./policy-row.js";
import { invalidParameter } from "./errors.js";
import { isObject } from "./request-fields.js";
import type { Workspace } from "./workspace.js";

/** Attributes whose keys have dots of their own: the rest of a rule's path is one key. */
const maps = ["spark_conf", "spark_env_vars", "custom_tags"];
/** Attributes of a policy that are no field of a cluster. */
const virtual = /^(dbus_per_hour|cluster_type|libraries|.*\.\*|.*\.\d+(\..*)?)$/;

function pathOf(attribute: string): string[] {
  const map = maps.find((name) => attribute.startsWith(`${name}.`));
  return map ? [map, attribute.slice(map.length + 1)] : attribute.split(".");
}

function read(spec: JsonObject, path: readonly string[]): Json | undefined {
  let value: Json | undefined = spec;
  for (const step of path) value = isObject(value) ? value[step] : undefined;
  return value;
}

function write(spec: JsonObject, path: readonly string[], value: Json): void {
  let place = spec;
  for (const step of path.slice(0, -1)) {
    if (!isObject(place[step])) place[step] = {};
    place = place[step] as JsonObject;
  }
  place[path.at(-1) ?? ""] = value;
}

/** What a rule asks of a value, in the words of an error; undefined when the value is allowed. */
function objection(rule: JsonObject, value: Json): string | undefined {
  const values = Array.isArray(rule["values"]) ? rule["values"].map(String) : [];
  switch (rule["type"]) {
    case "fixed":
      return String(value) === String(rule["value"]) ? undefined : `the value must be ${String(rule["value"])}`;
    case "forbidden":
      return "the value must not be present";
    case "allowlist":
      return values.includes(String(value)) ? undefined : `the value must be one of (${values.join(", ")})`;
    case "blocklist":
      return values.includes(String(value)) ? `the value must not be one of (${values.join(", ")})` : undefined;
    case "regex":
      return new RegExp(`^(?:${String(rule["pattern"])})$`).test(String(value))
        ? undefined
        : `the value must match the pattern ${String(rule["pattern"])}`;
    case "range": {
      const [min, max] = [rule["minValue"] ?? Number.NEGATIVE_INFINITY, rule["maxValue"] ?? Number.POSITIVE_INFINITY];
      const inside = Number(value) >= Number(min) && Number(value) <= Number(max);
      return inside ? undefined : `the value must be between ${String(min)} and ${String(max)}`;
    }
    default:
      return undefined;
  }
}

/**
 * A cluster's fields under a policy: fixed values put in, defaults too where they are asked for or the field is not
 * optional, anything the policy does not allow refused.
 * https://learn.microsoft.com/azure/databricks/admin/clusters/policy-definition
 */
export function applyPolicy(workspace: Workspace, policyId: string, request: JsonObject): JsonObject {
  const definition = effectiveDefinition(clusterPolicy(workspace, policyId));
  const spec = structuredClone(request);
  const withDefaults = spec["apply_policy_default_values"] === true;
  for (const [attribute, rule] of Object.entries(parseJson(definition || "{}") as JsonObject)) {
    if (virtual.test(attribute) || !isObject(rule)) continue;
    const path = pathOf(attribute);
    const value = read(spec, path);
    if (value === undefined || value === null) {
      if (rule["type"] === "fixed" && rule["value"] !== undefined && !rule["isOptional"])
        write(spec, path, rule["value"]);
      else if (withDefaults && rule["defaultValue"] !== undefined) write(spec, path, rule["defaultValue"]);
      continue;
    }
    const wrong = objection(rule, value);
    if (wrong)
      throw invalidParameter(
        `Cluster validation error: Validation failed for ${attribute}, ${wrong} (is ${JSON.stringify(String(value))})`,
      );
  }
  return spec;
}
