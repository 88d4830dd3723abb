import { equal, isObject, type Properties } from "../property-values.js";

/**
 * The inputs after a refresh. What a service fills in by default is not drift, so outputs are compared with outputs, and
 * only what changed between them goes into the inputs; this is how azure-native does it.
 */
export function refreshedInputs(
  inputs: Properties,
  oldOutputs: Properties,
  newOutputs: Properties,
  names: readonly string[],
): Properties {
  const result = { ...inputs };
  for (const name of names) {
    const [old, now] = [oldOutputs[name], newOutputs[name]];
    if (equal(old, now)) continue;
    const value = withChanges(inputs[name], old, now);
    if (value === undefined) delete result[name];
    else result[name] = value;
  }
  return result;
}

function withChanges(input: unknown, old: unknown, now: unknown): unknown {
  if (equal(old, now)) return input;
  if (Array.isArray(input) && Array.isArray(old) && Array.isArray(now) && old.length === now.length)
    return input.map((item, index) => withChanges(item, old[index], now[index]));
  if (!isObject(old) || !isObject(now)) return now;
  const result: Properties = isObject(input) ? { ...input } : {};
  for (const key of new Set([...Object.keys(old), ...Object.keys(now)])) {
    const value = withChanges(result[key], old[key], now[key]);
    if (value === undefined) delete result[key];
    else result[key] = value;
  }
  return result;
}
