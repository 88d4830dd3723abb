import type { JsonObject } from "../../http/json.js";
import type { Workspace } from "../workspace.js";

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
  /** How it ended, where a repair of the run left it as it was; undefined when it fares as the run does. */
  ended: RunProgress | undefined;
  /** How often its run has run this task before. */
  readonly attempt: number;
}

/** How far a run has come. Times are ms of the workspace's clock. */
export interface RunProgress {
  readonly startTime: number;
  readonly lifeCycle: RunLifeCycle;
  readonly result: RunResult | undefined;
  readonly message: string;
  readonly setUpAt: number | undefined;
  readonly endTime: number | undefined;
}

/** The first go of a run, which has no id, or a repair of it. */
export interface RunAttempt {
  readonly id: bigint | undefined;
  readonly startTime: number;
  readonly taskRunIds: readonly bigint[];
  /** How it ended; undefined for the last one, which fares as the run does. */
  ended: RunProgress | undefined;
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
  /** The settings as they were when the run, or its last repair, began; in the many-task form. */
  settings: JsonObject;
  readonly format: "SINGLE_TASK" | "MULTI_TASK";
  /** `job_parameters`, `notebook_params` and so on, as they were sent. */
  parameters: JsonObject;
  tasks: TaskRun[];
  /** Empty until the first repair. */
  attempts: RunAttempt[];
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

/** The last go of a run, under way or over. */
export function progressOf(run: RunRow): RunProgress {
  const { lifeCycle, result, message, setUpAt, endTime } = run;
  return { startTime: run.attempts.at(-1)?.startTime ?? run.startTime, lifeCycle, result, message, setUpAt, endTime };
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
