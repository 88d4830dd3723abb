import type { JsonObject } from "../../http/json.js";
import { clusterTable } from "../clusters/row.js";
import { withShownCluster, withShownClusters } from "../jobs/cluster-view.js";
import { arrayOffset, cutArrays, nextArrayToken } from "../jobs/view.js";
import { isObject } from "../http/request-fields.js";
import { progressOf, runTable, type RunProgress, type RunRow, type TaskRun } from "./row.js";
import type { Workspace } from "../workspace.js";

const pagedArrays = ["tasks", "job_clusters", "job_parameters"];

function stateOf(run: RunProgress): JsonObject {
  return {
    life_cycle_state: run.lifeCycle,
    ...(run.result && { result_state: run.result }),
    state_message: run.message,
    user_cancelled_or_timedout: run.result === "CANCELED",
    ...(run.lifeCycle === "QUEUED" && { queue_reason: run.message }),
  };
}

const codes: Readonly<Record<string, readonly [code: string, type: string]>> = {
  SUCCESS: ["SUCCESS", "SUCCESS"],
  CANCELED: ["USER_CANCELED", "SUCCESS"],
  MAXIMUM_CONCURRENT_RUNS_REACHED: ["MAX_CONCURRENT_RUNS_EXCEEDED", "SUCCESS"],
  FAILED: ["CLUSTER_ERROR", "CLOUD_FAILURE"],
};

/** `status` took the place of `state` with 2.1: it folds every end into TERMINATED with a reason. */
function statusOf(run: RunProgress): JsonObject {
  if (run.lifeCycle === "QUEUED")
    return { state: "QUEUED", queue_details: { code: "MAX_CONCURRENT_RUNS_REACHED", message: run.message } };
  if (run.endTime === undefined) return { state: run.lifeCycle };
  const [code = "RUN_EXECUTION_ERROR", type = "CLIENT_ERROR"] = codes[run.result ?? ""] ?? [];
  return { state: "TERMINATED", termination_details: { code, type, message: run.message } };
}

function times(workspace: Workspace, run: RunProgress): JsonObject {
  const end = run.endTime;
  const setUp = (run.setUpAt ?? end ?? workspace.clock.now()) - run.startTime;
  return {
    start_time: run.startTime,
    setup_duration: run.setUpAt === undefined && end === undefined ? 0 : setUp,
    execution_duration: end !== undefined && run.setUpAt !== undefined ? end - run.setUpAt : 0,
    cleanup_duration: 0,
    end_time: end ?? 0,
    ...(end !== undefined && { run_duration: end - run.startTime }),
  };
}

function instanceOf(workspace: Workspace, clusterId: string | undefined): JsonObject {
  if (clusterId === undefined) return {};
  const context = clusterTable(workspace).get(clusterId)?.sparkContextId;
  return { cluster_instance: { cluster_id: clusterId, ...(context && { spark_context_id: String(context) }) } };
}

/** How much of a run is shown, and to whom: `origin` is the address that the client calls the workspace by. */
export interface RunShown {
  readonly version: string;
  readonly origin: string;
  /** With its tasks and job clusters; `runs/list` leaves them out unless asked. */
  readonly expand: boolean;
  readonly pageToken?: string | undefined;
  /** With what each repair ran. */
  readonly history?: boolean;
}

const pageUrl = (workspace: Workspace, origin: string, run: RunRow, runId: bigint): string =>
  `${origin}/?o=${workspace.options.id}#job/${run.jobId}/run/${runId}`;

function taskView(workspace: Workspace, run: RunRow, origin: string, taskRun: TaskRun): JsonObject {
  const { runId, task, clusterId, attempt } = taskRun;
  const progress = taskRun.ended ?? progressOf(run);
  const called = isObject(task["run_job_task"]) ? String(task["run_job_task"]["job_id"]) : undefined;
  const child = run.children.map((id) => runTable(workspace).get(id)).find((each) => each?.jobId === called);
  return {
    ...withShownCluster(workspace, task),
    ...(isObject(task["run_job_task"]) && child && { run_job_task: { ...task["run_job_task"], run_id: child.id } }),
    run_id: runId,
    run_page_url: pageUrl(workspace, origin, run, runId),
    attempt_number: attempt,
    state: stateOf(progress),
    status: statusOf(progress),
    ...times(workspace, progress),
    ...instanceOf(workspace, clusterId),
  };
}

