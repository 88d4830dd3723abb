import type { Hono } from "hono";
import { jsonBody, reply } from "../../http/app.js";
import type { JsonObject } from "../../http/json.js";
import { callerOf } from "../identity/caller.js";
import { invalidParameter, quotaExceeded } from "../http/errors.js";
import { isSingleTask, refuseSingleTask, toManyTasks } from "./format.js";
import { jobTable, type JobRow } from "./row.js";
import { armJob, disarmJob, rearmJobs } from "./scheduler.js";
import { checkSettings, mergedSettings, withDefaults } from "./settings.js";
import { jobDetails, listJobs } from "./view.js";
import { grantCreator, grantsOn, revokeAll } from "../permissions/row.js";
import { permissionTypes } from "../permissions/types.js";
import { grantFrom, mergedGrants, storeGrants } from "../permissions/permissions.js";
import type { Service } from "../service.js";
import { idKey, objectField, objectList } from "../http/request-fields.js";
import type { Workspace } from "../workspace.js";

/** https://learn.microsoft.com/azure/databricks/resources/limits */
const maxJobs = 10_000;

/** 2.2 takes up to 1,000 tasks, older versions 100. */
const maxTasksIn = (version: string): number => (version === "2.2" ? 1_000 : 100);

/** The job of that id; an unknown one is 400 and not 404, as SDKs know:
 * https://github.com/databricks/databricks-sdk-go/blob/main/apierr/error_overrides.go */
export function jobOf(workspace: Workspace, id: string): JobRow {
  const job = jobTable(workspace).get(id);
  if (!job) throw invalidParameter(`Job ${id} does not exist.`);
  return job;
}

interface Given {
  readonly settings: JsonObject;
  readonly format: JobRow["format"];
}

/** Settings as a request gives them, in the many-task form. */
function given(settings: JsonObject, version: string): Given {
  refuseSingleTask(settings, version);
  const single = isSingleTask(settings);
  return {
    settings: single ? toManyTasks(settings) : structuredClone(settings),
    format: single ? "SINGLE_TASK" : "MULTI_TASK",
  };
}

function create(workspace: Workspace, body: JsonObject, version: string, creator: string): JsonObject {
  const { settings, format } = given(body, version);
  checkSettings(workspace, settings, maxTasksIn(version));
  const table = jobTable(workspace);
  if (table.size >= maxJobs)
    throw quotaExceeded(
      `The quota for the number of jobs has been reached. The current quota is ${maxJobs}. This quota is only applied to jobs created through the UI or through the /jobs/create endpoint, which are displayed in the Jobs UI`,
    );
  const type = permissionTypes.get("jobs");
  const grants = type ? objectList(body, "access_control_list").map((entry) => grantFrom(workspace, type, entry)) : [];
  const id = workspace.newId();
  const key = id.toString();
  const job: JobRow = {
    id,
    settings: withDefaults(settings, version),
    format,
    creator,
    createdAt: workspace.clock.now(),
    nextFireAt: undefined,
    runCount: 0,
  };
  table.set(key, job);
  grantCreator(workspace, "jobs", key, creator);
  if (type) storeGrants(workspace, "jobs", key, type, mergedGrants(grantsOn(workspace, "jobs", key), grants));
  armJob(workspace, job);
  return { job_id: id };
}

/** Replaces every setting; `run_as` alone stays when it is not given. */
function reset(workspace: Workspace, body: JsonObject, version: string): void {
  const job = jobOf(workspace, idKey(body["job_id"], "job_id"));
  const newSettings = objectField(body, "new_settings");
  if (!newSettings) throw invalidParameter("Missing required field: new_settings");
  const { settings, format } = given(newSettings, version);
  checkSettings(workspace, settings, maxTasksIn(version));
  const runAs = job.settings["run_as"];
  job.settings = withDefaults({ ...(runAs !== undefined && { run_as: runAs }), ...settings }, version);
  job.format = format;
  armJob(workspace, job);
}

function update(workspace: Workspace, body: JsonObject, version: string): void {
  const job = jobOf(workspace, idKey(body["job_id"], "job_id"));
  const changes = objectField(body, "new_settings") ?? {};
  refuseSingleTask(changes, version);
  const removed = Array.isArray(body["fields_to_remove"]) ? body["fields_to_remove"].map(String) : [];
  let settings: JsonObject;
  let sent = changes;
  if (job.format === "SINGLE_TASK" && version === "2.0" && changes["tasks"] === undefined) {
    settings = updatedSingleTask(job, changes, removed);
    if (isSingleTask(changes)) sent = settings;
  } else {
    settings = mergedSettings(job.settings, changes, removed);
    if (changes["tasks"] !== undefined) job.format = "MULTI_TASK";
  }
  checkSettings(workspace, settings, maxTasksIn(version), sent);
  job.settings = withDefaults(settings, "update");
  armJob(workspace, job);
}

/** In 2.0 the fields of the one task are top-level fields, to be replaced and removed as such. */
function updatedSingleTask(job: JobRow, changes: JsonObject, removed: readonly string[]): JsonObject {
  const { tasks, ...rest } = job.settings;
  const { task_key: _, ...task } = (Array.isArray(tasks) ? tasks[0] : {}) as JsonObject;
  // A timeout at the top is the job's, not the task's.
  delete task["timeout_seconds"];
  delete task["email_notifications"];
  delete task["run_if"];
  return toManyTasks(mergedSettings({ ...rest, ...task }, changes, removed));
}

function remove(workspace: Workspace, body: JsonObject): void {
  const job = jobOf(workspace, idKey(body["job_id"], "job_id"));
  const key = job.id.toString();
  jobTable(workspace).delete(key);
  disarmJob(workspace, job);
  revokeAll(workspace, "jobs", key);
}

/** https://docs.databricks.com/api/azure/workspace/jobs, in its versions 2.0, 2.1 and 2.2. */
export const jobs: Service = {
  name: "jobs",
  mount(app: Hono, workspace: Workspace): void {
    workspace.onRestore(() => rearmJobs(workspace));
    for (const version of ["2.0", "2.1", "2.2"]) {
      const path = (name: string): string => `/api/${version}/jobs/${name}`;
      app.post(path("create"), async (context) =>
        reply(context, create(workspace, await jsonBody(context), version, callerOf(context))),
      );
      app.get(path("list"), (context) => reply(context, listJobs(workspace, context, version)));
      app.get(path("get"), (context) => {
        const job = jobOf(workspace, idKey(context.req.query("job_id"), "job_id"));
        return reply(context, jobDetails(workspace, job, version, context.req.query("page_token")));
      });
      app.post(path("reset"), async (context) => {
        reset(workspace, await jsonBody(context), version);
        return reply(context);
      });
      app.post(path("update"), async (context) => {
        update(workspace, await jsonBody(context), version);
        return reply(context);
      });
      app.post(path("delete"), async (context) => {
        remove(workspace, await jsonBody(context));
        return reply(context);
      });
    }
  },
};
