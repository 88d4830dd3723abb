import type { StepMetadata } from "../../deployment/events.js";
import type { DiffKind } from "../../plugins/provider.js";
import {
  diffValues,
  emptyArrayDiff,
  emptyObjectDiff,
  hasChanges,
  type ObjectDiff,
  type ValueDiff,
} from "../../resource/object-diff.js";
import { parsePropertyPath, type PathElement } from "../../resource/property-path.js";
import { isObject, isSecret, unknownValue, type PropertyValue } from "../../resource/values.js";

function property(parent: PropertyValue | undefined, key: PathElement): PropertyValue | undefined {
  if (parent === undefined || parent === null) return undefined;
  // What is hidden or not known yet may hold anything.
  if (isSecret(parent) || parent === unknownValue) return parent;
  if (Array.isArray(parent)) return typeof key === "number" ? parent[key] : undefined;
  return isObject(parent) ? parent[String(key)] : undefined;
}

/** Puts what a provider says of one path into the diff of the values around it. */
function insert(
  path: readonly PathElement[],
  kind: DiffKind,
  parent: ValueDiff,
  old: PropertyValue | undefined,
  value: PropertyValue | undefined,
): void {
  const [key, ...rest] = path;
  if (key === undefined) return;
  const before = property(old, key);
  const after = property(value, key);
  if (typeof key === "number") parent.array ??= emptyArrayDiff();
  else parent.object ??= emptyObjectDiff();
  const diff = (typeof key === "number" ? parent.array : parent.object) as unknown as {
    adds: Map<PathElement, PropertyValue>;
    deletes: Map<PathElement, PropertyValue>;
    updates: Map<PathElement, ValueDiff>;
  };
  if (rest.length > 0) {
    if ((before ?? null) === null && (after ?? null) !== null) diff.adds.set(key, after ?? null);
    else if ((before ?? null) !== null && (after ?? null) === null) diff.deletes.set(key, before ?? null);
    else {
      const inner = diff.updates.get(key) ?? { old: before ?? null, new: after ?? null };
      insert(rest, kind, inner, before, after);
      diff.updates.set(key, inner);
    }
    return;
  }
  if (kind.startsWith("add")) diff.adds.set(key, after ?? unknownValue);
  else if (kind.startsWith("delete")) diff.deletes.set(key, before ?? unknownValue);
  else diff.updates.set(key, diffValues(before ?? null, after ?? null) ?? { old: before ?? null, new: after ?? null });
}

/** A provider's own diff as one of objects. Undefined when it names nothing. */
export function translateDetailedDiff(step: StepMetadata, refresh: boolean): ObjectDiff | undefined {
  const root: ValueDiff = { old: {}, new: {} };
  for (const [path, { diffKind, inputDiff }] of Object.entries(step.detailedDiff ?? {})) {
    const old = inputDiff ? step.old?.inputs : step.old?.outputs;
    const value = refresh && !inputDiff ? step.new?.outputs : step.new?.inputs;
    insert(pathOf(path), diffKind, root, old, value);
  }
  return root.object && hasChanges(root.object) ? root.object : undefined;
}

function pathOf(path: string): PathElement[] {
  try {
    return parsePropertyPath(path);
  } catch {
    return [path]; // A provider may name a property in a way of its own.
  }
}
