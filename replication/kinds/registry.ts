import type { KindName } from "../settings.js";
import { clusterPolicies } from "./cluster-policies.js";
import { clusters } from "./clusters.js";
import { folders } from "./folders.js";
import { initScripts } from "./init-scripts.js";
import { instancePools } from "./instance-pools.js";
import { jobs } from "./jobs.js";
import type { Kind } from "./kind.js";
import { mounts } from "./mounts.js";
import { notebooks } from "./notebooks.js";
import { uncopied } from "./uncopied.js";

/** Every replicated kind, each after those that it comes after. All that lists kinds is derived from this. */
export const kinds: readonly Kind[] = inOrder([
  initScripts,
  instancePools,
  clusterPolicies,
  clusters,
  mounts,
  jobs,
  folders,
  notebooks,
]);

export function isKindName(name: string): name is KindName {
  return kinds.some((kind) => kind.name === name);
}

export function kindNamed(name: KindName): Kind {
  const kind = kinds.find((each) => each.name === name);
  if (!kind) throw new Error(`no such kind: ${name}`);
  return kind;
}

/** What one object of a kind is called, replicated or not: `instance pool`. */
export function singularOf(name: string): string {
  return kinds.find((kind) => kind.name === name)?.singular ?? uncopied[name] ?? name;
}

/** Every kind whose ids a configuration may map: replicated ones, and what they refer to. */
export const mappableKinds: readonly string[] = [
  ...new Set(
    kinds.flatMap(({ name, identity, references = [] }) => [
      ...(identity.by === "path" ? [] : [name]),
      ...references.map(({ kind }) => kind),
    ]),
  ),
];

/** @throws where a kind comes after one that is not registered, or two after each other. */
function inOrder(registered: readonly Kind[]): readonly Kind[] {
  const ordered: Kind[] = [];
  while (ordered.length < registered.length) {
    const next = registered.find(
      (kind) =>
        !ordered.includes(kind) && (kind.after ?? []).every((name) => ordered.some((each) => each.name === name)),
    );
    if (!next) throw new Error(`kinds: no order for ${registered.map(({ name }) => name).join(", ")}`);
    ordered.push(next);
  }
  return ordered;
}
