import { parseJson, type Json, type JsonObject } from "../../http/json.js";
import { clusterPolicy, effectiveDefinition } from "./row.js";
import { invalidParameter } from "../http/errors.js";
import { isObject } from "../http/request-fields.js";
import type { Workspace } from "../workspace.js";

/** Attributes whose keys have dots of their own: the rest of a rule's path is one key. */
const maps = ["spark_conf", "spark_env_vars", "custom_tags"];
/** Attributes of a policy that are no field of a cluster and that nothing here can hold a cluster to. */
const virtual = /^(dbus_per_hour|libraries(\..*)?)$/;

/** What a cluster is for, as the attribute `cluster_type` calls it. */
export type ClusterType = "all-purpose" | "job";

function pathOf(attribute: string): string[] {
  const map = maps.find((name) => attribute.startsWith(`${name}.`));
  return map ? [map, attribute.slice(map.length + 1)] : attribute.split(".");
}

/** Every value that a path leads to; a step `*` stands for each element of a list, a number for the one at that place. */
function read(value: Json | undefined, [step, ...rest]: readonly string[]): Json[] {
  if (step === undefined) return value === undefined || value === null ? [] : [value];
  if (Array.isArray(value)) {
    const elements = step === "*" ? value : [value[Number(step)]];
    return elements.flatMap((element) => read(element, rest));
  }
  return isObject(value) ? read(value[step], rest) : [];
}

function write(place: JsonObject | Json[], [step = "", ...rest]: readonly string[], value: Json): void {
  const holder = place as JsonObject;
  const next = rest[0];
  if (next === undefined) {
    holder[step] = value;
    return;
  }
  if (holder[step] === null || typeof holder[step] !== "object") holder[step] = /^\d+$/.test(next) ? [] : {};
  write(holder[step], rest, value);
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

/** Rules that only limit a value ask for one, unless they say that it is optional. */
const limiting = ["allowlist", "blocklist", "regex", "range", "unlimited"];

/**
 * A cluster's fields under a policy: fixed values put in, defaults too where they are asked for, a field that must be there
 * and is not, or that the policy does not allow, refused.
 * https://learn.microsoft.com/azure/databricks/admin/clusters/policy-definition
 */
export function applyPolicy(
  workspace: Workspace,
  policyId: string,
  request: JsonObject,
  type: ClusterType,
): JsonObject {
  const definition = effectiveDefinition(clusterPolicy(workspace, policyId));
  const spec = structuredClone(request);
  const withDefaults = spec["apply_policy_default_values"] === true;
  for (const [attribute, rule] of Object.entries(parseJson(definition || "{}") as JsonObject)) {
    if (virtual.test(attribute) || !isObject(rule)) continue;
    const path = pathOf(attribute);
    let values = attribute === "cluster_type" ? [type] : read(spec, path);
    const fill =
      rule["type"] === "fixed" && !rule["isOptional"]
        ? rule["value"]
        : withDefaults
          ? (rule["defaultValue"] ?? (rule["type"] === "fixed" ? rule["value"] : undefined))
          : undefined;
    if (values.length === 0 && fill !== undefined && !path.includes("*")) {
      write(spec, path, fill);
      values = read(spec, path);
    }
    const needed = limiting.includes(String(rule["type"])) && rule["isOptional"] !== true && !path.includes("*");
    if (values.length === 0 && needed && !sizedOtherwise(spec, attribute))
      throw invalidParameter(`Cluster validation error: Validation failed for ${attribute}, the value must be present`);
    for (const value of values) {
      const wrong = objection(rule, value);
      if (wrong)
        throw invalidParameter(
          `Cluster validation error: Validation failed for ${attribute}, ${wrong} (is ${JSON.stringify(String(value))})`,
        );
    }
  }
  return spec;
}

/** A cluster has one of the two sizes; a rule for the other one asks for nothing. */
function sizedOtherwise(spec: JsonObject, attribute: string): boolean {
  if (attribute === "num_workers") return isObject(spec["autoscale"]);
  return attribute.startsWith("autoscale.") && spec["num_workers"] !== undefined;
}
