import type { JsonObject } from "../../http/json.js";
import { invalidParameter } from "./errors.js";
import { isObject } from "./request-fields.js";

/** Maps and lists of a cluster: a mask names such a field whole.
 * https://docs.databricks.com/api/azure/workspace/clusters/update (update_mask) */
const maps = ["spark_conf", "spark_env_vars", "custom_tags", "init_scripts", "ssh_public_keys"];

/** `target` with the fields that an AIP-161 mask names taken from `changes`; a named field that is not given is removed. */
export function applyMask(target: JsonObject, changes: JsonObject, mask: string): JsonObject {
  if (mask === "*") return structuredClone(changes);
  const result = structuredClone(target);
  for (const path of mask.split(",")) {
    const steps = path.split(".");
    if (path === "" || path.includes(" ") || steps.includes("")) throw invalidParameter(`Invalid update_mask: ${mask}`);
    const map = maps.find((name) => name === steps[0]);
    if (map !== undefined && steps.length > 1)
      throw invalidParameter(`Invalid update_mask: ${path}. Elements of the map or list ${map} cannot be named.`);
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
