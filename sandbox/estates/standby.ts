import type { EstateCall } from "../estate.js";
import { buildPlatform } from "./company/platform.js";
import { EstateBuilder } from "./estate-builder.js";

/** What the company's platform team has in the standby of its own: people, a warehouse, scopes with the standby's values. */
export function standbyEstate(): readonly EstateCall[] {
  const estate = new EstateBuilder();
  buildPlatform(estate, "standby");
  return estate.calls;
}
