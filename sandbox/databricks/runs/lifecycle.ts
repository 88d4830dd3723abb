import type { JsonObject } from "../../http/json.js";
import { invalidParameter } from "../http/errors.js";
import { jobTable, type JobRow } from "../jobs/row.js";
import { triggersOf } from "../jobs/triggers.js";
import { isObject, objectList } from "../http/request-fields.js";
import { acquireClusters, clustersReady, releaseClusters } from "./compute.js";
import { activeRuns, progressOf, runTable, type RunResult, type RunRow, type RunTrigger } from "./row.js";
import type { Workspace } from "../workspace.js";

export interface RunRequest {
  readonly trigger: RunTrigger;
  readonly by: string;
  readonly parameters?: JsonObject;
  readonly parentRunId?: string;
  /** Whether this run may be queued, in place of what the job says. */
  readonly queue?: JsonObject | undefined;
  /** The keys of the only tasks to run. */
  readonly only?: readonly string[] | undefined;
}

/** The job's settings as this run takes them. */
function settingsFor(job: JobRow, { queue, only }: RunRequest): JsonObject {
  const settings: JsonObject = { ...structuredClone(job.settings), ...(queue && { queue }) };
  if (!only) return settings;
  const tasks = objectList(settings, "tasks");
  const unknown = only.find((key) => !tasks.some((task) => task["task_key"] === key));
  if (unknown !== undefined) throw invalidParameter(`Task ${unknown} does not exist in job ${job.id}.`);
  return { ...settings, tasks: tasks.filter((task) => only.includes(String(task["task_key"]))) };
}

/** Starts a run of a saved job, or queues or skips it where the job has as many runs as it may. */
export function startJobRun(workspace: Workspace, job: JobRow, request: RunRequest): RunRow {
  const jobId = job.id.toString();
  const settings = settingsFor(job, request);
  const run = newRun(workspace, {
    jobId,
    settings,
    format: job.format,
    name: String(settings["name"] ?? "Untitled"),
    numberInJob: ++job.runCount,
    runType: "JOB_RUN",
    ...request,
  });
  const limit = concurrentRunsOf(settings);
  if (startedRuns(workspace, jobId) < limit) begin(workspace, run);
  else if (isObject(settings["queue"]) && settings["queue"]["enabled"] === true && limit > 0) {
    run.lifeCycle = "QUEUED";
    run.message = "The run is queued because of the maximum number of concurrent runs.";
    activeRuns(workspace, jobId).add(run.id.toString());
  } else {
    run.lifeCycle = "SKIPPED";
    run.result = "MAXIMUM_CONCURRENT_RUNS_REACHED";
    run.message = "An instance of the job already has an active run.";
    run.endTime = workspace.clock.now();
  }
  return run;
}

const concurrentRunsOf = (settings: JsonObject): number => Number(settings["max_concurrent_runs"] ?? 1);

/** How many runs of a job are under way, without those that wait in its queue. */
const startedRuns = (workspace: Workspace, jobId: string): number =>
  [...activeRuns(workspace, jobId)].filter((id) => runTable(workspace).get(id)?.lifeCycle !== "QUEUED").length;

/** Begins queued runs of a job, the oldest first, as far as it may have more; a deleted job has none to begin. */
function beginQueued(workspace: Workspace, jobId: string): void {
  const job = jobTable(workspace).get(jobId);
  if (!job || startedRuns(workspace, jobId) >= concurrentRunsOf(job.settings)) return;
  const queued = [...activeRuns(workspace, jobId)]
    .map((id) => runTable(workspace).get(id))
    .find((run) => run?.lifeCycle === "QUEUED");
  if (queued) begin(workspace, queued);
}

/** Starts a one-time run of settings (many-task form) that no job saves. */
export function startSubmittedRun(
  workspace: Workspace,
  settings: JsonObject,
  format: RunRow["format"],
  by: string,
): RunRow {
  const run = newRun(workspace, {
    jobId: workspace.newId().toString(),
    settings,
    format,
    name: String(settings["run_name"] ?? "Untitled"),
    numberInJob: 1,
    runType: "SUBMIT_RUN",
    trigger: "ONE_TIME",
    by,
  });
  begin(workspace, run);
  return run;
}

function newRun(
  workspace: Workspace,
  made: RunRequest & Pick<RunRow, "jobId" | "settings" | "format" | "name" | "numberInJob" | "runType">,
): RunRow {
  const id = workspace.newId();
  const run: RunRow = {
    id,
    jobId: made.jobId,
    runType: made.runType,
    trigger: made.trigger,
    name: made.name,
    numberInJob: made.numberInJob,
    creator: made.by,
    settings: made.settings,
    format: made.format,
    parameters: made.parameters ?? {},
    tasks: objectList(made.settings, "tasks").map((task) => ({
      runId: workspace.newId(),
      task,
      clusterId: undefined,
      ended: undefined,
      attempt: 0,
    })),
    attempts: [],
    parentRunId: made.parentRunId,
    startTime: workspace.clock.now(),
    ownClusters: new Map(),
    children: [],
    lifeCycle: "PENDING",
    result: undefined,
    message: "",
    setUpAt: undefined,
    endTime: undefined,
    dueAt: undefined,
  };
  runTable(workspace).set(id.toString(), run);
  return run;
}

