import picomatch from "picomatch";
import type { Kind } from "../kinds/kind.js";
import type { ReplicationSettings, Selection } from "../settings.js";

/** Whether nothing of a kind is selected: it is not even listed then. In a name a star stands for slashes as well. */
export function isExcluded(
  settings: ReplicationSettings,
  { name, identity }: Pick<Kind, "name" | "identity">,
): boolean {
  const everything = identity.by !== "path" ? ["**", "*"] : ["**", "/**"];
  return settings.select?.[name]?.exclude?.some((glob) => everything.includes(glob)) ?? false;
}

/** Tells by its name, or path, whether an object is selected. */
export function selection(globs: Selection | undefined, kind: Pick<Kind, "identity">): (name: string) => boolean {
  // A name may have line breaks in it, and a star stands for those too.
  const options = { dot: true, bash: kind.identity.by !== "path", flags: "s" };
  const included = globs?.include?.length ? picomatch([...globs.include], options) : () => true;
  const excluded = globs?.exclude?.length ? picomatch([...globs.exclude], options) : () => false;
  return (name) => included(name) && !excluded(name);
}