/** A run of the 2.0 form shows its one task's parts at the top. */
function singleTask(workspace: Workspace, run: RunRow): JsonObject {
  const [only] = run.tasks;
  if (!only) return {};
  const { task } = only;
  const work = Object.fromEntries(Object.entries(task).filter(([field]) => field.endsWith("_task")));
  const { existing_cluster_id, new_cluster, libraries } = withShownCluster(workspace, task);
  return {
    task: work,
    cluster_spec: {
      ...(existing_cluster_id !== undefined && { existing_cluster_id }),
      ...(new_cluster !== undefined && { new_cluster }),
      ...(libraries !== undefined && { libraries }),
    },
    ...instanceOf(workspace, only.clusterId),
  };
}

/** The first go of a run and its repairs, the oldest first. */
function repairHistory(run: RunRow): JsonObject[] {
  const first = { id: undefined, startTime: run.startTime, taskRunIds: run.tasks.map((task) => task.runId) };
  return (run.attempts.length > 0 ? run.attempts : [{ ...first, ended: undefined }]).map((attempt) => {
    const progress = attempt.ended ?? progressOf(run);
    return {
      type: attempt.id === undefined ? "ORIGINAL" : "REPAIR",
      ...(attempt.id !== undefined && { id: attempt.id }),
      start_time: attempt.startTime,
      end_time: progress.endTime ?? 0,
      state: stateOf(progress),
      status: statusOf(progress),
      task_run_ids: [...attempt.taskRunIds],
    };
  });
}

/** https://docs.databricks.com/api/azure/workspace/jobs/getrun */
export function runDetails(workspace: Workspace, run: RunRow, shown: RunShown): JsonObject {
  const { version, origin, expand, pageToken } = shown;
  const offset = version === "2.2" ? arrayOffset(pageToken) : 0;
  const parameters = Array.isArray(run.settings["parameters"]) ? run.settings["parameters"].filter(isObject) : [];
  const overrides = isObject(run.parameters["job_parameters"]) ? run.parameters["job_parameters"] : {};
  const { job_parameters: _, ...overriding } = run.parameters;
  const many: JsonObject =
    version === "2.0" && run.format === "SINGLE_TASK"
      ? singleTask(workspace, run)
      : expand
        ? {
            tasks: run.tasks.map((task) => taskView(workspace, run, origin, task)),
            ...(run.settings["job_clusters"] !== undefined && {
              job_clusters: withShownClusters(workspace, { job_clusters: run.settings["job_clusters"] })[
                "job_clusters"
              ],
            }),
          }
        : {};
  const { cut, more } = cutArrays(
    {
      ...many,
      ...(parameters.length > 0 && {
        job_parameters: parameters.map(({ name, default: fallback }) => ({
          name,
          default: fallback,
          value: overrides[String(name)] ?? fallback,
        })),
      }),
    },
    pagedArrays,
    offset,
  );
  return {
    job_id: BigInt(run.jobId),
    run_id: run.id,
    job_run_id: run.id,
    number_in_job: run.numberInJob,
    original_attempt_run_id: run.id,
    creator_user_name: run.creator,
    run_name: run.name,
    run_page_url: pageUrl(workspace, origin, run, run.id),
    run_type: run.runType,
    trigger: run.trigger,
    ...(isObject(run.settings["schedule"]) && { schedule: run.settings["schedule"] }),
    state: stateOf(run),
    ...(version !== "2.0" && { status: statusOf(run) }),
    ...times(workspace, run),
    ...(shown.history && { repair_history: repairHistory(run) }),
    ...(Object.keys(overriding).length > 0 && { overriding_parameters: overriding }),
    format: version === "2.0" ? run.format : "MULTI_TASK",
    ...cut,
    ...(version === "2.2" && more && (expand ? { has_more: true, next_page_token: nextArrayToken(offset) } : {})),
  };
}
