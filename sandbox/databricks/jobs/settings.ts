import type { Json, JsonObject } from "../../http/json.js";
import { clusterTable, isPurged } from "../clusters/row.js";
import { checkedSpec } from "../clusters/spec.js";
import { invalidParameter } from "../http/errors.js";
import { jobTable } from "./row.js";
import { checkTriggers } from "./triggers.js";
import { findGroup, findServicePrincipal, findUser } from "../identity/principal-row.js";
import { idKey, isObject, objectField, objectList, optionalString, requiredString } from "../http/request-fields.js";
import type { Workspace } from "../workspace.js";

const gitProviders =
  "github,gitlab,bitbucketcloud,gitlabenterpriseedition,bitbucketserver,azuredevopsservices,githubenterprise,awscodecommit";

/** Tasks that run on a cluster, or without one in an environment that they name; `spark_submit_task` on a cluster only. */
const serverlessByKey = ["spark_python_task", "python_wheel_task", "spark_jar_task"];

/**
 * Refuses settings (many-task form) as the Jobs API does; anything it does not know is let through. `sent` is the part
 * that a partial update brings: what tasks and job clusters refer to is looked up only for those in it, so that a job
 * whose cluster is gone can still be paused.
 */
export function checkSettings(
  workspace: Workspace,
  settings: JsonObject,
  maxTasks: number,
  sent: JsonObject = settings,
): void {
  const name = optionalString(settings, "name") ?? "";
  if (Buffer.byteLength(name) > 4_096) throw invalidParameter("The job name must not be longer than 4096 bytes.");
  const tags = objectField(settings, "tags") ?? {};
  if (Object.keys(tags).length > 25) throw invalidParameter("A maximum of 25 tags can be added to a job.");
  const concurrent = settings["max_concurrent_runs"];
  if (concurrent !== undefined && !(typeof concurrent === "number" && concurrent >= 0 && concurrent <= 1_000))
    throw invalidParameter("max_concurrent_runs must be between 0 and 1000.");
  const git = objectField(settings, "git_source");
  if (git && !git["git_provider"]) throw invalidParameter(`git_source.git_provider must be one of: ${gitProviders}`);
  checkTriggers(settings);
  checkRunAs(workspace, sent);
  checkTasks(workspace, settings, maxTasks, sent);
}

const keysIn = (settings: JsonObject, list: string, key: string): Set<unknown> =>
  new Set(objectList(settings, list).map((entry) => entry[key]));

function checkTasks(workspace: Workspace, settings: JsonObject, maxTasks: number, sent: JsonObject): void {
  const sentClusters = keysIn(sent, "job_clusters", "job_cluster_key");
  const sentTasks = keysIn(sent, "tasks", "task_key");
  const clusterKeys = new Set<string>();
  for (const cluster of objectList(settings, "job_clusters")) {
    const key = requiredString(cluster, "job_cluster_key");
    if (clusterKeys.has(key)) throw invalidParameter(`Duplicate job_cluster_key: ${key}`);
    clusterKeys.add(key);
    const spec = objectField(cluster, "new_cluster");
    if (!spec) throw invalidParameter(`Missing required field: job_clusters.new_cluster (${key})`);
    if (sentClusters.has(key)) checkedSpec(workspace, spec, "job");
  }
  const tasks = objectList(settings, "tasks");
  if (clusterKeys.size > 0 && tasks.length === 0)
    throw invalidParameter("Shared job clusters can only be used by tasks: job_clusters needs tasks.");
  const environments = keysIn(settings, "environments", "environment_key");
  const known = { clusterKeys, environments, git: isObject(settings["git_source"]) };
  if (tasks.length > maxTasks) throw invalidParameter(`The number of tasks exceeds the limit of ${maxTasks}.`);
  const keys = new Set<string>();
  for (const task of tasks) {
    const key = requiredString(task, "task_key");
    if (!/^[\w-]{1,100}$/.test(key))
      throw invalidParameter(`Invalid task_key '${key}': only letters, digits, - and _ are allowed, 100 at most.`);
    if (keys.has(key)) throw invalidParameter(`Duplicate task_key: ${key}`);
    keys.add(key);
  }
  for (const task of tasks) {
    for (const { task_key: other } of objectList(task, "depends_on"))
      if (!keys.has(String(other)))
        throw invalidParameter(`Task '${String(task["task_key"])}' depends on unknown task '${String(other)}'.`);
    if (sentTasks.has(task["task_key"])) checkTask(workspace, task, known);
  }
}

