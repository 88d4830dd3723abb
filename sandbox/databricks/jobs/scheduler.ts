import type { JsonObject } from "../../http/json.js";
import { jobTable, type JobRow } from "./row.js";
import { nextFireOf, triggersOf, type TriggerKind } from "./triggers.js";
import { cancelRun, keepContinuous, startJobRun } from "../runs/lifecycle.js";
import { activeRuns, runTable, type RunTrigger } from "../runs/row.js";
import type { Workspace } from "../workspace.js";

/** Sets a job's alarm to the next time that one of its triggers names; to be called whenever its settings change. */
export function armJob(workspace: Workspace, job: JobRow): void {
  const now = workspace.clock.now();
  const times = triggersOf(job.settings)
    .map((trigger) => nextFireOf(trigger, now))
    .filter((time) => time !== undefined);
  job.nextFireAt = times.length > 0 ? Math.min(...times) : undefined;
  watch(workspace, job);
  keepContinuous(workspace, job);
}

function watch(workspace: Workspace, { id, nextFireAt }: JobRow): void {
  if (nextFireAt === undefined) return;
  workspace.clock.after(Math.max(0, nextFireAt - workspace.clock.now()), () => {
    const job = jobTable(workspace).get(id.toString());
    if (job?.nextFireAt !== nextFireAt) return;
    startJobRun(workspace, job, { trigger: "PERIODIC", by: job.creator });
    armJob(workspace, job);
  });
}

/** Sets every job's alarm anew, after the rows were replaced by a restore. */
export function rearmJobs(workspace: Workspace): void {
  for (const job of jobTable(workspace).values()) {
    watch(workspace, job);
    keepContinuous(workspace, job, "CONTINUOUS_RESTART");
  }
}

/** Takes a deleted job's triggers away and ends its runs. */
export function disarmJob(workspace: Workspace, job: JobRow): void {
  job.nextFireAt = undefined;
  for (const id of activeRuns(workspace, job.id.toString())) {
    const run = runTable(workspace).get(id);
    if (run) cancelRun(workspace, run);
  }
}

function fireOn(
  workspace: Workspace,
  kind: TriggerKind,
  trigger: RunTrigger,
  concerns: (config: JsonObject) => boolean,
): bigint[] {
  return [...jobTable(workspace).values()]
    .filter((job) =>
      triggersOf(job.settings).some((each) => each.kind === kind && !each.paused && concerns(each.config)),
    )
    .map((job) => startJobRun(workspace, job, { trigger, by: job.creator }).id);
}

/** A file arrived: every job whose unpaused file-arrival trigger watches a place above `url` runs. Returns the run ids. */
export function fireFileArrival(workspace: Workspace, url: string): bigint[] {
  return fireOn(workspace, "file_arrival", "FILE_ARRIVAL", (config) => url.startsWith(String(config["url"])));
}

/** A table was updated: every job whose unpaused trigger names it (`catalog.schema.table`) runs. Returns the run ids. */
export function fireTableUpdate(workspace: Workspace, table: string): bigint[] {
  return fireOn(workspace, "table_update", "TABLE", (config) => {
    const names = config["table_names"];
    return Array.isArray(names) && names.includes(table);
  });
}
