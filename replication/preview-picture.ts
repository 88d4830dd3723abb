import { type JsonObject, stringifyJson } from "./client/json.js";
import { canonical, fingerprint } from "./fingerprint.js";
import type { Item, Kind } from "./kinds/kind.js";
import { describeLine } from "./ledger.js";
import { parseOrigin } from "./marker.js";
import type { Plan, PlannedCopy } from "./plan.js";
import { redact, redactText } from "./redact.js";

/** What a preview shows of one kind, taken from both workspaces. */
export interface ReplicaPicture {
  /** `nothing to do`, or what there is to do: `create 3, update 1, remove 2`. */
  readonly plan: string;
  /**
   * What the standby has or will have, a line for each object, by name and id on the source: a fingerprint of the whole
   * definition, the gist of it, and field by field what its last change was.
   */
  readonly objects: Readonly<Record<string, string>>;
  /** Hand edits on the standby, field by field, and who wins. */
  readonly conflicts: readonly string[];
  /** What is not copied until somebody does something. */
  readonly needsPerson: readonly string[];
}

export const nothingToDo = "nothing to do";

const mostChanges = 12;
const changedMark = "; changed ";

/** `before` is what the last picture said of the objects: a line whose object is the same is said again, word for word. */
export function pictureOf({ kind, copies, orphans }: Plan, before: ReplicaPicture["objects"]): ReplicaPicture {
  const objects: Record<string, string> = {};
  const needsPerson: string[] = [];
  const conflicts: string[] = [];
  for (const copy of copies) {
    const label = labelOf(copy.source);
    const said = before[label];
    if (copy.action === "blocked") needsPerson.push(blockedLine(kind, copy));
    if (copy.conflict) conflicts.push(`${kind.name} ${label}: ${copy.conflict}`);
    if (copy.action === "create" && said !== undefined && !copy.conflict)
      conflicts.push(`${kind.name} ${label}: gone from the standby; it is made again`);
    const line = stays(copy) ? lineThatStays(kind, copy, said) : lineFor(kind, copy, said);
    if (line !== undefined) objects[label] = line;
  }
  for (const { copy, action, why } of orphans) if (action === "keep") objects[labelOf(copy)] = `kept: ${why}`;
  const removals = orphans.filter(({ action }) => action === "remove").length;
  return { plan: tally(copies, removals), objects, conflicts: conflicts.sort(), needsPerson: needsPerson.sort() };
}

function blockedLine(kind: Kind, { source, why }: PlannedCopy): string {
  const { name, id } = source;
  return describeLine({ kind: kind.name, name, id, outcome: "needs-a-person", why: why.join("; ") });
}

/** Whether the copy stays as it is, whatever has become of its original. */
function stays({ action, actual, conflict }: PlannedCopy): boolean {
  if (action === "skip" || action === "blocked") return actual !== undefined;
  return conflict !== undefined && (action === "none" || action === "settle");
}

/** A hand edit that stays shows as it is; what cannot follow its original for now, as it was last copied. */
function lineThatStays(kind: Kind, { actual, conflict }: PlannedCopy, said: string | undefined): string {
  const line = lineOf(kind, actual!.definition);
  return conflict === undefined && said !== undefined ? said : line;
}

/** The objects without what their last change was: that is news once, and no reason for another run. */
export function unchanging(objects: ReplicaPicture["objects"]): ReplicaPicture["objects"] {
  return Object.fromEntries(Object.entries(objects).map(([label, line]) => [label, line.split(changedMark, 1)[0]!]));
}

/** The line of an object that is, or will be, on the standby; undefined where no copy is, or will be. */
function lineFor(
  kind: Kind,
  { action, prepared, changes = [] }: PlannedCopy,
  said: string | undefined,
): string | undefined {
  if (action === "skip" || action === "blocked" || !prepared) return undefined;
  const line = lineOf(kind, prepared.definition, prepared.held);
  const mark = line.split(" ", 1)[0]!;
  if (said?.startsWith(`${mark} `)) return said;
  if (action === "create" || changes.length === 0) return line;
  const rest = changes.length > mostChanges ? [`… and ${changes.length - mostChanges} more`] : [];
  return `${line}${changedMark}${[...changes.slice(0, mostChanges), ...rest].join("; ")}`;
}

/** `#3fa9c1d2 15.4.x-scala2.12, 2 × Standard_DS3_v2; held schedule {…}` */
function lineOf(kind: Kind, definition: JsonObject, held?: JsonObject): string {
  const mark = fingerprint(held ? { definition, held } : { definition }).slice(0, 8);
  const triggers = Object.entries(held ?? {}).map(
    ([field, value]) => `held ${field} ${stringifyJson(canonical(redact(value!, field)))}`,
  );
  return [`#${mark} ${redactText(kind.summary(definition))}`, ...triggers].join("; ");
}

/** Name and first id: the same before and after a failback, and for a copy whose original is gone. */
export function labelOf({ name, origin }: Item): string {
  const first = parseOrigin(origin).id;
  return name === first ? name : `${name} [${first}]`;
}

function tally(copies: readonly PlannedCopy[], removals: number): string {
  const count = (...actions: PlannedCopy["action"][]): number =>
    copies.filter(({ action }) => actions.includes(action)).length;
  const parts = [
    [count("create"), "create"],
    [count("update", "settle"), "update"],
    [count("note"), "note"],
    [removals, "remove"],
  ] as const;
  const text = parts.filter(([number]) => number > 0).map(([number, verb]) => `${verb} ${number}`);
  return text.length > 0 ? text.join(", ") : nothingToDo;
}
