import type { Context, Hono } from "hono";
import { jsonBody, reply } from "../../http/app.js";
import type { JsonObject } from "../../http/json.js";
import { visibleTo } from "../permissions/access-control.js";
import { callerOf } from "../identity/caller.js";
import { invalidParameter, invalidState } from "../http/errors.js";
import { isSingleTask, refuseSingleTask, toManyTasks } from "../jobs/format.js";
import { checkSettings } from "../jobs/settings.js";
import { jobOf } from "../jobs/jobs.js";
import { pageOf } from "../http/page-token.js";
import type { Service } from "../service.js";
import { idKey, objectField, optionalString, queryFlag, queryInteger, stringList } from "../http/request-fields.js";
import { repairRun } from "./repair.js";
import { cancelRun, rearmRuns, runOf, startJobRun, startSubmittedRun } from "./lifecycle.js";
import { runTable, type RunAttempt, type RunRow } from "./row.js";
import { runDetails } from "./view.js";
import type { Workspace } from "../workspace.js";

const runParameters = [
  "job_parameters",
  "notebook_params",
  "jar_params",
  "python_params",
  "python_named_params",
  "spark_submit_params",
  "sql_params",
  "dbt_commands",
  "pipeline_params",
];

const parametersIn = (body: JsonObject): JsonObject =>
  Object.fromEntries(runParameters.filter((name) => name in body).map((name) => [name, body[name]]));

/** Runs are kept for 60 days: https://docs.databricks.com/api/azure/workspace/jobs/getrun */
const keptMs = 60 * 24 * 3_600_000;

/** One run for one token, however often it is sent. */
function onceFor(workspace: Workspace, body: JsonObject, start: () => RunRow): RunRow {
  const token = optionalString(body, "idempotency_token");
  if (!token) return start();
  if (token.length > 64) throw invalidParameter("idempotency_token must have at most 64 characters.");
  const table = workspace.table<string>("run-idempotency");
  const known = table.get(token);
  if (known !== undefined) {
    const run = runTable(workspace).get(known);
    if (!run) throw invalidParameter("A run with the provided token already exists, but it was deleted.");
    return run;
  }
  const run = start();
  table.set(token, run.id.toString());
  return run;
}

function runNow(workspace: Workspace, body: JsonObject, user: string): JsonObject {
  const job = jobOf(workspace, idKey(body["job_id"], "job_id"));
  const parameters = parametersIn(body);
  const { queue, only } = { queue: objectField(body, "queue"), only: stringList(body, "only") };
  const run = onceFor(workspace, body, () =>
    startJobRun(workspace, job, { trigger: "ONE_TIME", by: user, parameters, queue, only }),
  );
  return { run_id: run.id, number_in_job: run.numberInJob };
}

function submit(workspace: Workspace, body: JsonObject, version: string, user: string): JsonObject {
  refuseSingleTask(body, version);
  const { idempotency_token: _, ...settings } = body;
  const single = isSingleTask(settings);
  const many = single ? toManyTasks(settings) : settings;
  checkSettings(workspace, many, version === "2.2" ? 1_000 : 100);
  const format = single ? "SINGLE_TASK" : "MULTI_TASK";
  const run = onceFor(workspace, body, () => startSubmittedRun(workspace, structuredClone(many), format, user));
  return { run_id: run.id };
}

function matching(workspace: Workspace, context: Context): RunRow[] {
  const jobId = context.req.query("job_id");
  const key = jobId === undefined ? undefined : idKey(jobId, "job_id");
  const type = context.req.query("run_type");
  const [active, completed] = [queryFlag(context, "active_only"), queryFlag(context, "completed_only")];
  if (active && completed) throw invalidParameter("Only one of active_only and completed_only can be true.");
  const from = Number(context.req.query("start_time_from") ?? 0);
  const to = Number(context.req.query("start_time_to") ?? Number.POSITIVE_INFINITY);
  const oldest = workspace.clock.now() - keptMs;
  const caller = callerOf(context);
  const visible = visibleTo(workspace, caller, "jobs");
  return [...runTable(workspace).values()]
    .filter(
      (run) =>
        (key === undefined || run.jobId === key) &&
        (visible(run.jobId) || (run.runType === "SUBMIT_RUN" && run.creator === caller)) &&
        (type === undefined || run.runType === type) &&
        (!active || run.endTime === undefined) &&
        (!completed || run.endTime !== undefined) &&
        (run.endTime ?? run.startTime) >= oldest &&
        run.startTime >= from &&
        run.startTime <= to,
    )
    .sort((a, b) => b.startTime - a.startTime || (a.id < b.id ? 1 : -1));
}

const originOf = (context: Context): string => new URL(context.req.url).origin;

