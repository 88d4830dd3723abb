import { createHash } from "node:crypto";
import { parseOrigin } from "../inventory/marker.js";
import type { Item, Kind } from "../kinds/kind.js";
import { visible } from "../plan/compare.js";
import { isCounterpart, type Plan, type PlannedCopy } from "../plan/planned.js";
import { madeTwice, runningClone } from "../plan/strangers.js";
import type { Changes } from "../values/changes.js";
import { canonical, fingerprint } from "../values/fingerprint.js";
import { type JsonObject, stringifyJson } from "../values/json.js";
import { printable, quoted } from "../values/printable.js";
import { redact, redactText } from "../values/redact.js";
import { folded, foldedByReason, type Shown } from "./folding.js";

/**
 * What a preview shows of one kind, taken from both workspaces: what this run would change and what waits for a person, by the
 * object's label, its name and id on the source; what stays as it is, as a number. A screenful at any size. Pulumi shows how it
 * differs from the last one, and it is the same again while nothing changes.
 */
export interface ReplicaPicture {
  /** `nothing to do`, or what there is to do: `create 3, update 1, adopt 2, remove 1`; what is adopted stands there already. */
  readonly plan: string;
  /** How many copies stay as they are. */
  readonly unchanged: number;
  /** What becomes of each, field by field; of what is new, the gist of it. */
  readonly changes: Readonly<Record<string, Changes | string>>;
  /** Hand edits and deletions on the standby, and who wins. */
  readonly conflicts: Readonly<Record<string, string>>;
  /** What is not copied until somebody does something, and what that is; and what a copy lacks that cannot start. */
  readonly needsPerson: Readonly<Record<string, string>>;
  /** Fingerprint of all that the standby has or will have, and of what is said of it. */
  readonly digest: string;
}

export const nothingToDo = "nothing to do";

/** A picture of a kind that is not compared in this run: it stands as it was. */
export function unseenPicture(
  plan: string,
  { unchanged = 0, digest = "", ...before }: Partial<ReplicaPicture>,
  needsPerson: ReplicaPicture["needsPerson"] = {},
): ReplicaPicture {
  return {
    plan,
    unchanged,
    changes: plan === nothingToDo ? {} : (before.changes ?? {}),
    conflicts: {},
    needsPerson,
    digest,
  };
}

/** @param before The last picture: what it said of objects that stay as they are it says again, so that no line seems gone. */
export function pictureOf(plan: Plan, before: Partial<ReplicaPicture>): ReplicaPicture {
  const { kind } = plan;
  const changes = new Map<string, Shown<Changes | string>>();
  const [conflicts, needsPerson] = [new Map<string, string>(), new Map<string, string>()];
  const kept = new Map<string, string>();
  const marks: string[] = [];
  let unchanged = 0;
  for (const copy of plan.copies) {
    const label = labelOf(copy.source);
    const mark = markOf(kind, copy);
    if (mark !== undefined) marks.push(`${label} ${mark}`);
    const change = changeOf(kind, copy);
    if (change) changes.set(label, change);
    else if (copy.actual && isCounterpart(copy)) unchanged += 1;
    if (copy.conflict !== undefined) conflicts.set(label, printable(redactText(copy.conflict)));
    if (stays(copy)) kept.set(label, printable(redactText(copy.conflict!)));
    const needs = [copy.stuck, copy.notReady].filter((each) => each !== undefined).join("; ");
    if (needs) needsPerson.set(label, printable(redactText(needs)));
    if (copy.action === "blocked") needsPerson.set(label, printable(redactText(copy.why.join("; "))));
  }
  for (const twin of plan.twins) needsPerson.set(`${shown(twin.name)} [${twin.id}]`, madeTwice);
  for (const item of plan.foreign) {
    const alarm = runningClone(kind, item);
    if (alarm !== undefined) needsPerson.set(`${shown(item.name)} [${item.id}]`, alarm);
  }
  for (const { copy, action, settling, isNew, why } of plan.orphans) {
    if (action === "remove") changes.set(labelOf(copy), { verb: "removed", value: `removed: ${why}` });
    else if (isNew)
      changes.set(labelOf(copy), { verb: "kept", value: [`kept: ${why}`, ...(settling ?? [])].join("; ") });
    else if (settling) changes.set(labelOf(copy), { verb: "made inert", value: settling.join("; ") });
    if (action === "keep") marks.push(`${labelOf(copy)} kept: ${why}`);
  }
  const text = tallyOf(plan);
  return {
    plan: text,
    unchanged,
    changes: changes.size === 0 ? {} : withEarlier(folded(changes, kind.identity.by === "path"), before.changes ?? {}),
    conflicts: foldedByReason(conflicts),
    needsPerson: foldedByReason(needsPerson),
    digest: digestOf(marks, needsPerson, kept),
  };
}