/** What a task may refer to in its job. */
interface JobParts {
  readonly clusterKeys: ReadonlySet<string>;
  readonly environments: ReadonlySet<unknown>;
  readonly git: boolean;
}

function checkTask(workspace: Workspace, task: JsonObject, job: JobParts): void {
  const inner = objectField(task, "for_each_task");
  if (inner) {
    const nested = objectField(inner, "task");
    if (!nested) throw invalidParameter("Missing required field: for_each_task.task");
    if (nested["for_each_task"]) throw invalidParameter("A for_each_task cannot be nested in another one.");
    checkTask(workspace, nested, job);
    return;
  }
  const compute = ["existing_cluster_id", "new_cluster", "job_cluster_key"].filter(
    (field) => task[field] !== undefined,
  );
  if (compute.length > 1)
    throw invalidParameter("Only one of job_cluster_key, new_cluster, or existing_cluster_id may be specified.");
  const environment = optionalString(task, "environment_key");
  const runsWithKey = environment !== undefined && serverlessByKey.some((kind) => task[kind] !== undefined);
  const needsCluster = [...serverlessByKey, "spark_submit_task"].some((kind) => task[kind] !== undefined);
  if (compute.length === 0 && needsCluster && !runsWithKey)
    throw invalidParameter(
      "One of job_cluster_key, new_cluster, or existing_cluster_id must be specified, or environment_key for serverless compute.",
    );
  if (environment !== undefined && !job.environments.has(environment))
    throw invalidParameter(`Environment '${environment}' is not defined in field 'environments'.`);
  checkNotebookPath(task, job.git);
  const existing = optionalString(task, "existing_cluster_id");
  if (existing !== undefined) checkExistingCluster(workspace, existing);
  const spec = objectField(task, "new_cluster");
  if (spec) checkedSpec(workspace, spec, "job");
  const key = optionalString(task, "job_cluster_key");
  if (key !== undefined && !job.clusterKeys.has(key))
    throw invalidParameter(`Job cluster '${key}' is not defined in field 'job_clusters'.`);
  const called = objectField(task, "run_job_task");
  if (called) {
    const id = idKey(called["job_id"], "run_job_task.job_id");
    if (!jobTable(workspace).has(id)) throw invalidParameter(`Job ${id} does not exist.`);
  }
}

/** A notebook of the workspace is named from the root; one of a Git source, which is the default beside one, within it. */
function checkNotebookPath(task: JsonObject, git: boolean): void {
  const notebook = objectField(task, "notebook_task");
  if (!notebook) return;
  const path = requiredString(notebook, "notebook_path");
  const source = optionalString(notebook, "source") ?? (git ? "GIT" : "WORKSPACE");
  if (source === "WORKSPACE" && !path.startsWith("/"))
    throw invalidParameter("Only absolute paths are currently supported. Paths must begin with '/'.");
}

/** A job's cluster is looked up when the job is saved: https://github.com/databrickslabs/migrate/issues/217, and
 * https://github.com/databricks/databricks-sdk-py/issues/744 */
function checkExistingCluster(workspace: Workspace, id: string): void {
  const row = clusterTable(workspace).get(id);
  if (!row || isPurged(workspace, row)) throw invalidParameter(`Cluster ${id} does not exist`);
  if (row.source === "JOB") throw invalidParameter("existing_cluster_id only supports all-purpose cluster IDs");
}

