import type { EstateCall } from "../estate.js";
import { buildPlatform } from "./company/platform.js";
import { EstateBuilder } from "./estate-builder.js";

/**
 * What the company's platform team built in the standby by hand: pools and policies of the same names, scopes with the
 * standby's own values. Two things are missing there, as they would be: one pool and one policy.
 */
export function standbyEstate(): readonly EstateCall[] {
  const estate = new EstateBuilder();
  buildPlatform(estate, "standby");
  return estate.calls;
}