const mostEarlier = 100;

/** Pulumi shows what is gone from a picture as removed: what was said of an object before stays, as long as there is room. */
function withEarlier(now: ReplicaPicture["changes"], earlier: ReplicaPicture["changes"]): ReplicaPicture["changes"] {
  const all = { ...earlier, ...now };
  return Object.keys(all).length <= mostEarlier ? all : now;
}

function digestOf(marks: readonly string[], ...said: readonly ReadonlyMap<string, string>[]): string {
  const hash = createHash("sha256");
  for (const line of [...marks].sort()) hash.update(`${line}\n`);
  for (const map of said) for (const [label, why] of [...map].sort()) hash.update(`${label}: ${why}\n`);
  return hash.digest("hex").slice(0, 16);
}

/** Whether a hand edit is kept. Where the source wins, a conflict is over once it is applied. */
function stays({ conflict, action }: PlannedCopy): boolean {
  return conflict !== undefined && (action === "none" || action === "settle");
}

/** Tells whether what the standby has or will have of an object is the same as before; undefined where it has nothing. */
function markOf(kind: Kind, copy: PlannedCopy): string | undefined {
  const { action, actual, source, prepared } = copy;
  if (action === "skip" || action === "blocked") return actual && isCounterpart(copy) ? "stays" : undefined;
  if (stays(copy)) return fingerprint(visible(kind, actual?.definition ?? {}));
  // What is dear to look at is told by its stamp, whether it was looked at in this run or not.
  if (kind.define) return source.stamp ?? "";
  if (!prepared) return undefined;
  const { definition, held } = prepared;
  return fingerprint(held ? { definition, held } : definition);
}

function changeOf(kind: Kind, copy: PlannedCopy): Shown<Changes | string> | undefined {
  const { action, prepared, changes = {}, reheld, settling, actual, access } = copy;
  if (action === "create")
    return { verb: "new", value: gistOf(kind, prepared?.definition ?? {}, prepared?.held, copy.conflict) };
  const writes = action === "update" || action === "settle" || action === "note" || access?.wanted !== undefined;
  const fields = writes && Object.keys(changes).length > 0 ? changes : reheld;
  if (fields) return { verb: "changed", value: fields };
  const inert = settling ?? (action === "settle" ? actual?.unsettled : undefined);
  if (inert) return { verb: "made inert", value: inert.join("; ") };
  return action === "update" ? { verb: "changed", value: "written again" } : undefined;
}

/** `new: 15.4.x-scala2.12, 2 × Standard_DS3_v2; held schedule {…}` */
function gistOf(
  kind: Kind,
  definition: JsonObject,
  held: JsonObject | undefined,
  conflict: string | undefined,
): string {
  const what = kind.define && Object.keys(definition).length === 0 ? kind.singular : kind.summary(definition);
  const triggers = Object.entries(held ?? {}).map(
    ([field, value]) => `held ${field} ${stringifyJson(canonical(redact(value!, field)))}`,
  );
  const again = conflict === undefined ? "new" : "made again";
  return printable([`${again}: ${redactText(what)}`, ...triggers].join("; "));
}

/** Name and first id: the same before and after a failback, and for a copy whose original is gone. */
export function labelOf({ name, origin }: Pick<Item, "name" | "origin">): string {
  const first = parseOrigin(origin).id;
  return name === first ? shown(name) : `${shown(name)} [${first}]`;
}

/** Pulumi hides what begins with two underscores, and passes on to the terminal what that obeys. */
function shown(name: string): string {
  const text = redactText(name);
  return text.startsWith("__") || printable(text) !== text ? quoted(name) : text;
}

function tallyOf({ copies, orphans, twins }: Plan): string {
  const count = (test: (copy: PlannedCopy) => unknown): number => copies.filter(test).length;
  const settling = [
    ...copies.filter((each) => each.settling || (each.reheld && each.action !== "settle")),
    ...copies.filter((each) => each.access && (each.action === "none" || each.action === "note") && !each.settling),
    ...orphans.filter((each) => each.settling),
    ...twins.filter((each) => each.unsettled?.length),
  ].length;
  const noted = (each: PlannedCopy): boolean => each.action === "note";
  const parts = [
    [count(({ action }) => action === "create"), "create"],
    [
      count(({ action }) => action === "update" || action === "settle") +
        settling +
        count((each) => noted(each) && !each.adopted && !each.standIn),
      "update",
    ],
    [count((each) => noted(each) && each.adopted), "adopt"],
    [count((each) => noted(each) && each.standIn), "map"],
    [orphans.filter(({ action }) => action === "remove").length, "remove"],
  ] as const;
  const text = parts.filter(([number]) => number > 0).map(([number, verb]) => `${verb} ${number}`);
  return text.length > 0 ? text.join(", ") : nothingToDo;
}
