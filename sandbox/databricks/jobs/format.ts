import type { JsonObject } from "../../http/json.js";
import { invalidParameter } from "../http/errors.js";
import type { JobRow } from "./row.js";
import { isObject } from "../http/request-fields.js";

/** What a 2.0 job of one task has at the top of its settings. */
const taskFields = [
  "existing_cluster_id",
  "new_cluster",
  "libraries",
  "max_retries",
  "min_retry_interval_millis",
  "retry_on_timeout",
  "notebook_task",
  "spark_jar_task",
  "spark_python_task",
  "spark_submit_task",
  "pipeline_task",
  "python_wheel_task",
];

/** Whether the settings are of the single-task form that only 2.0 takes. */
export function isSingleTask(settings: JsonObject): boolean {
  return settings["tasks"] === undefined && taskFields.some((field) => settings[field] !== undefined);
}

/** 2.1 and later take many-task settings only: https://docs.databricks.com/reference/jobs-api-2-1-updates.html */
export function refuseSingleTask(settings: JsonObject, version: string): void {
  const field = taskFields.find((name) => settings[name] !== undefined);
  if (version !== "2.0" && field)
    throw invalidParameter(`The field '${field}' is not a job setting in API ${version}: it must stand in 'tasks'.`);
}

/** The many-task form of single-task settings: later versions show the one task under the job's name. */
export function toManyTasks(settings: JsonObject): JsonObject {
  const rest: JsonObject = {};
  const task: JsonObject = {};
  for (const [field, value] of Object.entries(settings)) (taskFields.includes(field) ? task : rest)[field] = value;
  const name = typeof settings["name"] === "string" ? settings["name"] : "Untitled";
  return { ...rest, tasks: [{ task_key: name.replaceAll(/[^\w-]+/g, "_").slice(0, 100) || "Untitled", ...task }] };
}

/** A job's settings in the form of one API version. */
export function settingsIn(version: string, row: Pick<JobRow, "settings" | "format">): JsonObject {
  if (version !== "2.0" || row.format === "MULTI_TASK") {
    // `run_as` could only be written before 2.2; `run_as_user_name` tells who it is in every version.
    const { run_as: _, ...older } = row.settings;
    return { ...(version === "2.2" ? row.settings : older), format: "MULTI_TASK" };
  }
  const { tasks, run_as: _, ...rest } = row.settings;
  const [task] = Array.isArray(tasks) ? tasks.filter(isObject) : [];
  const own = Object.entries(task ?? {}).filter(([field]) => taskFields.includes(field));
  return { ...rest, ...Object.fromEntries(own), format: "SINGLE_TASK" };
}
