import type { JsonObject } from "../../http/json.js";
import type { Workspace } from "../workspace.js";

/** One saved job as it is stored; settings are kept in the many-task form, whatever version sent them. */
export interface JobRow {
  /** 64-bit. */
  readonly id: bigint;
  settings: JsonObject;
  /** How the settings were sent last: the 2.0 form has its one task at the top. */
  format: "SINGLE_TASK" | "MULTI_TASK";
  readonly creator: string;
  readonly createdAt: number;
  /** When the job's schedule or periodic trigger fires next, in ms of the clock. */
  nextFireAt: number | undefined;
  /** How many runs the job has had. */
  runCount: number;
}

/** Jobs by their id in digits, the oldest first. */
export function jobTable(workspace: Workspace): Map<string, JobRow> {
  return workspace.table<JobRow>("jobs");
}
