import { randomUUID } from "node:crypto";
import type { Hono } from "hono";
import type { Json, JsonObject } from "../../http/json.js";
import { badRequest } from "../arm-error.js";
import { mountNetworkResource } from "./network-resource.js";
import { objectAt } from "../request-body.js";
import type { Arm, ArmService } from "../arm.js";
import type { ArmResource } from "../subscription.js";

export const securityGroupType = "Microsoft.Network/networkSecurityGroups";

/** Network security groups. https://learn.microsoft.com/rest/api/virtualnetwork/network-security-groups */
export const networkSecurityGroups: ArmService = {
  name: "network security groups",
  types: [securityGroupType],
  present: (group, arm) => {
    const subnets = subnetsOf(arm, group).map(({ id }) => ({ id }));
    return {
      ...group,
      properties: {
        ...group.properties,
        defaultSecurityRules: defaultRules(group),
        ...(subnets.length > 0 ? { subnets } : {}),
      },
    };
  },
  mount(app: Hono, arm: Arm): void {
    mountNetworkResource(app, arm, {
      type: securityGroupType,
      properties: ({ id, body, existing }) => ({
        resourceGuid: existing?.properties.resourceGuid ?? randomUUID(),
        securityRules: [...requestedRules(id, objectAt(body, "properties")), ...intentPolicyRules(existing)],
      }),
      requireDeletable: (group) => {
        const users = subnetsOf(arm, group);
        if (users.length > 0)
          throw badRequest(
            "InUseNetworkSecurityGroupCannotBeDeleted",
            `Network security group ${group.id} cannot be deleted because it is in use by the following resources: ${users.map(({ id }) => id).join(", ")}. In order to delete the Network security group, remove the association with the resource(s).`,
          );
      },
    });
  },
};

function subnetsOf(arm: Arm, group: ArmResource): ArmResource[] {
  return arm.subscription.list("Microsoft.Network/virtualNetworks/subnets").filter((subnet) => {
    const attached = objectAt(subnet.properties, "networkSecurityGroup").id;
    return typeof attached === "string" && attached.toLowerCase() === group.id.toLowerCase();
  });
}

function requestedRules(id: string, properties: JsonObject): JsonObject[] {
  const rules = properties.securityRules ?? [];
  if (!Array.isArray(rules))
    throw badRequest("InvalidRequestFormat", "Cannot parse the request: 'securityRules' must be an array.");
  const seen = new Set<string>();
  return rules
    .filter((rule) => !isIntentPolicyRule(rule))
    .map((rule) => {
      const { name, properties: ruleProperties } = rule as { name?: Json; properties?: JsonObject };
      if (typeof name !== "string" || !ruleProperties)
        throw badRequest(
          "InvalidRequestFormat",
          "Cannot parse the request: a security rule needs a name and properties.",
        );
      const { priority, direction } = ruleProperties;
      if (typeof priority !== "number" || priority < 100 || priority > 4096)
        throw badRequest(
          "SecurityRuleInvalidPriority",
          `Security rule has invalid Priority. Value provided: ${String(priority)} Allowed range 100-4096.`,
        );
      const key = `${String(direction)} ${priority}`;
      if (seen.has(key))
        throw badRequest(
          "SecurityRuleConflict",
          `Security rule ${name} conflicts with another rule. Rules cannot have the same Priority and Direction.`,
        );
      seen.add(key);
      return ruleOf(id, name, { ...ruleProperties });
    });
}

function ruleOf(groupId: string, name: string, properties: JsonObject): JsonObject {
  return {
    name,
    id: `${groupId}/securityRules/${name}`,
    type: `${securityGroupType}/securityRules`,
    properties: { provisioningState: "Succeeded", ...properties },
  };
}

const intentPolicyPrefix = "Microsoft.Databricks-workspaces_UseOnly_";

function isIntentPolicyRule(rule: Json): boolean {
  const { name } = rule as { name?: Json };
  return typeof name === "string" && name.startsWith(intentPolicyPrefix);
}

function intentPolicyRules(group: ArmResource | undefined): Json[] {
  const rules = group?.properties.securityRules;
  return Array.isArray(rules) ? rules.filter(isIntentPolicyRule) : [];
}

/**
 * The rules that a Databricks workspace with VNet injection writes into the group of its subnets and keeps there by a
 * network intent policy, whatever a later PUT says. With secure cluster connectivity there is no control-plane rule.
 * https://learn.microsoft.com/azure/databricks/security/network/classic/vnet-inject#nsg
 */
export function addIntentPolicyRules(group: ArmResource): void {
  if (intentPolicyRules(group).length > 0) return;
  const rule = (name: string, direction: string, destination: string, port: string, priority: number): JsonObject =>
    ruleOf(group.id, `${intentPolicyPrefix}databricks-${name}`, {
      description: `Required for ${name} communication of Databricks clusters.`,
      protocol: port === "*" ? "*" : "Tcp",
      sourcePortRange: "*",
      destinationPortRange: port,
      sourceAddressPrefix: "VirtualNetwork",
      destinationAddressPrefix: destination,
      access: "Allow",
      priority,
      direction,
    });
  const own = Array.isArray(group.properties.securityRules) ? group.properties.securityRules : [];
  const taken = new Set(own.map((item) => ((item as JsonObject).properties as JsonObject).priority));
  let next = 100;
  const free = (): number => {
    while (taken.has(next)) next++;
    return next++;
  };
  group.properties.securityRules = [
    ...own,
    rule("worker-to-worker-inbound", "Inbound", "VirtualNetwork", "*", free()),
    rule("worker-to-worker-outbound", "Outbound", "VirtualNetwork", "*", free()),
    rule("worker-to-sql", "Outbound", "Sql", "3306", free()),
    rule("worker-to-storage", "Outbound", "Storage", "443", free()),
    rule("worker-to-eventhub", "Outbound", "EventHub", "9093", free()),
  ];
}

export function removeIntentPolicyRules(group: ArmResource): void {
  const rules = group.properties.securityRules;
  if (Array.isArray(rules)) group.properties.securityRules = rules.filter((rule) => !isIntentPolicyRule(rule));
}

function defaultRules(group: ArmResource): JsonObject[] {
  const rule = (
    name: string,
    direction: string,
    access: string,
    from: string,
    to: string,
    priority: number,
  ): JsonObject => ({
    name,
    id: `${group.id}/defaultSecurityRules/${name}`,
    type: `${securityGroupType}/defaultSecurityRules`,
    properties: {
      provisioningState: "Succeeded",
      protocol: "*",
      sourcePortRange: "*",
      destinationPortRange: "*",
      sourceAddressPrefix: from,
      destinationAddressPrefix: to,
      access,
      priority,
      direction,
    },
  });
  return [
    rule("AllowVnetInBound", "Inbound", "Allow", "VirtualNetwork", "VirtualNetwork", 65000),
    rule("AllowAzureLoadBalancerInBound", "Inbound", "Allow", "AzureLoadBalancer", "*", 65001),
    rule("DenyAllInBound", "Inbound", "Deny", "*", "*", 65500),
    rule("AllowVnetOutBound", "Outbound", "Allow", "VirtualNetwork", "VirtualNetwork", 65000),
    rule("AllowInternetOutBound", "Outbound", "Allow", "*", "Internet", 65001),
    rule("DenyAllOutBound", "Outbound", "Deny", "*", "*", 65500),
  ];
}
