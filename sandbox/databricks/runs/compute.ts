import type { JsonObject } from "../../http/json.js";
import { createCluster, noteActivity, startCluster, terminateCluster } from "../clusters/lifecycle.js";
import { clusterTable, isPurged, workOn, type ClusterRow } from "../clusters/row.js";
import { checkedSpec, refuseDbfsInitScripts } from "../clusters/spec.js";
import { isObject, objectList } from "../http/request-fields.js";
import { progressOf, type RunRow, type TaskRun } from "./row.js";
import type { Workspace } from "../workspace.js";

/** How far a run's clusters are: up, to be asked again later, or never to come up. */
export type Readiness =
  | { readonly state: "ready" }
  | { readonly state: "wait"; readonly ms: number }
  | { readonly state: "failed"; readonly message: string };

/** The specification of a task's new cluster, and the key under which tasks share it. */
function newClusterOf(run: RunRow, task: JsonObject): { readonly key: string; readonly spec: JsonObject } | undefined {
  const shared = task["job_cluster_key"];
  if (typeof shared === "string") {
    const cluster = objectList(run.settings, "job_clusters").find((each) => each["job_cluster_key"] === shared);
    return isObject(cluster?.["new_cluster"]) ? { key: shared, spec: cluster["new_cluster"] } : undefined;
  }
  const inner = isObject(task["for_each_task"]) ? task["for_each_task"]["task"] : undefined;
  const holder = isObject(inner) ? inner : task;
  if (holder !== task && typeof holder["job_cluster_key"] === "string") return newClusterOf(run, holder);
  return isObject(holder["new_cluster"]) ? { key: String(task["task_key"]), spec: holder["new_cluster"] } : undefined;
}

/** Gives each task of a starting run its cluster: a new one of source JOB, or the named one, started if need be. */
export function acquireClusters(workspace: Workspace, run: RunRow): void {
  for (const taskRun of run.tasks) {
    if (taskRun.ended) continue;
    const existing = taskRun.task["existing_cluster_id"];
    if (typeof existing === "string") {
      taskRun.clusterId = existing;
      continue;
    }
    const wanted = newClusterOf(run, taskRun.task);
    if (wanted) taskRun.clusterId = ownCluster(workspace, run, taskRun, wanted.key, wanted.spec);
  }
}

function ownCluster(workspace: Workspace, run: RunRow, task: TaskRun, key: string, spec: JsonObject): string {
  const known = run.ownClusters.get(key);
  if (known) return known;
  refuseDbfsInitScripts(workspace, spec);
  const name = `job-${run.jobId}-run-${run.id}-${key}`;
  const row = createCluster(
    workspace,
    { ...checkedSpec(workspace, spec, "job"), cluster_name: name },
    {
      by: run.creator,
      source: "JOB",
      ownTags: { JobId: run.jobId, RunName: run.name, TaskKey: String(task.task["task_key"]) },
    },
  );
  run.ownClusters.set(key, row.id);
  return row.id;
}

/** Whether every cluster of the run is up; starts named ones that are terminated. */
export function clustersReady(workspace: Workspace, run: RunRow): Readiness {
  let wait = 0;
  for (const { clusterId, ended } of run.tasks) {
    if (clusterId === undefined || ended) continue;
    const row = clusterTable(workspace).get(clusterId);
    if (!row || isPurged(workspace, row)) return { state: "failed", message: `Cluster ${clusterId} does not exist` };
    if (row.state === "TERMINATED") {
      if (!mayStart(run, row))
        return { state: "failed", message: `Cluster ${clusterId} was terminated. ${row.stateMessage}` };
      const refusal = refusalToStart(workspace, row);
      if (refusal !== undefined) return { state: "failed", message: refusal };
      startCluster(workspace, row, run.creator);
    }
    workOn(workspace, clusterId).add(run.id.toString());
    if (row.state !== "RUNNING" && row.state !== "RESIZING")
      wait = Math.max(wait, 1, (row.due?.at ?? 0) - workspace.clock.now());
  }
  return wait > 0 ? { state: "wait", ms: wait } : { state: "ready" };
}

function refusalToStart(workspace: Workspace, row: ClusterRow): string | undefined {
  try {
    refuseDbfsInitScripts(workspace, row.spec);
    return undefined;
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
}

/** A named cluster is started once for a run: when its launch failed since, the run fails with it. */
function mayStart(run: RunRow, row: ClusterRow): boolean {
  return (
    row.source !== "JOB" &&
    (row.terminatedAt === undefined ||
      row.terminatedAt <= progressOf(run).startTime ||
      row.terminationReason?.type === "SUCCESS")
  );
}

/** Gives back what the run held: its own clusters end, named ones have just been at work. */
export function releaseClusters(workspace: Workspace, run: RunRow): void {
  for (const id of run.ownClusters.values()) {
    const row = clusterTable(workspace).get(id);
    if (row)
      terminateCluster(workspace, row, { code: "JOB_FINISHED", type: "SUCCESS", parameters: {} }, "Job run finished.");
  }
  for (const { clusterId, ended } of run.tasks) {
    if (clusterId === undefined || ended) continue;
    workOn(workspace, clusterId).delete(run.id.toString());
    noteActivity(workspace, clusterId);
  }
}
