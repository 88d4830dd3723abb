import { isArray, isObject, type Json, type JsonObject, stringifyJson } from "./json.js";
import { canonical, fingerprint, sameJson } from "./fingerprint.js";
import { printable } from "./printable.js";
import { redact, redactText } from "./redact.js";

/** What differs, by the path of each field, without secrets: `tasks[etl].timeout_seconds` → `0 → 600`. */
export type Changes = Readonly<Record<string, string>>;

export function changesBetween(before: JsonObject, after: JsonObject): Changes {
  const changes: Record<string, string> = {};
  compare("", valueOf(before), valueOf(after), changes);
  return Object.fromEntries(
    Object.entries(changes).map(([field, change]) => [printable(redactText(field)), printable(change)]),
  );
}

/** In one line: `num_workers: 2 → 4, autotermination_minutes: 30 → 45`. */
export function describeChanges(changes: Changes): string {
  return Object.entries(changes)
    .map(([field, change]) => `${field}: ${change}`)
    .join(", ");
}

const missing = "(none)";

/** A part of a definition, and how it is shown: whether it is hidden depends on what it stands beside. */
interface Value {
  readonly raw: Json | undefined;
  readonly shown: Json | undefined;
}

const nothing: Value = { raw: undefined, shown: undefined };

function valueOf(raw: Json): Value {
  return { raw, shown: redact(raw) };
}

function fieldOf({ raw, shown }: Value, field: string): Value {
  return { raw: (raw as JsonObject)[field], shown: (shown as JsonObject)[field] };
}

function elementsOf({ raw, shown }: Value): Value[] {
  return (raw as readonly Json[]).map((each, index) => ({ raw: each, shown: (shown as readonly Json[])[index] }));
}

/** What is the same is no change, also where it is hidden now and was not before, for the sake of a neighbour. */
function compare(path: string, before: Value, after: Value, changes: Record<string, string>): void {
  if (sameJson(before.raw, after.raw)) return;
  if (isObject(before.raw) && isObject(after.raw)) {
    for (const field of [...new Set([...Object.keys(before.raw), ...Object.keys(after.raw)])].sort())
      compare(path === "" ? field : `${path}.${field}`, fieldOf(before, field), fieldOf(after, field), changes);
    return;
  }
  if (isArray(before.raw) && isArray(after.raw)) {
    for (const [label, old, young] of paired(elementsOf(before), elementsOf(after)))
      compare(`${path}[${label}]`, old, young, changes);
    return;
  }
  changes[path] = `${textOf(before.shown)} → ${textOf(after.shown)}`;
}

type Pair = readonly [label: string, before: Value, after: Value];

/** Which members of two lists are to be compared with each other: those of one name, else what stands between equals. */
function paired(before: readonly Value[], after: readonly Value[]): Pair[] {
  const key = keyField(before, after);
  return key === undefined ? pairedByPlace(before, after) : pairedByKey(key, before, after);
}

/** Lists whose members have a name are compared by it, so that one insertion is not a change of all that follow. */
function keyField(...lists: readonly (readonly Value[])[]): string | undefined {
  return ["task_key", "job_cluster_key", "environment_key", "name"].find((field) =>
    lists.every((list) => {
      const keys = list.map(({ raw }) => (isObject(raw) ? raw[field] : undefined));
      return keys.every((key) => typeof key === "string") && new Set(keys).size === keys.length;
    }),
  );
}

function pairedByKey(key: string, before: readonly Value[], after: readonly Value[]): Pair[] {
  const byKey = (list: readonly Value[]): Map<string, Value> =>
    new Map(list.map((each) => [String(fieldOf(each, key).shown), each]));
  const [olds, youngs] = [byKey(before), byKey(after)];
  return [...new Set([...olds.keys(), ...youngs.keys()])].map((name) => [
    name,
    olds.get(name) ?? nothing,
    youngs.get(name) ?? nothing,
  ]);
}

/** What was put in or taken out moves its neighbours and changes none of them. A label is a place in the new list. */
function pairedByPlace(before: readonly Value[], after: readonly Value[]): Pair[] {
  const pairs: Pair[] = [];
  const removed: [number, Value][] = [];
  let [at, to] = [0, 0];
  for (const [nextAt, nextTo] of [...equals(before, after), [before.length, after.length] as const]) {
    for (; to < nextTo; to++) pairs.push([String(to), at < nextAt ? before[at++]! : nothing, after[to]!]);
    for (; at < nextAt; at++) removed.push([at, before[at]!]);
    [at, to] = [nextAt + 1, nextTo + 1];
  }
  const taken = new Set(pairs.map(([label]) => label));
  const gone = removed.map(([place, value]): Pair => {
    const label = taken.has(String(place)) ? `${place} before` : String(place);
    return [label, value, nothing];
  });
  return [...pairs, ...gone];
}

/** Lists longer than that are compared place by place: the work grows with the square. */
const mostCompared = 500;

/** The places of a longest run of members that both lists have in the same order. */
function equals(before: readonly Value[], after: readonly Value[]): (readonly [number, number])[] {
  if (Math.max(before.length, after.length) > mostCompared) return [];
  const text = ({ raw }: Value): string => stringifyJson(canonical(raw ?? null));
  const [olds, youngs] = [before.map(text), after.map(text)];
  const lengths = Array.from({ length: olds.length + 1 }, () => new Array<number>(youngs.length + 1).fill(0));
  for (let i = olds.length - 1; i >= 0; i--)
    for (let j = youngs.length - 1; j >= 0; j--)
      lengths[i]![j] =
        olds[i] === youngs[j] ? lengths[i + 1]![j + 1]! + 1 : Math.max(lengths[i + 1]![j]!, lengths[i]![j + 1]!);
  const found: [number, number][] = [];
  for (let [i, j] = [0, 0]; i < olds.length && j < youngs.length;) {
    if (olds[i] === youngs[j]) found.push([i++, j++]);
    else if (lengths[i + 1]![j]! >= lengths[i]![j + 1]!) i++;
    else j++;
  }
  return found;
}

/** A value as it is shown: without secrets, and not longer than a line. */
export function brief(value: Json | undefined): string {
  return printable(textOf(value === undefined ? undefined : redact(value)));
}

function textOf(shown: Json | undefined): string {
  if (shown === undefined) return missing;
  const text = stringifyJson(canonical(shown));
  return text.length <= 120 ? text : `${text.slice(0, 100)}… #${fingerprint(shown).slice(0, 8)}`;
}
