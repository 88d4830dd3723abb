import { isArray, isObject, type Json, type JsonObject, stringifyJson } from "./client/json.js";
import { canonical, fingerprint } from "./fingerprint.js";
import { redact } from "./redact.js";

/** What differs, by the path of each field, without secrets: `tasks[etl].timeout_seconds` → `0 → 600`. */
export type Changes = Readonly<Record<string, string>>;

export function changesBetween(before: JsonObject, after: JsonObject): Changes {
  const changes: Record<string, string> = {};
  compare("", redact(before), redact(after), changes);
  return changes;
}

/** In one line: `num_workers: 2 → 4, autotermination_minutes: 30 → 45`. */
export function describeChanges(changes: Changes): string {
  return Object.entries(changes)
    .map(([field, change]) => `${field}: ${change}`)
    .join(", ");
}

const missing = "(none)";

function compare(
  path: string,
  before: Json | undefined,
  after: Json | undefined,
  changes: Record<string, string>,
): void {
  if (isObject(before) && isObject(after)) {
    for (const key of [...new Set([...Object.keys(before), ...Object.keys(after)])].sort())
      compare(path === "" ? key : `${path}.${key}`, before[key], after[key], changes);
    return;
  }
  if (isArray(before) && isArray(after)) {
    compareLists(path, before, after, changes);
    return;
  }
  const [a, b] = [brief(before), brief(after)];
  if (a !== b) changes[path] = `${a} → ${b}`;
}

function compareLists(
  path: string,
  before: readonly Json[],
  after: readonly Json[],
  changes: Record<string, string>,
): void {
  const key = keyField(before) ?? keyField(after);
  const byKey = (list: readonly Json[]): Map<string, Json> =>
    new Map(list.map((each, index) => [key && isObject(each) ? String(each[key]) : String(index), each]));
  const [olds, news] = [byKey(before), byKey(after)];
  for (const each of new Set([...olds.keys(), ...news.keys()]))
    compare(`${path}[${each}]`, olds.get(each), news.get(each), changes);
}

/** Lists whose members have a name are compared by it, so that one insertion is not a change of all that follow. */
function keyField(list: readonly Json[]): string | undefined {
  return ["task_key", "job_cluster_key", "environment_key", "name"].find(
    (field) => list.length > 0 && list.every((each) => isObject(each) && typeof each[field] === "string"),
  );
}

/** A value as it is shown: without secrets, and not longer than a line. */
export function brief(value: Json | undefined): string {
  if (value === undefined) return missing;
  const text = stringifyJson(canonical(redact(value)));
  return text.length <= 120 ? text : `${text.slice(0, 100)}… #${fingerprint(value).slice(0, 8)}`;
}