/** https://docs.databricks.com/api/azure/workspace/jobs/listruns */
function list(workspace: Workspace, context: Context, version: string): JsonObject {
  const max = version === "2.0" ? 1_000 : 25;
  const explain = `limit must be between 0 and ${max}.`;
  const limit = queryInteger(context, "limit", { fallback: 20, min: 0, max, explain }) || max;
  const offset = queryInteger(context, "offset", { fallback: 0, min: 0, max: 1_000_000 });
  if (offset > 0 && version === "2.2")
    throw invalidParameter("offset is not supported in API 2.2; use page_token instead.");
  const query = new URLSearchParams(new URL(context.req.url).search);
  for (const name of ["page_token", "limit"]) query.delete(name);
  const page = pageOf(
    matching(workspace, context).slice(offset),
    limit,
    context.req.query("page_token"),
    `runs ${version} ${query.toString()}`,
  );
  const shown = { version, origin: originOf(context), expand: queryFlag(context, "expand_tasks") };
  return {
    ...(page.items.length > 0 && { runs: page.items.map((run) => runDetails(workspace, run, shown)) }),
    has_more: page.next !== undefined,
    ...(page.next && offset === 0 && { next_page_token: page.next }),
    ...(page.previous && { prev_page_token: page.previous }),
  };
}

function remove(workspace: Workspace, run: RunRow): void {
  if (run.endTime === undefined) throw invalidState(`Run ${run.id} is active and cannot be deleted.`);
  runTable(workspace).delete(run.id.toString());
}

/** Every run of a job, or with `all_queued_runs` the queued ones only: of that job, else of the whole workspace. */
function cancelAll(workspace: Workspace, body: JsonObject): void {
  const queuedOnly = body["all_queued_runs"] === true;
  const job =
    queuedOnly && body["job_id"] === undefined ? undefined : jobOf(workspace, idKey(body["job_id"], "job_id"));
  const wanted = [...runTable(workspace).values()].filter(
    (run) =>
      run.endTime === undefined &&
      (job === undefined || run.jobId === job.id.toString()) &&
      (!queuedOnly || run.lifeCycle === "QUEUED"),
  );
  // Queued ones first: the place of a run that ends goes to the next in the queue.
  for (const run of wanted.sort((a, b) => Number(b.lifeCycle === "QUEUED") - Number(a.lifeCycle === "QUEUED")))
    cancelRun(workspace, run);
}

const taskRunIdsOf = (of: RunRow | RunAttempt): readonly bigint[] =>
  "tasks" in of ? of.tasks.map((task) => task.runId) : of.taskRunIds;

/** The run of that id, or the run that a task run of that id belongs to. */
function runOrTask(workspace: Workspace, id: string): RunRow {
  if (runTable(workspace).has(id)) return runOf(workspace, id);
  for (const run of runTable(workspace).values())
    if ([run, ...run.attempts].some((each) => taskRunIdsOf(each).some((taskRun) => taskRun.toString() === id)))
      return run;
  return runOf(workspace, id);
}

function outputOf(workspace: Workspace, id: string, version: string, origin: string): JsonObject {
  const run = runOrTask(workspace, id);
  if (run.id.toString() === id && run.tasks.length > 1)
    throw invalidParameter(
      "Retrieving the output of runs with multiple tasks is not supported. Please retrieve the output of each individual task run instead.",
    );
  const failed = run.endTime !== undefined && run.result !== "SUCCESS";
  return {
    metadata: runDetails(workspace, run, { version, origin, expand: true }),
    ...(failed ? { error: run.message } : { notebook_output: {} }),
  };
}

/** Runs of jobs: `jobs/run-now` and `jobs/runs/…`, in the versions 2.0, 2.1 and 2.2. */
export const jobRuns: Service = {
  name: "job-runs",
  mount(app: Hono, workspace: Workspace): void {
    workspace.onRestore(() => rearmRuns(workspace));
    for (const version of ["2.0", "2.1", "2.2"]) {
      const path = (name: string): string => `/api/${version}/jobs/${name}`;
      const idOf = (context: Context): string => idKey(context.req.query("run_id"), "run_id");
      app.post(path("run-now"), async (context) =>
        reply(context, runNow(workspace, await jsonBody(context), callerOf(context))),
      );
      app.post(path("runs/submit"), async (context) =>
        reply(context, submit(workspace, await jsonBody(context), version, callerOf(context))),
      );
      app.get(path("runs/list"), (context) => reply(context, list(workspace, context, version)));
      app.get(path("runs/get"), (context) => {
        const shown = {
          version,
          origin: originOf(context),
          expand: true,
          pageToken: context.req.query("page_token"),
          history: queryFlag(context, "include_history"),
        };
        return reply(context, runDetails(workspace, runOrTask(workspace, idOf(context)), shown));
      });
      app.get(path("runs/get-output"), (context) =>
        reply(context, outputOf(workspace, idOf(context), version, originOf(context))),
      );
      app.post(path("runs/cancel"), async (context) => {
        cancelRun(workspace, runOf(workspace, idKey((await jsonBody(context))["run_id"], "run_id")));
        return reply(context);
      });
      app.post(path("runs/cancel-all"), async (context) => {
        cancelAll(workspace, await jsonBody(context));
        return reply(context);
      });
      // With 2.1, as runs of many tasks: https://docs.databricks.com/reference/jobs-api-2-1-updates.html
      if (version !== "2.0")
        app.post(path("runs/repair"), async (context) => {
          const body = await jsonBody(context);
          return reply(context, repairRun(workspace, body, parametersIn(body)));
        });
      app.post(path("runs/delete"), async (context) => {
        remove(workspace, runOf(workspace, idKey((await jsonBody(context))["run_id"], "run_id")));
        return reply(context);
      });
    }
  },
};
