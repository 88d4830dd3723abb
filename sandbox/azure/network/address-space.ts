import type { JsonObject } from "../../http/json.js";
import { parseRange, type AddressRange } from "./address-range.js";
import { badRequest } from "../arm-error.js";
import { objectAt } from "../request-body.js";

/** The network's address space. @throws 400 where it is missing or malformed. */
export function addressSpaceOf(properties: JsonObject): AddressRange[] {
  const prefixes = objectAt(properties, "addressSpace").addressPrefixes;
  if (!Array.isArray(prefixes) || prefixes.length === 0)
    throw badRequest(
      "InvalidRequestFormat",
      "Cannot parse the request: 'addressSpace.addressPrefixes' must have at least one range.",
    );
  return prefixes.map((prefix) => {
    const range = parseRange(prefix);
    if (!range)
      throw badRequest(
        "InvalidCIDRNotation",
        `The address prefix ${String(prefix)} in resource has an invalid CIDR notation. For the given prefix length, the address prefix should be aligned.`,
      );
    return range;
  });
}
