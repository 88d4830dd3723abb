import { equalValues, isObject, isSecret, signatureKey, type PropertyMap, type PropertyValue } from "./values.js";

/** How two objects differ, key by key. */
export interface ObjectDiff {
  adds: Map<string, PropertyValue>;
  deletes: Map<string, PropertyValue>;
  sames: Map<string, PropertyValue>;
  updates: Map<string, ValueDiff>;
}

export interface ArrayDiff {
  adds: Map<number, PropertyValue>;
  deletes: Map<number, PropertyValue>;
  sames: Map<number, PropertyValue>;
  updates: Map<number, ValueDiff>;
}

export interface ValueDiff {
  old: PropertyValue;
  new: PropertyValue;
  array?: ArrayDiff;
  object?: ObjectDiff;
}

export const emptyObjectDiff = (): ObjectDiff => ({
  adds: new Map(),
  deletes: new Map(),
  sames: new Map(),
  updates: new Map(),
});

export const emptyArrayDiff = (): ArrayDiff => ({
  adds: new Map(),
  deletes: new Map(),
  sames: new Map(),
  updates: new Map(),
});

export const hasChanges = (diff: ObjectDiff): boolean =>
  diff.adds.size > 0 || diff.deletes.size > 0 || diff.updates.size > 0;

export const diffKeys = (diff: ObjectDiff): string[] =>
  [...new Set([...diff.adds.keys(), ...diff.deletes.keys(), ...diff.sames.keys(), ...diff.updates.keys()])].sort();

/** Objects without a signature: secrets, assets and references are compared whole. */
const isPlainObject = (value: PropertyValue): value is PropertyMap => isObject(value) && !(signatureKey in value);

/** The difference of two values, or undefined when they are the same. */
export function diffValues(
  old: PropertyValue,
  value: PropertyValue,
  ignoreKey?: (key: string) => boolean,
): ValueDiff | undefined {
  if (Array.isArray(old) && Array.isArray(value)) {
    const array = emptyArrayDiff();
    for (let index = 0; index < Math.max(old.length, value.length); index++) {
      const before = old[index];
      const after = value[index];
      if (before === undefined) array.adds.set(index, after ?? null);
      else if (after === undefined) array.deletes.set(index, before);
      else {
        const diff = diffValues(before, after, ignoreKey);
        if (diff) array.updates.set(index, diff);
        else array.sames.set(index, before);
      }
    }
    const changed = array.adds.size + array.deletes.size + array.updates.size > 0;
    return changed ? { old, new: value, array } : undefined;
  }
  if (isPlainObject(old) && isPlainObject(value)) {
    const object = diffObjects(old, value, ignoreKey);
    return object ? { old, new: value, object } : undefined;
  }
  return equalValues(old, value) ? undefined : { old, new: value };
}

/** The difference of two objects, or undefined when they are the same. */
export function diffObjects(
  olds: PropertyMap,
  news: PropertyMap,
  ignoreKey: (key: string) => boolean = () => false,
): ObjectDiff | undefined {
  const result = emptyObjectDiff();
  for (const key of new Set([...Object.keys(olds), ...Object.keys(news)])) {
    if (ignoreKey(key)) continue;
    const before = olds[key] ?? null;
    const after = news[key] ?? null;
    const diff = diffValues(before, after, ignoreKey);
    if (!diff) {
      if (key in olds) result.sames.set(key, before);
    } else if (before === null) result.adds.set(key, after);
    else if (after === null) result.deletes.set(key, before);
    else result.updates.set(key, diff);
  }
  return hasChanges(result) ? result : undefined;
}

/** Whether old or new hide what they are. */
export const hidesValue = (diff: ValueDiff): boolean => isSecret(diff.old) || isSecret(diff.new);
