interface Region {
  readonly displayName: string;
  /** The region that holds this one's geo-redundant copies; absent where Azure pairs none. */
  readonly pair?: string;
  /** Whether the region has availability zones, which ZRS and GZRS accounts need. */
  readonly zones: boolean;
}

/**
 * Azure regions and their pairs. A geo-redundant copy lives in the pair and nowhere else.
 * https://learn.microsoft.com/azure/reliability/regions-paired
 */
const regions: Readonly<Record<string, Region>> = {
  australiaeast: { displayName: "Australia East", pair: "australiasoutheast", zones: true },
  australiasoutheast: { displayName: "Australia Southeast", pair: "australiaeast", zones: false },
  brazilsouth: { displayName: "Brazil South", pair: "southcentralus", zones: true },
  canadacentral: { displayName: "Canada Central", pair: "canadaeast", zones: true },
  canadaeast: { displayName: "Canada East", pair: "canadacentral", zones: false },
  centralindia: { displayName: "Central India", pair: "southindia", zones: true },
  centralus: { displayName: "Central US", pair: "eastus2", zones: true },
  eastasia: { displayName: "East Asia", pair: "southeastasia", zones: true },
  eastus: { displayName: "East US", pair: "westus", zones: true },
  eastus2: { displayName: "East US 2", pair: "centralus", zones: true },
  francecentral: { displayName: "France Central", pair: "francesouth", zones: true },
  francesouth: { displayName: "France South", pair: "francecentral", zones: false },
  germanynorth: { displayName: "Germany North", pair: "germanywestcentral", zones: false },
  germanywestcentral: { displayName: "Germany West Central", pair: "germanynorth", zones: true },
  italynorth: { displayName: "Italy North", zones: true },
  japaneast: { displayName: "Japan East", pair: "japanwest", zones: true },
  japanwest: { displayName: "Japan West", pair: "japaneast", zones: true },
  koreacentral: { displayName: "Korea Central", pair: "koreasouth", zones: true },
  koreasouth: { displayName: "Korea South", pair: "koreacentral", zones: false },
  northcentralus: { displayName: "North Central US", pair: "southcentralus", zones: false },
  northeurope: { displayName: "North Europe", pair: "westeurope", zones: true },
  norwayeast: { displayName: "Norway East", pair: "norwaywest", zones: true },
  norwaywest: { displayName: "Norway West", pair: "norwayeast", zones: false },
  polandcentral: { displayName: "Poland Central", zones: true },
  southafricanorth: { displayName: "South Africa North", pair: "southafricawest", zones: true },
  southafricawest: { displayName: "South Africa West", pair: "southafricanorth", zones: false },
  southcentralus: { displayName: "South Central US", pair: "northcentralus", zones: true },
  southeastasia: { displayName: "Southeast Asia", pair: "eastasia", zones: true },
  southindia: { displayName: "South India", pair: "centralindia", zones: false },
  swedencentral: { displayName: "Sweden Central", pair: "swedensouth", zones: true },
  swedensouth: { displayName: "Sweden South", pair: "swedencentral", zones: false },
  switzerlandnorth: { displayName: "Switzerland North", pair: "switzerlandwest", zones: true },
  switzerlandwest: { displayName: "Switzerland West", pair: "switzerlandnorth", zones: false },
  uaenorth: { displayName: "UAE North", pair: "uaecentral", zones: true },
  uaecentral: { displayName: "UAE Central", pair: "uaenorth", zones: false },
  uksouth: { displayName: "UK South", pair: "ukwest", zones: true },
  ukwest: { displayName: "UK West", pair: "uksouth", zones: false },
  westcentralus: { displayName: "West Central US", pair: "westus2", zones: false },
  westeurope: { displayName: "West Europe", pair: "northeurope", zones: true },
  westindia: { displayName: "West India", pair: "southindia", zones: false },
  westus: { displayName: "West US", pair: "eastus", zones: false },
  westus2: { displayName: "West US 2", pair: "westcentralus", zones: true },
  westus3: { displayName: "West US 3", pair: "eastus", zones: true },
};

/** A region's name as ARM writes it: `East US 2` and `EastUS2` are `eastus2`. */
export function regionName(location: string): string {
  return location.replaceAll(" ", "").toLowerCase();
}

export function findRegion(location: string): Region | undefined {
  return regions[regionName(location)];
}

export function allRegions(): readonly (Region & { readonly name: string })[] {
  return Object.entries(regions).map(([name, region]) => ({ name, ...region }));
}
