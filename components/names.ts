import { createHash } from "node:crypto";

/** What the names of one stack's Azure resources are made of. */
export interface NameParts {
  /** Config `namePrefix`: tells this installation from others in the subscription. */
  readonly prefix: string;
  /** The stack's short name. */
  readonly stack: string;
}

/** The names of one stack's resources, within Azure's limits; a change of one of them replaces its resource. */
export interface Names {
  /** 1–90 characters. */
  readonly resourceGroup: string;
  /** Databricks' own group for what it runs for the workspace; it must not exist before. */
  readonly managedResourceGroup: string;
  /** 2–64 characters. */
  readonly virtualNetwork: string;
  readonly networkSecurityGroup: string;
  readonly natGateway: string;
  readonly natAddress: string;
  readonly publicSubnet: string;
  readonly privateSubnet: string;
  /** 3–64 characters. */
  readonly workspace: string;
}

/** https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules */
export const nameLimits = { resourceGroup: 90, network: 64, workspace: 64, storageAccount: 24 } as const;

export function resourceNames(parts: NameParts): Names {
  const name = (role: string, limit: number) => shorten(`${parts.prefix}-${slug(parts.stack)}`, `-${role}`, limit);
  return {
    resourceGroup: name("rg", nameLimits.resourceGroup),
    managedResourceGroup: name("databricks-rg", nameLimits.resourceGroup),
    virtualNetwork: name("vnet", nameLimits.network),
    networkSecurityGroup: name("nsg", nameLimits.network),
    natGateway: name("nat", nameLimits.network),
    natAddress: name("nat-ip", nameLimits.network),
    publicSubnet: "databricks-public",
    privateSubnet: "databricks-private",
    workspace: name("dbw", nameLimits.workspace),
  };
}

/**
 * A storage account's name is unique in the whole of Azure: 3–24 lowercase letters and digits. The end is a hash of
 * subscription, prefix and stack, so that the name is always the same one for the same stack and nobody else's.
 */
export function storageAccountName(parts: NameParts, subscriptionId: string): string {
  const plain = `${parts.prefix}${parts.stack}`.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
  const hash = digest(`${subscriptionId.toLowerCase()}/${parts.prefix}/${parts.stack}`, 7);
  return plain.slice(0, nameLimits.storageAccount - hash.length) + hash;
}

/** `/subscriptions/<this>/resourceGroups/…` */
export function subscriptionOf(resourceId: string): string {
  const id = /^\/subscriptions\/([^/]+)/i.exec(resourceId)?.[1];
  if (!id) throw new Error(`"${resourceId}" is no Azure resource id`);
  return id;
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
}

/** Too long a name keeps its beginning and gets a hash, so that two long stack names stay two. */
function shorten(base: string, suffix: string, limit: number): string {
  if (base.length + suffix.length <= limit) return base + suffix;
  const hash = `-${digest(base, 6)}`;
  return base.slice(0, limit - suffix.length - hash.length) + hash + suffix;
}

function digest(text: string, length: number): string {
  return BigInt(`0x${createHash("sha256").update(text).digest("hex").slice(0, 16)}`)
    .toString(36)
    .padStart(length, "0")
    .slice(-length);
}
