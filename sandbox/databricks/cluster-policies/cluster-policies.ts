import type { Hono } from "hono";
import { jsonBody, reply } from "../../http/app.js";
import { parseJson, type JsonObject } from "../../http/json.js";
import { visibleTo } from "../permissions/access-control.js";
import { callerOf } from "../identity/caller.js";
import { doesNotExist, invalidParameter } from "../http/errors.js";
import { pageOf } from "../http/page-token.js";
import { revokeAll } from "../permissions/row.js";
import { policyFamilies } from "./families.js";
import { effectiveDefinition, policyTable, type ClusterPolicyRow } from "./row.js";
import type { Service } from "../service.js";
import { isObject, optionalString, queryInteger, requiredString } from "../http/request-fields.js";
import type { Workspace } from "../workspace.js";

function policyOf(workspace: Workspace, id: string): ClusterPolicyRow {
  const policy = policyTable(workspace).get(id);
  if (!policy) throw doesNotExist(`Can't find a cluster policy with id: ${id}.`);
  return policy;
}

function checkDefinition(definition: string | undefined): void {
  if (!definition) return;
  let parsed: unknown;
  try {
    parsed = parseJson(definition);
  } catch (cause) {
    throw invalidParameter(`Policy definition is not valid JSON: ${String(cause)}`);
  }
  if (!isObject(parsed as JsonObject)) throw invalidParameter("Policy definition must be a JSON object.");
  for (const [attribute, rule] of Object.entries(parsed as JsonObject))
    if (!isObject(rule) || typeof rule["type"] !== "string")
      throw invalidParameter(`Policy definition of ${attribute} must be an object with a type.`);
}

/** The fields that a create or an edit sets, checked; a definition and a family exclude each other. */
function fieldsOf(
  workspace: Workspace,
  body: JsonObject,
  self?: ClusterPolicyRow,
): Pick<ClusterPolicyRow, "name" | "definition" | "familyId" | "familyOverrides" | "other"> {
  const name = requiredString(body, "name");
  if (name.length > 100) throw invalidParameter("Policy name must be between 1 and 100 characters.");
  for (const policy of policyTable(workspace).values())
    if (policy !== self && policy.name === name) throw invalidParameter(`Policy with name ${name} already exists.`);
  const definition = optionalString(body, "definition");
  const familyId = optionalString(body, "policy_family_id");
  const familyOverrides = optionalString(body, "policy_family_definition_overrides");
  if (definition && familyId) throw invalidParameter("definition cannot be used with policy_family_id.");
  if (familyOverrides && !familyId)
    throw invalidParameter("policy_family_definition_overrides can only be used with policy_family_id.");
  if (familyId && !policyFamilies.some((family) => family.policy_family_id === familyId))
    throw invalidParameter(`Policy family ${familyId} does not exist.`);
  checkDefinition(definition);
  checkDefinition(familyOverrides);
  const own = ["policy_id", "name", "definition", "policy_family_id", "policy_family_definition_overrides"];
  const other = Object.fromEntries(Object.entries(body).filter(([field]) => !own.includes(field)));
  return { name, definition: definition ?? "", familyId, familyOverrides, other };
}

function shown(policy: ClusterPolicyRow): JsonObject {
  return {
    ...policy.other,
    policy_id: policy.id,
    name: policy.name,
    definition: effectiveDefinition(policy),
    ...(policy.familyId && { policy_family_id: policy.familyId }),
    ...(policy.familyOverrides && { policy_family_definition_overrides: policy.familyOverrides }),
    ...(policy.creator && { creator_user_name: policy.creator }),
    created_at_timestamp: policy.createdAt,
    is_default: policy.isDefault,
  };
}

function create(workspace: Workspace, body: JsonObject, creator: string): JsonObject {
  const fields = fieldsOf(workspace, body);
  const id = workspace.newId().toString(16).toUpperCase().padStart(16, "0");
  const createdAt = workspace.clock.now();
  policyTable(workspace).set(id, { ...fields, id, creator, createdAt, isDefault: false });
  return { policy_id: id };
}

const sortFields: Readonly<Record<string, (policy: ClusterPolicyRow) => string | number>> = {
  POLICY_CREATION_TIME: (policy) => policy.createdAt,
  POLICY_NAME: (policy) => policy.name,
};

/** https://docs.databricks.com/api/azure/workspace/clusterpolicies and …/policyfamilies */
export const clusterPolicies: Service = {
  name: "cluster-policies",
  mount(app: Hono, workspace: Workspace): void {
    const path = (name: string): string => `/api/2.0/policies/clusters/${name}`;
    app.post(path("create"), async (context) =>
      reply(context, create(workspace, await jsonBody(context), callerOf(context))),
    );
    app.post(path("edit"), async (context) => {
      const body = await jsonBody(context);
      const policy = policyOf(workspace, requiredString(body, "policy_id"));
      Object.assign(policy, fieldsOf(workspace, body, policy));
      return reply(context);
    });
    app.post(path("delete"), async (context) => {
      const policy = policyOf(workspace, requiredString(await jsonBody(context), "policy_id"));
      if (policy.isDefault) throw invalidParameter(`The default policy ${policy.name} cannot be deleted.`);
      policyTable(workspace).delete(policy.id);
      revokeAll(workspace, "cluster-policies", policy.id);
      return reply(context);
    });
    app.get(path("get"), (context) =>
      reply(context, shown(policyOf(workspace, requiredString({ ...context.req.query() }, "policy_id")))),
    );
    // The whole list comes in one answer: this API has no pages.
    app.get(path("list"), (context) => {
      const column = context.req.query("sort_column") ?? "POLICY_CREATION_TIME";
      const keyOf = sortFields[column];
      if (!keyOf) throw invalidParameter(`Invalid sort_column: ${column}`);
      const turn = context.req.query("sort_order") === "ASC" ? 1 : -1;
      const visible = visibleTo(workspace, callerOf(context), "cluster-policies");
      const policies = [...policyTable(workspace).values()]
        .filter(({ id }) => visible(id))
        .sort((a, b) => turn * (keyOf(a) < keyOf(b) ? -1 : keyOf(a) > keyOf(b) ? 1 : 0));
      return reply(context, { policies: policies.map(shown), total_count: policies.length });
    });
    app.get("/api/2.0/policy-families", (context) => {
      const size = queryInteger(context, "max_results", { fallback: 100, min: 0, max: 1_000 }) || 100;
      const page = pageOf(policyFamilies, size, context.req.query("page_token"), "policy-families");
      return reply(context, { policy_families: page.items, ...(page.next && { next_page_token: page.next }) });
    });
    app.get("/api/2.0/policy-families/:id", (context) => {
      const id = context.req.param("id");
      const family = policyFamilies.find((each) => each.policy_family_id === id);
      if (!family) throw doesNotExist(`Policy family ${id} does not exist.`);
      return reply(context, family);
    });
  },
};
