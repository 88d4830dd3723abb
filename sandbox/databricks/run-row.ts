import type { JsonObject } from "../http/json.js";
import type { Workspace } from "./workspace.js";

/** https://docs.databricks.com/api/azure/workspace/jobs/getrun (trigger) */
export type RunTrigger =
  | "PERIODIC"
  | "ONE_TIME"
  | "RETRY"
  | "RUN_JOB_TASK"
  | "FILE_ARRIVAL"
  | "CONTINUOUS"
  | "CONTINUOUS_RESTART"
  | "TABLE"
  | "MODEL";

export type RunLifeCycle = "QUEUED" | "PENDING" | "RUNNING" | "TERMINATED" | "SKIPPED" | "INTERNAL_ERROR";
export type RunResult = "SUCCESS" | "FAILED" | "CANCELED" | "MAXIMUM_CONCURRENT_RUNS_REACHED";

export interface TaskRun {
  readonly runId: bigint;
  readonly task: JsonObject;
  clusterId: string | undefined;
}

/** One run of a job, or a submitted one. Times are ms of the workspace's clock. */
export interface RunRow {
  readonly id: bigint;
  /** The saved job, in digits; a submitted run has an id of its own here that no job has. */
  readonly jobId: string;
  readonly runType: "JOB_RUN" | "SUBMIT_RUN";
  readonly trigger: RunTrigger;
  readonly name: string;
  readonly numberInJob: number;
  readonly creator: string;
  /** The settings as they were when the run began, in the many-task form. */
  readonly settings: JsonObject;
  readonly format: "SINGLE_TASK" | "MULTI_TASK";
  /** `job_parameters`, `notebook_params` and so on, as they were sent. */
  readonly parameters: JsonObject;
  readonly tasks: TaskRun[];
  /** The task run that started this one, for a run_job_task. */
  readonly parentRunId: string | undefined;
  readonly startTime: number;
  /** Job clusters of this run, by job cluster key or task key. */
  readonly ownClusters: Map<string, string>;
  children: string[];
  lifeCycle: RunLifeCycle;
  result: RunResult | undefined;
  message: string;
  setUpAt: number | undefined;
  endTime: number | undefined;
  /** When the run's next step is due; undefined once it has ended, or waits for something else. */
  dueAt: number | undefined;
}

export function runTable(workspace: Workspace): Map<string, RunRow> {
  return workspace.table<RunRow>("runs");
}

/** Ids of runs that have not ended, by job id. */
export function activeRuns(workspace: Workspace, jobId: string): Set<string> {
  const table = workspace.table<Set<string>>("active-runs");
  let active = table.get(jobId);
  if (!active) table.set(jobId, (active = new Set()));
  return active;
}

/** One run that something other than a person started, and what that was. */
export interface FiredRun {
  readonly runId: bigint;
  readonly jobId: string;
  readonly jobName: string;
  readonly trigger: RunTrigger;
  readonly at: number;
}

/** Every run so far that a trigger started (schedule, file arrival, continuous …), the oldest first. */
export function firedRuns(workspace: Workspace): FiredRun[] {
  return [...runTable(workspace).values()]
    .filter((run) => run.trigger !== "ONE_TIME")
    .map((run) => ({ runId: run.id, jobId: run.jobId, jobName: run.name, trigger: run.trigger, at: run.startTime }));
}
