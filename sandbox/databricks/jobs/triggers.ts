import type { JsonObject } from "../../http/json.js";
import { invalidParameter } from "../http/errors.js";
import { isTimezone } from "./java-time-zones.js";
import { nextQuartzTime, quartzMistake } from "./quartz.js";
import { isObject, objectField, objectList } from "../http/request-fields.js";

export type TriggerKind = "cron" | "periodic" | "continuous" | "file_arrival" | "table_update" | "model" | "other";

/** One trigger of a job, wherever in the settings it stands. */
export interface JobTrigger {
  readonly kind: TriggerKind;
  readonly paused: boolean;
  readonly config: JsonObject;
}

const units: Readonly<Record<string, number>> = {
  MINUTES: 60_000,
  HOURS: 3_600_000,
  DAYS: 86_400_000,
  WEEKS: 604_800_000,
};
const events = ["file_arrival", "table_update", "model", "periodic"] as const;

/** No `pause_status` means UNPAUSED. */
const isPaused = (holder: JsonObject): boolean => holder["pause_status"] === "PAUSED";

function eventOf(holder: JsonObject): JobTrigger | undefined {
  for (const kind of events) {
    // Older clients send `table` for what is `table_update` now.
    const config = holder[kind] ?? (kind === "table_update" ? holder["table"] : undefined);
    if (isObject(config)) return { kind, paused: isPaused(holder), config };
  }
  return undefined;
}

/** Every trigger of a job: the fields `schedule`, `trigger` and `continuous`, or the list `triggers`. */
export function triggersOf(settings: JsonObject): JobTrigger[] {
  const found: JobTrigger[] = [];
  const { schedule, trigger, continuous } = settings;
  if (isObject(schedule)) found.push({ kind: "cron", paused: isPaused(schedule), config: schedule });
  if (isObject(continuous)) found.push({ kind: "continuous", paused: isPaused(continuous), config: continuous });
  if (isObject(trigger)) found.push(eventOf(trigger) ?? { kind: "other", paused: isPaused(trigger), config: trigger });
  for (const entry of objectList(settings, "triggers")) {
    const paused = isPaused(entry);
    if (isObject(entry["schedule"])) found.push({ kind: "cron", paused, config: entry["schedule"] });
    else if (isObject(entry["continuous"])) found.push({ kind: "continuous", paused, config: entry["continuous"] });
    else found.push(eventOf(entry) ?? { kind: "other", paused, config: entry });
  }
  return found;
}

/** When a time-based trigger fires next after `after`; undefined for one that waits for an event or is paused. */
export function nextFireOf(trigger: JobTrigger, after: number): number | undefined {
  if (trigger.paused) return undefined;
  if (trigger.kind === "cron")
    return nextQuartzTime(
      String(trigger.config["quartz_cron_expression"]),
      String(trigger.config["timezone_id"] ?? "UTC"),
      after,
    );
  if (trigger.kind === "periodic")
    return after + Number(trigger.config["interval"]) * (units[String(trigger.config["unit"])] ?? 0);
  return undefined;
}

/** Refuses triggers that cannot stand: https://docs.databricks.com/api/azure/workspace/jobs/create */
export function checkTriggers(settings: JsonObject): void {
  const legacy = ["schedule", "trigger", "continuous"].filter((field) => isObject(settings[field]));
  if (legacy.includes("schedule") && legacy.includes("continuous"))
    throw invalidParameter("Only one of schedule and continuous can be specified.");
  if (legacy.length > 0 && objectList(settings, "triggers").length > 0)
    throw invalidParameter("triggers cannot be set together with schedule, trigger or continuous.");
  for (const field of ["schedule", "trigger", "continuous"]) {
    const status = objectField(settings, field)?.["pause_status"];
    if (status !== undefined && status !== "PAUSED" && status !== "UNPAUSED")
      throw invalidParameter(`Invalid pause_status: ${String(status)}`);
  }
  for (const { kind, config } of triggersOf(settings)) {
    if (kind === "cron") checkCron(config);
    if (kind === "periodic" && (!(Number(config["interval"]) > 0) || !units[String(config["unit"])]))
      throw invalidParameter("trigger.periodic needs a positive interval and a unit of MINUTES, HOURS, DAYS or WEEKS.");
    if (kind === "file_arrival" && typeof config["url"] !== "string")
      throw invalidParameter("Missing required field: trigger.file_arrival.url");
  }
}

/** The message is the platform's: https://github.com/MicrosoftDocs/azure-docs/issues/44131 */
function checkCron(config: JsonObject): void {
  const expression = config["quartz_cron_expression"];
  if (typeof expression !== "string") throw invalidParameter("Missing required field: schedule.quartz_cron_expression");
  if (quartzMistake(expression) !== undefined)
    throw invalidParameter(
      `Invalid quartz_cron_expression: ${expression}. Databricks uses Quartz cron syntax, which is different from the standard cron syntax. See http://www.quartz-scheduler.org/documentation/quartz-2.1.x/tutorials/crontrigger.html for more details.`,
    );
  const timezone = config["timezone_id"];
  if (typeof timezone !== "string") throw invalidParameter("Missing required field: schedule.timezone_id");
  if (!isTimezone(timezone)) throw invalidParameter(`Invalid timezone_id: ${timezone}`);
}
