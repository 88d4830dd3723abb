interface Region {
  /** The name that people and Microsoft's documents use. */
  readonly display: string;
  /** The region that holds the geo-redundant copy; undefined where Azure has no pair. */
  readonly pair?: string;
}

/**
 * Azure's regions and their pairs. The owner of a storage account does not choose where its geo-redundant copy lives:
 * the pair decides. Pairs are not always mutual (West US 3 → East US → West US).
 *
 * https://learn.microsoft.com/azure/reliability/regions-list
 */
const regions: Readonly<Record<string, Region>> = {
  australiacentral: { display: "Australia Central", pair: "australiacentral2" },
  australiacentral2: { display: "Australia Central 2", pair: "australiacentral" },
  australiaeast: { display: "Australia East", pair: "australiasoutheast" },
  australiasoutheast: { display: "Australia Southeast", pair: "australiaeast" },
  austriaeast: { display: "Austria East" },
  brazilsouth: { display: "Brazil South", pair: "southcentralus" },
  brazilsoutheast: { display: "Brazil Southeast", pair: "brazilsouth" },
  canadacentral: { display: "Canada Central", pair: "canadaeast" },
  canadaeast: { display: "Canada East", pair: "canadacentral" },
  centralindia: { display: "Central India", pair: "southindia" },
  centralus: { display: "Central US", pair: "eastus2" },
  eastasia: { display: "East Asia", pair: "southeastasia" },
  eastus: { display: "East US", pair: "westus" },
  eastus2: { display: "East US 2", pair: "centralus" },
  francecentral: { display: "France Central", pair: "francesouth" },
  francesouth: { display: "France South", pair: "francecentral" },
  germanynorth: { display: "Germany North", pair: "germanywestcentral" },
  germanywestcentral: { display: "Germany West Central", pair: "germanynorth" },
  indonesiacentral: { display: "Indonesia Central" },
  israelcentral: { display: "Israel Central" },
  italynorth: { display: "Italy North" },
  japaneast: { display: "Japan East", pair: "japanwest" },
  japanwest: { display: "Japan West", pair: "japaneast" },
  koreacentral: { display: "Korea Central", pair: "koreasouth" },
  koreasouth: { display: "Korea South", pair: "koreacentral" },
  malaysiawest: { display: "Malaysia West" },
  mexicocentral: { display: "Mexico Central" },
  newzealandnorth: { display: "New Zealand North" },
  northcentralus: { display: "North Central US", pair: "southcentralus" },
  northeurope: { display: "North Europe", pair: "westeurope" },
  norwayeast: { display: "Norway East", pair: "norwaywest" },
  norwaywest: { display: "Norway West", pair: "norwayeast" },
  polandcentral: { display: "Poland Central" },
  qatarcentral: { display: "Qatar Central" },
  southafricanorth: { display: "South Africa North", pair: "southafricawest" },
  southafricawest: { display: "South Africa West", pair: "southafricanorth" },
  southcentralus: { display: "South Central US", pair: "northcentralus" },
  southeastasia: { display: "Southeast Asia", pair: "eastasia" },
  southindia: { display: "South India", pair: "centralindia" },
  spaincentral: { display: "Spain Central" },
  swedencentral: { display: "Sweden Central", pair: "swedensouth" },
  swedensouth: { display: "Sweden South", pair: "swedencentral" },
  switzerlandnorth: { display: "Switzerland North", pair: "switzerlandwest" },
  switzerlandwest: { display: "Switzerland West", pair: "switzerlandnorth" },
  uaecentral: { display: "UAE Central", pair: "uaenorth" },
  uaenorth: { display: "UAE North", pair: "uaecentral" },
  uksouth: { display: "UK South", pair: "ukwest" },
  ukwest: { display: "UK West", pair: "uksouth" },
  westcentralus: { display: "West Central US", pair: "westus2" },
  westeurope: { display: "West Europe", pair: "northeurope" },
  westindia: { display: "West India", pair: "southindia" },
  westus: { display: "West US", pair: "eastus" },
  westus2: { display: "West US 2", pair: "westcentralus" },
  westus3: { display: "West US 3", pair: "eastus" },
};

/** Azure's programmatic name of a region: `East US 2` → `eastus2`. */
export function regionName(location: string): string {
  return location.toLowerCase().replaceAll(/\s/g, "");
}

/** What people call the region: `eastus2` → `East US 2`; a region that is not in the list stays as it is. */
export function regionDisplayName(location: string): string {
  return regions[regionName(location)]?.display ?? location;
}

/** Where Azure keeps the geo-redundant copy of a region's storage: its pair, "none", or "unknown" for a newer region. */
export function regionPair(location: string): { pair: string } | "none" | "unknown" {
  const region = regions[regionName(location)];
  if (!region) return "unknown";
  return region.pair ? { pair: region.pair } : "none";
}

/** The known regions, by their programmatic names. */
export const knownRegions: readonly string[] = Object.keys(regions);

/** Those of them where storage can be geo-redundant. */
export const pairedRegions: readonly string[] = knownRegions.filter((name) => regions[name]?.pair !== undefined);
