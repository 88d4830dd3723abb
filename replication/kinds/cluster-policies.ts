import type { WorkspaceClient } from "../client/workspace-client.js";
import { originOf } from "../inventory/marker.js";
import { collect } from "../values/collect.js";
import { idOf, isArray, isObject, type Json, type JsonObject, parseJson, stringifyJson } from "../values/json.js";
import { creatorOf, type FieldReasons, without } from "./fields.js";
import type { Defined, Kind } from "./kind.js";
import type { Reference } from "./references.js";

/** https://docs.databricks.com/api/azure/workspace/clusterpolicies/get: what the workspace says of a policy and `create` does not take. */
const decidedByWorkspace: FieldReasons = {
  policy_id: "given by the workspace",
  creator_user_name: "whoever called create",
  created_at_timestamp: "when it was made",
  is_default: "comes with the workspace",
};

/** Texts that are JSON: compared, and their ids mapped, by what is in them. */
const texts = { definition: "rules", policy_family_definition_overrides: "overrides" } as const;

/** Attributes of a policy that have the id of a pool, wherever a cluster is described. */
const poolAttribute = /(^|\.)(driver_)?instance_pool_id$/;
const nodeTypeAttribute = /(^|\.)(driver_)?node_type_id$/;

export const clusterPolicies: Kind = {
  name: "cluster-policies",
  singular: "cluster policy",
  after: ["instance-pools"],
  identity: { by: "name", field: "name" },
  permissions: { type: "cluster-policies" },
  references: [],

  summary({ rules, overrides, policy_family_id }) {
    const count = Object.keys((rules ?? overrides ?? {}) as JsonObject).length;
    const family = policy_family_id === undefined ? "" : ` of family ${String(policy_family_id)}`;
    return `${count} ${count === 1 ? "rule" : "rules"}${family}`;
  },

  mapEmbedded(definition, map) {
    const become = (id: string): string => map({ kind: "instance-pools", id } satisfies Reference);
    return mapRules(definition, poolAttribute, become);
  },

  async list({ client }) {
    const workspaceId = await client.workspaceId();
    return (await policiesOf(client)).map((policy) => toItem(policy, workspaceId));
  },

  prepare({ definition }, { settings }) {
    const types = settings.nodeTypes ?? {};
    const become = (type: string): string => (Object.hasOwn(types, type) ? types[type]! : type);
    return { definition: mapRules(definition, nodeTypeAttribute, become) };
  },

  async create({ client }, copy) {
    return idOf((await client.post("/api/2.0/policies/clusters/create", requestOf(copy.definition))).policy_id);
  },

  async update({ client }, id, copy) {
    const request = { policy_id: id, ...requestOf(copy.definition) };
    await client.post("/api/2.0/policies/clusters/edit", request, { idempotent: true });
  },

  async exists({ client }, id) {
    await policyOf(client, id);
  },

  async get({ client }, id) {
    return toItem(await policyOf(client, id), await client.workspaceId());
  },

  async remove({ client }, id) {
    await client.post("/api/2.0/policies/clusters/delete", { policy_id: id }, { idempotent: true });
  },

  /** A name is there once. */
  async find({ client }, { name }) {
    return (await policiesOf(client))
      .filter((policy) => policy.name === name)
      .map((policy) => ({ id: idOf(policy.policy_id), ...creatorOf(policy) }));
  },
};

function policiesOf(client: WorkspaceClient): Promise<JsonObject[]> {
  return collect(client.list("/api/2.0/policies/clusters/list", "policies"));
}

function policyOf(client: WorkspaceClient, id: string): Promise<JsonObject> {
  return client.get("/api/2.0/policies/clusters/get", { policy_id: id });
}

function toItem(policy: JsonObject, workspaceId: string): Defined {
  const id = idOf(policy.policy_id);
  const isBuiltIn = policy.is_default === true;
  const ofFamily = policy.policy_family_id !== undefined;
  return {
    id,
    name: String(policy.name),
    origin: originOf(workspaceId, "cluster-policies", id),
    marked: false,
    ...creatorOf(policy),
    definition: parsed(without(policy, [...Object.keys(decidedByWorkspace), ...(ofFamily ? ["definition"] : [])])),
    ...(isBuiltIn ? { builtIn: true } : {}),
    ...(isBuiltIn && policy.policy_family_definition_overrides === undefined
      ? { leftOut: "comes with every workspace, and nothing of it was changed" }
      : {}),
  };
}

/** With what the texts say in their place; a text that is no JSON stays one. */
function parsed(policy: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(policy).map(([field, value]) => {
      const name = texts[field as keyof typeof texts];
      const rules = name !== undefined && typeof value === "string" ? parsedText(value) : undefined;
      return name !== undefined && rules ? [name, rules] : [field, value];
    }),
  );
}

function parsedText(text: string): JsonObject | undefined {
  try {
    const rules = parseJson(text);
    return isObject(rules) ? rules : undefined;
  } catch {
    return undefined;
  }
}

function requestOf(definition: JsonObject): JsonObject {
  const fields = Object.fromEntries(Object.entries(texts).map(([field, name]) => [name, field]));
  return Object.fromEntries(
    Object.entries(definition).map(([name, value]) =>
      name in fields ? [fields[name]!, stringifyJson(value)] : [name, value],
    ),
  );
}

/** The rules with each value of these attributes replaced: fixed, by default or allowed. */
function mapRules(definition: JsonObject, attribute: RegExp, become: (value: string) => string): JsonObject {
  const mapped = (value: Json | undefined): Json | undefined => {
    if (typeof value === "string") return become(value);
    return isArray(value) ? value.map((each) => (typeof each === "string" ? become(each) : each)) : value;
  };
  const mapRule = (rule: Json | undefined): Json | undefined => {
    if (!isObject(rule)) return rule;
    return Object.fromEntries(
      Object.entries(rule).map(([part, value]) =>
        ["value", "defaultValue", "values"].includes(part) ? [part, mapped(value)] : [part, value],
      ),
    );
  };
  const names: readonly string[] = Object.values(texts);
  return Object.fromEntries(
    Object.entries(definition).map(([name, rules]) => {
      if (!names.includes(name) || !isObject(rules)) return [name, rules];
      const entries = Object.entries(rules).map(([path, rule]) => [path, attribute.test(path) ? mapRule(rule) : rule]);
      return [name, Object.fromEntries(entries) as JsonObject];
    }),
  );
}
