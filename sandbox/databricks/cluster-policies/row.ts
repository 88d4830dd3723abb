import { parseJson, stringifyJson, type JsonObject } from "../../http/json.js";
import { invalidParameter } from "../http/errors.js";
import { setGrants } from "../permissions/row.js";
import { policyFamilies } from "./families.js";
import type { Workspace } from "../workspace.js";

export interface ClusterPolicyRow {
  readonly id: string;
  name: string;
  /** Empty for a policy that a family defines. */
  definition: string;
  familyId: string | undefined;
  familyOverrides: string | undefined;
  /** Every other field of the request. */
  other: JsonObject;
  /** Undefined for the policies that come with a workspace. */
  readonly creator: string | undefined;
  readonly createdAt: number;
  readonly isDefault: boolean;
}

/** The workspace's policies; the built-in ones, one for each family, are there from the start. */
export function policyTable(workspace: Workspace): Map<string, ClusterPolicyRow> {
  const table = workspace.table<ClusterPolicyRow>("cluster-policies");
  if (!workspace.table<boolean>("seeded").has("cluster-policies")) {
    workspace.table<boolean>("seeded").set("cluster-policies", true);
    policyFamilies.forEach((family, index) => {
      const id = `00${workspace.options.id.slice(0, 12).padEnd(12, "0")}${index.toString(16).padStart(2, "0")}`;
      table.set(id, {
        id: id.toUpperCase(),
        name: family.name,
        definition: "",
        familyId: family.policy_family_id,
        familyOverrides: undefined,
        other: { description: family.description },
        creator: undefined,
        createdAt: workspace.clock.now(),
        isDefault: true,
      });
      // The one policy that everybody may use: https://learn.microsoft.com/azure/databricks/admin/clusters/personal-compute
      if (family.policy_family_id === "personal-vm")
        setGrants(workspace, "cluster-policies", id.toUpperCase(), [
          { kind: "group_name", name: "users", level: "CAN_USE" },
        ]);
    });
  }
  return table;
}

export function clusterPolicy(workspace: Workspace, id: string): ClusterPolicyRow {
  const policy = policyTable(workspace).get(id);
  if (!policy) throw invalidParameter(`Can't find a cluster policy with id: ${id}.`);
  return policy;
}

/** A policy's definition; one that a family defines is the family's with the overrides put over it. */
export function effectiveDefinition(policy: ClusterPolicyRow): string {
  const family = policyFamilies.find((each) => each.policy_family_id === policy.familyId);
  if (!family) return policy.definition;
  if (!policy.familyOverrides) return family.definition;
  return stringifyJson({
    ...(parseJson(family.definition) as JsonObject),
    ...(parseJson(policy.familyOverrides) as JsonObject),
  });
}
