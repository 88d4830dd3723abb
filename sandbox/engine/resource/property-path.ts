import { isInternalKey, isObject, isSecret, secretElement, type PropertyMap, type PropertyValue } from "./values.js";

/** One step into a value: a key, an index, or `*` for all. */
export type PathElement = string | number;

/**
 * Reads `root.nested["with.dots"][0][*]`.
 * @throws when brackets or quotes are not closed
 */
export function parsePropertyPath(path: string): PathElement[] {
  const elements: PathElement[] = [];
  let rest = path;
  while (rest.length > 0) {
    if (rest.startsWith(".")) {
      rest = rest.slice(1);
    } else if (rest.startsWith('["')) {
      const match = /^\["((?:[^"\\]|\\.)*)"\]/.exec(rest);
      if (!match) throw new Error(`property path ${JSON.stringify(path)}: missing closing quote or bracket`);
      elements.push((match[1] ?? "").replaceAll('\\"', '"'));
      rest = rest.slice(match[0].length);
    } else if (rest.startsWith("[")) {
      const match = /^\[(\d+|\*)\]/.exec(rest);
      if (!match) throw new Error(`property path ${JSON.stringify(path)}: missing closing bracket or index`);
      elements.push(match[1] === "*" ? "*" : Number(match[1]));
      rest = rest.slice(match[0].length);
    } else {
      const match = /^[^.[]+/.exec(rest);
      if (!match) throw new Error(`property path ${JSON.stringify(path)} is malformed`);
      elements.push(match[0]);
      rest = rest.slice(match[0].length);
    }
  }
  return elements;
}

/** A name in dots where it can be, in brackets and quotes where it must. */
export function formatPropertyPath(elements: readonly PathElement[]): string {
  return elements
    .map((element, index) => {
      if (typeof element === "number") return `[${element}]`;
      if (/^[A-Za-z_$][\w$]*$/.test(element)) return index === 0 ? element : `.${element}`;
      return `["${element.replaceAll('"', '\\"')}"]`;
    })
    .join("");
}

/** Whether everything under `inner` lies under `outer`. */
export const pathContains = (outer: readonly PathElement[], inner: readonly PathElement[]): boolean =>
  outer.length <= inner.length &&
  outer.every((element, index) => element === "*" || String(element) === String(inner[index]));

/**
 * The new value with everything at `path` as it was in the old one.
 * Undefined stands for "not there", so a key that only one side has is put back or taken away.
 */
function resetAt(
  old: PropertyValue | undefined,
  value: PropertyValue | undefined,
  path: readonly PathElement[],
): PropertyValue | undefined {
  const [head, ...rest] = path;
  if (head === undefined) return old;
  if (value === undefined) return undefined;
  const target = secretElement(value);
  const source = old === undefined ? undefined : secretElement(old);
  if (Array.isArray(target)) {
    const copy = [...target];
    const indices = head === "*" ? copy.keys() : [Number(head)];
    for (const index of indices) {
      const reset = resetAt(Array.isArray(source) ? source[index] : undefined, copy[index], rest);
      if (reset !== undefined) copy[index] = reset;
    }
    return rewrap(value, copy);
  }
  if (!isObject(target)) return value;
  const copy: PropertyMap = { ...target };
  const keys = head === "*" ? Object.keys({ ...(isObject(source) ? source : {}), ...copy }) : [String(head)];
  for (const key of keys) {
    if (head === "*" && isInternalKey(key)) continue;
    const reset = resetAt(isObject(source) ? source[key] : undefined, copy[key], rest);
    if (reset === undefined) delete copy[key];
    else copy[key] = reset;
  }
  return rewrap(value, copy);
}

const rewrap = (original: PropertyValue, value: PropertyValue): PropertyValue =>
  isSecret(original) ? { ...original, value } : value;

/** The `ignoreChanges` option: new inputs with the named properties as the old inputs have them. */
export function ignoreChanges(inputs: PropertyMap, oldInputs: PropertyMap, paths: readonly string[]): PropertyMap {
  let result = inputs;
  for (const path of paths) {
    const reset = resetAt(oldInputs, result, parsePropertyPath(path));
    if (isObject(reset)) result = reset;
  }
  return result;
}
