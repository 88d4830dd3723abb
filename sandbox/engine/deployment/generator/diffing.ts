import { noDiff, type DetailedDiff, type DiffKind, type DiffResult } from "../../plugins/provider.js";
import { diffObjects, type ArrayDiff, type ObjectDiff, type ValueDiff } from "../../resource/object-diff.js";
import {
  formatPropertyPath,
  ignoreChanges as applyIgnoreChanges,
  parsePropertyPath,
  pathContains,
  type PathElement,
} from "../../resource/property-path.js";
import { mapProperties, revealSecrets, type PropertyMap } from "../../resource/values.js";

/** Stands for a resource that is not in order, among the properties that `replaceOnChanges` may name. */
const initErrorKey = "#initerror";

/** A diff's leaves, by path. */
function detail(diff: ObjectDiff | ArrayDiff, path: PathElement[], into: DetailedDiff): void {
  const put = (key: PathElement, diffKind: DiffKind): void => {
    into[formatPropertyPath([...path, key])] = { diffKind, inputDiff: true };
  };
  for (const key of diff.adds.keys()) put(key, "add");
  for (const key of diff.deletes.keys()) put(key, "delete");
  for (const [key, update] of diff.updates as Map<PathElement, ValueDiff>) {
    const inner = update.object ?? update.array;
    if (inner) detail(inner, [...path, key], into);
    else put(key, "update");
  }
}

/** What a provider that does not say comes to: whatever differs in the inputs is an update. */
export function textualDiff(oldInputs: PropertyMap, newInputs: PropertyMap, ignored: readonly string[]): DiffResult {
  const clear = (properties: PropertyMap): PropertyMap => mapProperties(properties, revealSecrets);
  const diff = diffObjects(clear(oldInputs), clear(applyIgnoreChanges(newInputs, oldInputs, ignored)));
  if (!diff) return noDiff;
  const detailedDiff: DetailedDiff = {};
  detail(diff, [], detailedDiff);
  const changedKeys = [...diff.adds.keys(), ...diff.deletes.keys(), ...diff.updates.keys()].sort();
  return { ...noDiff, changes: true, changedKeys, detailedDiff };
}

const inverse: Record<DiffKind, DiffKind> = {
  add: "delete",
  "add-replace": "delete-replace",
  delete: "add",
  "delete-replace": "add-replace",
  update: "update",
  "update-replace": "update-replace",
};

/** The same diff seen from the other side: what it adds, it deletes. */
export function invertDiff(diff: DiffResult): DiffResult {
  if (!diff.detailedDiff) return diff;
  const detailedDiff = Object.fromEntries(
    Object.entries(diff.detailedDiff).map(([path, { diffKind, inputDiff }]) => [
      path,
      { diffKind: inverse[diffKind], inputDiff },
    ]),
  );
  return { ...diff, detailedDiff };
}

const toReplace = (kind: DiffKind): DiffKind => (kind.endsWith("-replace") ? kind : (`${kind}-replace` as DiffKind));

/** Makes changes of the properties that `replaceOnChanges` names replace the resource. */
export function applyReplaceOnChanges(
  diff: DiffResult,
  replaceOnChanges: readonly string[],
  hasInitErrors: boolean,
): DiffResult {
  if (!diff.changes && !hasInitErrors) return diff;
  const paths = replaceOnChanges.map(parsePropertyPath);
  const named = (path: readonly PathElement[]): boolean => paths.some((outer) => pathContains(outer, path));
  const detailedDiff =
    diff.detailedDiff &&
    Object.fromEntries(
      Object.entries(diff.detailedDiff).map(([path, property]) => [
        path,
        named(parsePropertyPath(path)) ? { ...property, diffKind: toReplace(property.diffKind) } : property,
      ]),
    );
  const replaceKeys = new Set(diff.replaceKeys);
  for (const key of diff.changedKeys) if (named(parsePropertyPath(key))) replaceKeys.add(key);
  const replaceForErrors = hasInitErrors && named([initErrorKey]);
  if (replaceForErrors) replaceKeys.add(initErrorKey);
  return {
    ...diff,
    detailedDiff,
    replaceKeys: [...replaceKeys],
    changes: diff.changes || replaceForErrors,
  };
}
