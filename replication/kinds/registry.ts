import type { KindName } from "../settings.js";
import { clusters } from "./clusters.js";
import { initScripts } from "./init-scripts.js";
import { jobs } from "./jobs.js";
import type { Kind } from "./kind.js";
import { mounts } from "./mounts.js";

/** Every replicated kind. Which depends on which is for the program to say, by the id maps that it hands on. */
export const kinds: readonly Kind[] = [initScripts, clusters, mounts, jobs];

export function isKindName(name: string): name is KindName {
  return kinds.some((kind) => kind.name === name);
}

export function kindNamed(name: KindName): Kind {
  const kind = kinds.find((each) => each.name === name);
  if (!kind) throw new Error(`no such kind: ${name}`);
  return kind;
}
