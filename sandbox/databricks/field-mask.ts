import type { JsonObject } from "../http/json.js";
import { invalidParameter } from "./errors.js";
import { isObject } from "./request-fields.js";

/** `target` with the fields that an AIP-161 mask names taken from `changes`; a named field that is not given is removed. */
export function applyMask(target: JsonObject, changes: JsonObject, mask: string): JsonObject {
  if (mask === "*") return structuredClone(changes);
  const result = structuredClone(target);
  for (const path of mask.split(",")) {
    const steps = path.split(".");
    if (path === "" || path.includes(" ") || steps.includes("")) throw invalidParameter(`Invalid update_mask: ${mask}`);
    assign(result, changes, steps);
  }
  return result;
}

function assign(target: JsonObject, changes: JsonObject, [step = "", ...rest]: readonly string[]): void {
  const value = changes[step];
  if (rest.length === 0) {
    if (value === undefined) delete target[step];
    else target[step] = structuredClone(value);
    return;
  }
  if (!isObject(target[step])) target[step] = {};
  assign(target[step] as JsonObject, isObject(value) ? value : {}, rest);
}
