import type { z } from "zod";
import { regionName } from "../components/azure-regions.js";
import { parseIpv4Range } from "./ipv4-range.js";
import { namespace, told } from "./mistakes.js";
import { distinct, flag, mapOf, number, object, oneOf, text } from "./shapes.js";

const region = text({
  title: "Azure region",
  normalize: regionName,
  pattern: /^[a-z]+\d*$/,
  writtenPattern: /^[A-Za-z ]+\d*$/,
  right: "use an Azure region, such as eastus2",
});

const ipv4Range = text({ title: "IPv4 range", writtenPattern: /^(\d{1,3}\.){3}\d{1,3}\/\d{1,2}$/ }).superRefine(
  (value, context) => {
    const range = parseIpv4Range(value);
    if (typeof range !== "string") return;
    const message = told(`is "${value}", which ${range}`, "use CIDR notation, such as 10.10.0.0/16");
    context.addIssue({ code: "custom", message });
  },
);

const tagName = /^[^<>%&\\?/]{1,128}$/;

const tags = mapOf(
  text().superRefine((tag, context) => {
    if (tag.length > 256)
      context.addIssue({
        code: "custom",
        message: told(`has ${tag.length} characters`, "keep to Azure's limit of 256"),
      });
  }),
  {
    pattern: tagName,
    mistake: (name) => {
      if (!tagName.test(name))
        return told("is no tag name in Azure", "leave out < > % & \\ ? / and keep to 128 characters");
      if (name.toLowerCase().startsWith(`${namespace}:`))
        return told("is a tag that this program sets", "use another name");
      return undefined;
    },
  },
);

/** The keys of the stack and its infrastructure; docs/configuration.md shows this table. */
export const infrastructureKeys = {
  role: oneOf(["active", "standby", "held"]).describe(
    "What this stack is today. A standby follows its peer's workspace and keeps every trigger off; an active stack follows nobody; a held one was active and hands over: its triggers are kept until its peer has them. A role other than the one in force is refused: docs/runbook.md has how to change it.",
  ),
  location: region.describe("The Azure region of this stack. A change replaces everything."),
  peer: text({
    pattern: /^[\w.-]+(\/[\w.-]+\/[\w.-]+)?$/,
    right: "give the peer's stack name, or <organization>/<project>/<stack>",
    title: "stack name, or organization/project/stack",
  })
    .optional()
    .describe("The stack of the other region. Needed when `role` is `standby`, and read only then."),
  peerLocation: region.describe(
    "The peer's region: compared with the one that Azure pairs with `location`, where the geo-redundant copy lives.",
  ),
  auth: oneOf(["auto", "azure", "profile", "environment"])
    .default("auto")
    .describe(
      "How to sign in to this stack's workspace. `azure`: Azure AD (az login, or `ARM_*` variables). `profile`: the profile of `.databrickscfg` that `profile` names, with a token, an OAuth secret or Azure AD. `environment`: `DATABRICKS_*` variables. `auto`: a profile with this workspace's host, else the environment where `DATABRICKS_HOST` is this workspace, else Azure AD. Credentials are read when they are used and never stored. docs/azure.md has the table.",
    ),
  profile: text({ pattern: /^[^[\]\s]+$/, right: "give the name of a profile of .databrickscfg, without brackets" })
    .optional()
    .describe("The profile of `.databrickscfg`; needed with `auth: profile`, and only then."),
  namePrefix: text({
    pattern: /^[a-z][a-z0-9]{1,11}$/,
    right: "use 2 to 12 lowercase letters and digits, beginning with a letter",
    title: "2–12 lowercase letters and digits",
  })
    .default("dbdr")
    .describe("Begins the name of every Azure resource. A change replaces everything."),
  tags: tags.default({}).describe("Tags for every Azure resource, besides `databricks-dr:stack`."),
  protect: flag()
    .default(true)
    .describe(
      "Whether Pulumi refuses to delete or replace the storage account and the workspace. To destroy a stack, set it to false and run `up` first.",
    ),
  storageSku: oneOf(
    ["Standard_RAGRS", "Standard_RAGZRS", "Standard_GRS", "Standard_GZRS"],
    "and only geo-redundant SKUs outlive a region",
  )
    .default("Standard_RAGRS")
    .describe("Redundancy of the storage account. Only `RA` SKUs have a read-only endpoint in the paired region."),
  onStorageFailover: oneOf(["accept", "restore"])
    .default("accept")
    .describe(
      "An unplanned failover of the account makes it locally redundant. `accept`: leave it so, and warn. `restore`: set `storageSku` again, which copies the whole account to the paired region once more and is billed.",
    ),
  hierarchicalNamespace: flag()
    .default(true)
    .describe("Whether the account is a data lake (ADLS Gen2). A change replaces the account and all that is in it."),
  sharedKeyAccess: flag()
    .default(false)
    .describe(
      "Whether account keys and SAS made from them are accepted. Off: Azure AD alone. WASB mounts with an account key need it.",
    ),
  softDeleteDays: number({ min: 0, max: 365, integer: true })
    .default(14)
    .describe("Days for which deleted blobs and containers can be restored; 0 turns that off."),
  containers: distinct(
    text({
      pattern: /^(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/,
      right: "use 3 to 63 lowercase letters, digits and single hyphens",
    }),
  )
    .default(["data"])
    .describe("Containers of the storage account. Taking one away deletes it."),
  workspaceSku: oneOf(["premium", "standard", "trial"])
    .default("premium")
    .describe("Tier of the workspace. The standard tier has no access control. Premium cannot be changed back."),
  vnetCidr: ipv4Range
    .default("10.10.0.0/16")
    .describe("Address range of the virtual network, /16 to /24. Azure refuses a change while a workspace is in it."),
  publicSubnetCidr: ipv4Range.optional().meta({
    description: "Range of the subnet that Databricks calls public (no public IP is given there), at least /26.",
    whenUnset: "first quarter of `vnetCidr`",
  }),
  privateSubnetCidr: ipv4Range.optional().meta({
    description: "Range of the subnet for containers, at least /26.",
    whenUnset: "second quarter of `vnetCidr`",
  }),
  natGateway: flag()
    .default(true)
    .describe(
      "A NAT gateway as the clusters' way out: they have no public IPs, and new virtual networks of Azure have no way out by default. False where a firewall or a hub network is the way out.",
    ),
  operationsCluster: object({
    nodeType: text().optional(),
    sparkVersion: text().optional(),
    autoterminationMinutes: number({ min: 10, max: 10_000, integer: true }).optional(),
  })
    .optional()
    .meta({
      description: "The small single-node cluster that mount work runs on.",
      whenUnset: "smallest node type, latest LTS runtime, 20 minutes",
    }),
} as const;

export type InfrastructureValues = z.output<z.ZodObject<typeof infrastructureKeys>>;
