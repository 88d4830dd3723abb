import { quoted } from "../values/printable.js";

/** A screenful: more than that is told in groups, and stands as a whole in a file. */
const mostShown = 40;

/** What is to be shown of one object, and in which group it is counted: `new`, `changed`, `removed`. */
export interface Shown<T> {
  readonly verb: string;
  readonly value: T;
}

/** Each entry, or beyond a screenful counts by folder, or the first and a count of the rest. */
export function folded<T>(
  entries: ReadonlyMap<string, Shown<T>>,
  areFolders: boolean,
): Readonly<Record<string, T | string>> {
  const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
  if (sorted.length <= mostShown) return Object.fromEntries(sorted.map(([label, { value }]) => [label, value]));
  if (areFolders) return byFolder(sorted);
  const shown = sorted.slice(0, mostShown - 1).map(([label, { value }]) => [label, value] as const);
  const rest = sorted.slice(mostShown - 1);
  return Object.fromEntries([...shown, [`… and ${rest.length} more`, tally(rest)]]);
}

/** Sentences that many objects share, each told once. */
export function foldedByReason(entries: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
  if (entries.size <= mostShown) return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
  const byReason = new Map<string, string[]>();
  for (const [label, why] of entries) byReason.set(why, [...(byReason.get(why) ?? []), label]);
  const groups = [...byReason].map(([why, labels]): [string, string] => {
    const [first = "", ...others] = labels.sort();
    return [others.length > 0 ? `${first} and ${others.length} more` : first, why];
  });
  groups.sort(([a], [b]) => (a < b ? -1 : 1));
  if (groups.length <= mostShown) return Object.fromEntries(groups);
  const rest = groups.slice(mostShown - 1);
  return Object.fromEntries([
    ...groups.slice(0, mostShown - 1),
    [`… and ${rest.length} more`, "each for a reason of its own"],
  ]);
}

type Entries<T> = readonly (readonly [string, Shown<T>])[];

/** The deepest level of folders of which there are few enough; what one folder has more than fit is counted together. */
function byFolder<T>(entries: Entries<T>): Readonly<Record<string, string>> {
  let groups = new Map<string, Entries<T>>([["/", entries]]);
  for (let depth = 2; ; depth++) {
    const deeper = new Map<string, (readonly [string, Shown<T>])[]>();
    for (const entry of entries) {
      const parts = entry[0].split("/");
      const folder = parts.slice(0, Math.min(depth, parts.length - 1)).join("/") || "/";
      const group = deeper.get(folder);
      if (group) group.push(entry);
      else deeper.set(folder, [entry]);
    }
    if (deeper.size > mostShown || deeper.size === groups.size) break;
    groups = deeper;
  }
  return Object.fromEntries([...groups].map(([folder, inside]) => [`below ${quoted(folder)}`, tally(inside)]));
}

/** `120 new, 3 changed` */
function tally<T>(entries: Entries<T>): string {
  const counts = new Map<string, number>();
  for (const [, { verb }] of entries) counts.set(verb, (counts.get(verb) ?? 0) + 1);
  return [...counts].map(([verb, count]) => `${count} ${verb}`).join(", ");
}
