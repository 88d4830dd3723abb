import { badRequest } from "../arm-error.js";
import { findRegion } from "../regions.js";

/** What a storage SKU's name says. https://learn.microsoft.com/azure/storage/common/storage-redundancy */
export interface Redundancy {
  readonly tier: "Standard" | "Premium";
  /** Kept in the paired region too. */
  readonly geo: boolean;
  /** Spread over the primary region's zones. */
  readonly zone: boolean;
  /** The paired region's copy can be read, at the `-secondary` endpoints. */
  readonly readAccess: boolean;
}

const kinds = new Map<string, readonly string[]>([
  ["Storage", ["Standard_LRS", "Standard_GRS", "Standard_RAGRS", "Premium_LRS"]],
  [
    "StorageV2",
    [
      "Standard_LRS",
      "Standard_ZRS",
      "Standard_GRS",
      "Standard_RAGRS",
      "Standard_GZRS",
      "Standard_RAGZRS",
      "Premium_LRS",
    ],
  ],
  ["BlobStorage", ["Standard_LRS", "Standard_GRS", "Standard_RAGRS"]],
  ["BlockBlobStorage", ["Premium_LRS", "Premium_ZRS"]],
  ["FileStorage", ["Premium_LRS", "Premium_ZRS", "Standard_LRS", "Standard_ZRS", "Standard_GRS", "Standard_GZRS"]],
]);

export function redundancyOf(sku: string): Redundancy {
  const name = sku.slice(sku.indexOf("_") + 1);
  return {
    tier: sku.startsWith("Premium_") ? "Premium" : "Standard",
    geo: name.endsWith("GRS") || name.endsWith("GZRS"),
    zone: name.endsWith("ZRS"),
    readAccess: name.startsWith("RA"),
  };
}

/**
 * Refuses a SKU or kind that Azure does not have, that do not go together, or that the region cannot give. The rules are
 * documented; of the codes `InvalidAccountType` and `InvalidValuesForRequestParameters` are Azure's.
 */
export function checkSku(sku: unknown, kind: unknown, location: string): void {
  if (typeof kind !== "string" || !kinds.has(kind))
    throw badRequest("InvalidValuesForRequestParameters", "Values for request parameters are invalid: kind.");
  const all = [...kinds.values()].flat();
  if (typeof sku !== "string" || !all.includes(sku))
    throw badRequest(
      "InvalidAccountType",
      `The AccountType ${String(sku)} is invalid. For more information, see - https://aka.ms/storageaccountskus`,
    );
  if (!kinds.get(kind)?.includes(sku))
    throw badRequest(
      "InvalidAccountType",
      `The AccountType ${sku} is invalid for the kind ${kind}. For more information, see - https://aka.ms/storageaccountskus`,
    );
  const region = findRegion(location);
  const { geo, zone } = redundancyOf(sku);
  if ((zone && !region?.zones) || (geo && !region?.pair))
    throw badRequest(
      "InvalidAccountType",
      `The AccountType ${sku} is not available in location '${location}'. For more information, see - https://aka.ms/storageaccountskus`,
    );
}
