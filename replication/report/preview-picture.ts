import { type JsonObject, stringifyJson } from "../values/json.js";
import type { Changes } from "../values/changes.js";
import { canonical, fingerprint } from "../values/fingerprint.js";
import type { Item, Kind } from "../kinds/kind.js";
import { parseOrigin } from "../inventory/marker.js";
import { visible } from "../plan/compare.js";
import { madeTwice, runningClone } from "../apply/apply.js";
import { isCounterpart, type Plan, type PlannedCopy } from "../plan/plan.js";
import { printable, quoted } from "../values/printable.js";
import { redact, redactText } from "../values/redact.js";

/**
 * What a preview shows of one kind, taken from both workspaces. Pulumi shows how it differs from the last one, so each part is
 * kept by the object's label, its name and id on the source, and says the same again while the object stays the same.
 */
export interface ReplicaPicture {
  /** `nothing to do`, or what there is to do: `create 3, update 1, adopt 2, remove 1`; what is adopted stands there already. */
  readonly plan: string;
  /** What the standby has or will have: a fingerprint of the whole definition, and the gist of it. */
  readonly objects: Readonly<Record<string, string>>;
  /** The last change of each, field by field. */
  readonly changes: Readonly<Record<string, Changes>>;
  /** Hand edits and deletions on the standby, and who wins. */
  readonly conflicts: Readonly<Record<string, string>>;
  /** What is not copied until somebody does something, and what that is; and what a copy lacks that cannot start. */
  readonly needsPerson: Readonly<Record<string, string>>;
}

export const nothingToDo = "nothing to do";

/** @param before The last picture. */
export function pictureOf(plan: Plan, before: Partial<ReplicaPicture>): ReplicaPicture {
  const picture = {
    objects: {} as Record<string, string>,
    changes: {} as Record<string, Changes>,
    conflicts: {} as Record<string, string>,
    needsPerson: {} as Record<string, string>,
  };
  for (const copy of plan.copies) {
    const label = labelOf(copy.source);
    const said = before.objects?.[label];
    const line = stays(copy) ? lineThatStays(plan.kind, copy, said) : lineFor(plan.kind, copy);
    if (line !== undefined) picture.objects[label] = printable(line);
    const changes = changesOf(copy) ?? before.changes?.[label];
    if (changes && line !== undefined) picture.changes[label] = changes;
    if (copy.conflict !== undefined) picture.conflicts[label] = printable(redactText(copy.conflict));
    if (copy.notReady !== undefined) picture.needsPerson[label] = printable(redactText(copy.notReady));
    if (copy.action === "blocked") picture.needsPerson[label] = printable(redactText(copy.why.join("; ")));
  }
  for (const twin of plan.twins) picture.needsPerson[`${shown(twin.name)} [${twin.id}]`] = madeTwice;
  for (const item of plan.foreign) {
    const alarm = runningClone(plan.kind, item);
    if (alarm !== undefined) picture.needsPerson[`${shown(item.name)} [${item.id}]`] = alarm;
  }
  for (const { copy, action, why } of plan.orphans)
    if (action === "keep") picture.objects[labelOf(copy)] = `kept: ${why}`;
  return { plan: tally(plan), ...picture };
}

/** Whether the copy stays as it is, whatever has become of its original. */
function stays(copy: PlannedCopy): boolean {
  const { action, actual, conflict } = copy;
  if (action === "skip" || action === "blocked") return actual !== undefined && isCounterpart(copy);
  return conflict !== undefined && (action === "none" || action === "settle");
}

/** A hand edit that stays shows as it is; what cannot follow its original for now, as it was last copied. */
function lineThatStays(kind: Kind, { actual, conflict }: PlannedCopy, said: string | undefined): string {
  return conflict === undefined && said !== undefined ? said : lineOf(kind, visible(kind, actual!.definition));
}

/** The line of an object that is, or will be, on the standby; undefined where no copy is, or will be. */
function lineFor(kind: Kind, { action, prepared }: PlannedCopy): string | undefined {
  if (action === "skip" || action === "blocked" || !prepared) return undefined;
  return lineOf(kind, prepared.definition, prepared.held);
}

/** `#3fa9c1d2 15.4.x-scala2.12, 2 × Standard_DS3_v2; held schedule {…}` */
function lineOf(kind: Kind, definition: JsonObject, held?: JsonObject): string {
  const mark = fingerprint(held ? { definition, held } : { definition }).slice(0, 8);
  const triggers = Object.entries(held ?? {}).map(
    ([field, value]) => `held ${field} ${stringifyJson(canonical(redact(value!, field)))}`,
  );
  return [`#${mark} ${redactText(kind.summary(definition))}`, ...triggers].join("; ");
}

function changesOf({ action, changes = {}, reheld }: PlannedCopy): Changes | undefined {
  const writes = action === "update" || action === "settle" || action === "note";
  return writes && Object.keys(changes).length > 0 ? changes : reheld;
}

/** Name and first id: the same before and after a failback, and for a copy whose original is gone. */
export function labelOf({ name, origin }: Item): string {
  const first = parseOrigin(origin).id;
  return name === first ? shown(name) : `${shown(name)} [${first}]`;
}

/** Pulumi hides what begins with two underscores, and passes on to the terminal what that obeys. */
function shown(name: string): string {
  const text = redactText(name);
  return text.startsWith("__") || printable(text) !== text ? quoted(name) : text;
}

function tally({ copies, orphans, twins }: Plan): string {
  const count = (action: PlannedCopy["action"]): number => copies.filter((each) => each.action === action).length;
  const adopted = copies.filter((each) => each.action === "note" && each.adopted).length;
  const settling = [
    ...copies.filter((each) => each.settling || (each.reheld && each.action !== "settle")),
    ...orphans.filter((each) => each.settling),
    ...twins.filter((each) => each.unsettled?.length),
  ].length;
  const parts = [
    [count("create"), "create"],
    [count("update") + count("settle") + settling + count("note") - adopted, "update"],
    [adopted, "adopt"],
    [orphans.filter(({ action }) => action === "remove").length, "remove"],
  ] as const;
  const text = parts.filter(([number]) => number > 0).map(([number, verb]) => `${verb} ${number}`);
  return text.length > 0 ? text.join(", ") : nothingToDo;
}
