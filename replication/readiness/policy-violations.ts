import type { Inventory } from "../kinds/kind.js";
import { isArray, isObject, type Json, type JsonObject, parseJson } from "../values/json.js";
import { quoted } from "../values/printable.js";
import { opaqueFields } from "../kinds/references.js";

/** Attributes of a policy that are no field of a cluster. https://docs.databricks.com/admin/clusters/policy-definition */
const synthetic = new Set(["cluster_type", "dbus_per_hour"]);

/** Fields whose keys have dots in them: the rest of an attribute's path is the key. */
const keyed = new Set(["spark_conf", "spark_env_vars", "custom_tags"]);

interface Policy {
  readonly name: string;
  readonly rules: Readonly<Record<string, JsonObject>>;
}

/**
 * What the standby's policies do not allow of a definition that has the standby's ids, a sentence for each policy. Nothing is
 * said where a policy cannot be read, nor of what the policy would fill in.
 */
export async function policyViolations(definition: JsonObject, run: Inventory): Promise<string[]> {
  const sentences = await Promise.all(
    clustersWithPolicy(definition).map(async (cluster) => {
      const policy = await policyOnTarget(String(cluster.policy_id), run);
      const refused = policy ? Object.keys(policy.rules).filter((path) => isRefused(cluster, path, policy)) : [];
      return refused.length > 0
        ? `policy ${quoted(policy!.name)} there does not allow its ${refused.sort().join(", ")}`
        : "";
    }),
  );
  return [...new Set(sentences)].filter((each) => each !== "").sort();
}

function clustersWithPolicy(value: Json): JsonObject[] {
  if (isArray(value)) return value.flatMap(clustersWithPolicy);
  if (!isObject(value)) return [];
  const inner = Object.entries(value).flatMap(([field, each]) =>
    each === undefined || opaqueFields.has(field) ? [] : clustersWithPolicy(each),
  );
  return typeof value.policy_id === "string" ? [value, ...inner] : inner;
}

function policyOnTarget(id: string, run: Inventory): Promise<Policy | undefined> {
  const { target } = run;
  if (!target) return Promise.resolve(undefined);
  return run
    .once(`policy ${id}`, async () => {
      const { name, definition } = await target.client.get("/api/2.0/policies/clusters/get", { policy_id: id });
      const rules = parseJson(String(definition));
      return isObject(rules) ? { name: String(name), rules: rules as Policy["rules"] } : undefined;
    })
    .catch(() => undefined);
}

function isRefused(cluster: JsonObject, path: string, { rules }: Policy): boolean {
  const rule = rules[path];
  if (!isObject(rule) || synthetic.has(path) || path.includes("*")) return false;
  const value = valueAt(cluster, path);
  return value !== undefined && !isObject(value) && !isArray(value) && breaks(rule, value);
}

function valueAt(cluster: JsonObject, path: string): Json | undefined {
  const [field = "", ...rest] = path.split(".");
  const steps = keyed.has(field) && rest.length > 0 ? [field, rest.join(".")] : [field, ...rest];
  let value: Json | undefined = cluster;
  for (const step of steps) {
    if (isArray(value)) value = value[Number(step)];
    else value = isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  }
  return value;
}

function breaks(rule: JsonObject, value: Json): boolean {
  const text = String(value);
  const among = (values: Json | undefined): boolean => isArray(values) && values.some((each) => String(each) === text);
  switch (rule.type) {
    case "fixed":
      return rule.value !== undefined && String(rule.value) !== text;
    case "forbidden":
      return true;
    case "allowlist":
      return isArray(rule.values) && !among(rule.values);
    case "blocklist":
      return among(rule.values);
    case "range": {
      const [least, most] = [Number(rule.minValue ?? -Infinity), Number(rule.maxValue ?? Infinity)];
      return Number(value) < least || Number(value) > most;
    }
    default:
      return false;
  }
}
