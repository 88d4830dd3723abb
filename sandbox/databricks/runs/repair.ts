import type { JsonObject } from "../../http/json.js";
import { invalidParameter, invalidState } from "../http/errors.js";
import { checkSettings } from "../jobs/settings.js";
import { jobOf } from "../jobs/jobs.js";
import { idKey, objectField, objectList, stringList } from "../http/request-fields.js";
import { begin, runOf } from "./lifecycle.js";
import { progressOf, runTable, type RunRow, type TaskRun } from "./row.js";
import type { Workspace } from "../workspace.js";

const keyOf = (task: JsonObject): string => String(task["task_key"]);

/** The keys of the tasks to run again. Every task of a run fares as its run did, so all of a failed run have failed. */
function wantedTasks(run: RunRow, body: JsonObject): ReadonlySet<string> {
  const named = stringList(body, "rerun_tasks") ?? [];
  const failed = body["rerun_all_failed_tasks"] === true;
  if (failed === named.length > 0)
    throw invalidParameter("Exactly one of rerun_tasks and rerun_all_failed_tasks must be specified.");
  const keys = run.tasks.map(({ task }) => keyOf(task));
  const unknown = named.find((key) => !keys.includes(key));
  if (unknown !== undefined) throw invalidParameter(`Task ${unknown} does not exist in run ${run.id}.`);
  const wanted = new Set(
    failed
      ? run.tasks.filter((task) => (task.ended ?? run).result !== "SUCCESS").map(({ task }) => keyOf(task))
      : named,
  );
  if (wanted.size === 0) throw invalidParameter(`Run ${run.id} has no failed tasks to repair.`);
  if (body["rerun_dependent_tasks"] === true) addDependents(run, wanted);
  return wanted;
}

function addDependents(run: RunRow, wanted: Set<string>): void {
  let before: number;
  do {
    before = wanted.size;
    for (const { task } of run.tasks)
      if (objectList(task, "depends_on").some((other) => wanted.has(keyOf(other)))) wanted.add(keyOf(task));
  } while (wanted.size > before);
}

/** Whether a run that a run_job_task started is still of a task that is not run again, and did well. */
function stillCounts(child: RunRow | undefined, tasks: readonly TaskRun[]): boolean {
  const called = (task: JsonObject): unknown => objectField(task, "run_job_task")?.["job_id"];
  const again = tasks.some(({ task, ended }) => !ended && String(called(task)) === child?.jobId);
  return child?.result === "SUCCESS" && !again;
}

function checkLatest(run: RunRow, body: JsonObject): void {
  const latest = run.attempts.at(-1)?.id;
  const given =
    body["latest_repair_id"] === undefined ? undefined : idKey(body["latest_repair_id"], "latest_repair_id");
  // The message is the platform's: https://github.com/databricks/databricks-sdk-py/discussions/158
  if (given !== latest?.toString())
    throw invalidParameter("The latest repair ID needs to be provided in order to create a new repair");
}

/** Runs tasks of a run that is over again, as part of that run: https://docs.databricks.com/api/azure/workspace/jobs/repairrun */
export function repairRun(workspace: Workspace, body: JsonObject, parameters: JsonObject): JsonObject {
  const run = runOf(workspace, idKey(body["run_id"], "run_id"));
  if (run.endTime === undefined) throw invalidState(`Run ${run.id} is active and cannot be repaired.`);
  checkLatest(run, body);
  const wanted = wantedTasks(run, body);
  const settings = run.runType === "JOB_RUN" ? structuredClone(jobOf(workspace, run.jobId).settings) : run.settings;
  checkSettings(workspace, settings, 1_000);

  const ended = progressOf(run);
  const again = (before: TaskRun): TaskRun => ({
    runId: workspace.newId(),
    task: objectList(settings, "tasks").find((task) => keyOf(task) === keyOf(before.task)) ?? before.task,
    clusterId: undefined,
    ended: undefined,
    attempt: before.attempt + 1,
  });
  const tasks = run.tasks.map((task) =>
    wanted.has(keyOf(task.task)) ? again(task) : { ...task, ended: task.ended ?? ended },
  );
  const id = workspace.newId();
  const first = { id: undefined, startTime: run.startTime, taskRunIds: run.tasks.map((task) => task.runId), ended };
  const before = run.attempts.map((attempt) => ({ ...attempt, ended: attempt.ended ?? ended }));
  const taskRunIds = tasks.filter((task) => !task.ended).map((task) => task.runId);
  run.attempts = [
    ...(before.length > 0 ? before : [first]),
    { id, startTime: workspace.clock.now(), taskRunIds, ended: undefined },
  ];
  run.settings = settings;
  run.parameters = { ...run.parameters, ...parameters };
  run.tasks = tasks;
  run.children = run.children.filter((child) => stillCounts(runTable(workspace).get(child), tasks));
  run.ownClusters.clear();
  run.result = run.setUpAt = run.endTime = undefined;
  begin(workspace, run);
  return { repair_id: id };
}