/** Sets out: takes the clusters of the tasks that are not over, and goes on from there by itself. */
export function begin(workspace: Workspace, run: RunRow): void {
  activeRuns(workspace, run.jobId).add(run.id.toString());
  run.lifeCycle = "PENDING";
  run.message = "Waiting for cluster";
  try {
    acquireClusters(workspace, run);
  } catch (cause) {
    end(workspace, run, "FAILED", cause instanceof Error ? cause.message : String(cause));
    return;
  }
  step(workspace, run);
}

function later(workspace: Workspace, run: RunRow, ms: number): void {
  run.dueAt = workspace.clock.now() + ms;
  watch(workspace, run, ms);
}

function watch(workspace: Workspace, { id, dueAt }: RunRow, ms: number): void {
  workspace.clock.after(ms, () => {
    const run = runTable(workspace).get(id.toString());
    if (run && run.dueAt === dueAt && run.endTime === undefined) step(workspace, run);
  });
}

/** Sets alarms anew for runs under way, after the rows were replaced by a restore. */
export function rearmRuns(workspace: Workspace): void {
  for (const run of runTable(workspace).values())
    if (run.dueAt !== undefined && run.endTime === undefined)
      watch(workspace, run, Math.max(0, run.dueAt - workspace.clock.now()));
}

/** One step of a run: wait for its clusters, work, end once its own time and its child runs are over. */
function step(workspace: Workspace, run: RunRow): void {
  run.dueAt = undefined;
  if (run.lifeCycle === "PENDING") {
    const readiness = clustersReady(workspace, run);
    if (readiness.state === "failed") end(workspace, run, "FAILED", readiness.message);
    else if (readiness.state === "wait") later(workspace, run, readiness.ms);
    else work(workspace, run);
    return;
  }
  if (run.lifeCycle !== "RUNNING") return;
  const children = run.children.map((id) => runTable(workspace).get(id));
  if (children.some((child) => child && child.endTime === undefined)) return;
  const failed = children.find((child) => child && child.result !== "SUCCESS");
  if (failed) end(workspace, run, "FAILED", `Run ${failed.id} of job ${failed.jobId} did not succeed.`);
  else succeed(workspace, run);
}

/** What ran did well; the run did so too, unless a repair left a failed task out. */
function succeed(workspace: Workspace, run: RunRow): void {
  const left = run.tasks.find(({ ended }) => ended && ended.result !== "SUCCESS");
  if (!left) {
    end(workspace, run, "SUCCESS", "");
    return;
  }
  end(workspace, run, "FAILED", `Task ${String(left.task["task_key"])} did not succeed.`);
  for (const task of run.tasks) task.ended ??= { ...progressOf(run), result: "SUCCESS", message: "" };
}

function work(workspace: Workspace, run: RunRow): void {
  run.lifeCycle = "RUNNING";
  run.message = "In run";
  run.setUpAt = workspace.clock.now();
  const continuous = run.trigger === "CONTINUOUS" || run.trigger === "CONTINUOUS_RESTART";
  later(workspace, run, continuous ? workspace.controls.continuousRunMs : workspace.controls.runMs);
  for (const { task, ended } of run.tasks) {
    const called = ended ? undefined : task["run_job_task"];
    const job = isObject(called) ? jobTable(workspace).get(String(called["job_id"])) : undefined;
    if (!job) continue;
    const request: RunRequest = { trigger: "RUN_JOB_TASK", by: run.creator, parentRunId: run.id.toString() };
    run.children.push(startJobRun(workspace, job, request).id.toString());
  }
}

function end(workspace: Workspace, run: RunRow, result: RunResult, message: string): void {
  run.lifeCycle = result === "FAILED" && run.setUpAt === undefined ? "INTERNAL_ERROR" : "TERMINATED";
  run.result = result;
  run.message = message;
  run.endTime = workspace.clock.now();
  run.dueAt = undefined;
  releaseClusters(workspace, run);
  activeRuns(workspace, run.jobId).delete(run.id.toString());
  const parent = run.parentRunId === undefined ? undefined : runTable(workspace).get(run.parentRunId);
  if (parent && parent.endTime === undefined && parent.dueAt === undefined) step(workspace, parent);
  beginQueued(workspace, run.jobId);
  const job = jobTable(workspace).get(run.jobId);
  if (job) keepContinuous(workspace, job, "CONTINUOUS_RESTART");
}

/** A job whose `continuous` trigger is not paused always has a run under way. */
export function keepContinuous(workspace: Workspace, job: JobRow, trigger: RunTrigger = "CONTINUOUS"): void {
  const wanted = triggersOf(job.settings).some((each) => each.kind === "continuous" && !each.paused);
  if (!wanted || activeRuns(workspace, job.id.toString()).size > 0) return;
  // A run that cannot start must not start again at the same instant for ever: the platform backs off, too.
  workspace.clock.after(1_000, () => {
    const now = jobTable(workspace).get(job.id.toString());
    const still = now && triggersOf(now.settings).some((each) => each.kind === "continuous" && !each.paused);
    if (now && still && activeRuns(workspace, now.id.toString()).size === 0)
      startJobRun(workspace, now, { trigger, by: now.creator });
  });
}

export function runOf(workspace: Workspace, id: string): RunRow {
  const run = runTable(workspace).get(id);
  if (!run) throw invalidParameter(`Run ${id} does not exist.`);
  return run;
}

/** Cancels a run and the runs it started; one that has ended is left as it is. */
export function cancelRun(workspace: Workspace, run: RunRow): void {
  if (run.endTime !== undefined) return;
  for (const id of run.children) {
    const child = runTable(workspace).get(id);
    if (child) cancelRun(workspace, child);
  }
  if (run.endTime === undefined) end(workspace, run, "CANCELED", "Run cancelled.");
}