function checkRunAs(workspace: Workspace, settings: JsonObject): void {
  const runAs = objectField(settings, "run_as");
  if (!runAs) return;
  const known =
    (typeof runAs["user_name"] === "string" && findUser(workspace, runAs["user_name"])) ||
    (typeof runAs["service_principal_name"] === "string" &&
      findServicePrincipal(workspace, runAs["service_principal_name"])) ||
    (typeof runAs["group_name"] === "string" && findGroup(workspace, runAs["group_name"]));
  if (!known) {
    const name = runAs["user_name"] ?? runAs["service_principal_name"] ?? runAs["group_name"];
    throw invalidParameter(`The run_as principal ${String(name)} does not exist in this workspace.`);
  }
}

/** Settings with what the platform fills in when a job is saved; `queue` is on by default in 2.2 alone:
 * https://docs.databricks.com/reference/jobs-api-2-2-updates.html */
export function withDefaults(settings: JsonObject, version: string): JsonObject {
  const { format: _, access_control_list: __, tasks, ...rest } = settings;
  const source = isObject(rest["git_source"]) ? "GIT" : "WORKSPACE";
  return {
    name: "Untitled",
    email_notifications: {},
    webhook_notifications: {},
    timeout_seconds: 0,
    max_concurrent_runs: 1,
    ...(version === "2.2" && { queue: { enabled: true } }),
    ...rest,
    ...(Array.isArray(tasks) && { tasks: tasks.filter(isObject).map((task) => taskWithDefaults(task, source)) }),
  };
}

/** What the platform fills in and puts in order when a task is saved; a for-each task's inner task fares alike. */
function taskWithDefaults(task: JsonObject, source: string): JsonObject {
  const { notebook_task: notebook, for_each_task: loop, depends_on: others } = task;
  return {
    run_if: "ALL_SUCCESS",
    timeout_seconds: 0,
    email_notifications: {},
    ...task,
    ...(isObject(notebook) && { notebook_task: { source, ...notebook } }),
    ...(Array.isArray(others) && { depends_on: others.filter(isObject).sort(byTaskKey) }),
    ...(isObject(loop) &&
      isObject(loop["task"]) && { for_each_task: { ...loop, task: taskWithDefaults(loop["task"], source) } }),
  };
}

function byTaskKey({ task_key: a }: JsonObject, { task_key: b }: JsonObject): number {
  return String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0;
}

/** The key by which `jobs/update` merges each array of the settings. */
const keys: Readonly<Record<string, string>> = {
  tasks: "task_key",
  job_clusters: "job_cluster_key",
  parameters: "name",
  environments: "environment_key",
};

function mergedList(old: Json | undefined, added: Json[], key: string): Json[] {
  const replaced = new Map(added.filter(isObject).map((entry) => [entry[key], entry]));
  const kept = (Array.isArray(old) ? old : []).map((entry) => {
    const id = isObject(entry) ? entry[key] : undefined;
    const newer = replaced.get(id);
    if (newer) replaced.delete(id);
    return newer ?? entry;
  });
  return [...kept, ...replaced.values()];
}

/** Settings after `jobs/update`: https://docs.databricks.com/api/azure/workspace/jobs/update */
export function mergedSettings(old: JsonObject, changes: JsonObject, removed: readonly string[]): JsonObject {
  const result: JsonObject = structuredClone(old);
  for (const field of removed) remove(result, field);
  for (const [field, value] of Object.entries(changes)) {
    const key = keys[field];
    result[field] = key && Array.isArray(value) ? mergedList(result[field], value, key) : value;
  }
  return result;
}

function remove(settings: JsonObject, path: string): void {
  const [field = "", entry] = path.split("/", 2);
  if (entry === undefined) {
    delete settings[field];
    return;
  }
  const key = keys[field];
  if (!key || (field !== "tasks" && field !== "job_clusters"))
    throw invalidParameter(`Invalid field to remove: ${path}. Nested fields cannot be removed.`);
  const list = settings[field];
  if (Array.isArray(list)) settings[field] = list.filter((each) => !isObject(each) || each[key] !== entry);
}
