/** A parsed ARM id: `/subscriptions/S/resourceGroups/G/providers/NAMESPACE/TYPE/NAME[/TYPE/NAME…]`. */
export interface ResourceId {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  /** `Microsoft.Network/virtualNetworks/subnets`; a resource group has `Microsoft.Resources/resourceGroups`. */
  readonly type: string;
  /** Names from the outermost: `["vnet", "public"]`. */
  readonly names: readonly string[];
}

/** Undefined where `id` is no id of a resource or resource group. */
export function parseResourceId(id: string): ResourceId | undefined {
  const match = /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)(?:\/providers\/([^/]+)\/(.+))?$/i.exec(id);
  if (!match) return undefined;
  const [, subscriptionId = "", resourceGroup = "", namespace, rest] = match;
  if (!namespace || !rest)
    return { subscriptionId, resourceGroup, type: "Microsoft.Resources/resourceGroups", names: [resourceGroup] };
  const segments = rest.split("/");
  if (segments.length % 2 !== 0) return undefined;
  const types = segments.filter((_, index) => index % 2 === 0);
  const names = segments.filter((_, index) => index % 2 === 1);
  return { subscriptionId, resourceGroup, type: [namespace, ...types].join("/"), names };
}

/** The words of a path as ARM's documentation spells them; ARM itself reads them in any case. */
const keywords = new Map(
  [
    "subscriptions",
    "resourceGroups",
    "providers",
    "locations",
    "operationStatuses",
    "operationResults",
    "checkNameAvailability",
    "listKeys",
    "failover",
    "Microsoft.Authorization",
    "Microsoft.Databricks",
    "Microsoft.Network",
    "Microsoft.Resources",
    "Microsoft.Storage",
    "blobServices",
    "containers",
    "locks",
    "managementPolicies",
    "natGateways",
    "networkSecurityGroups",
    "publicIPAddresses",
    "storageAccounts",
    "subnets",
    "tags",
    "virtualNetworks",
    "workspaces",
  ].map((word) => [word.toLowerCase(), word]),
);

/** `path` with its keywords in their documented case; names keep theirs. */
export function canonicalPath(path: string): string {
  let isName = false;
  let previous = "";
  const segments = path.split("/").map((segment) => {
    if (segment === "") return segment;
    const word = isName ? undefined : keywords.get(segment.toLowerCase());
    const canonical = word ?? segment;
    // The namespace after `providers` is followed by a type, not by a name.
    isName = !isName && canonical !== "providers" && previous !== "providers";
    previous = canonical;
    return canonical;
  });
  return segments.join("/");
}
