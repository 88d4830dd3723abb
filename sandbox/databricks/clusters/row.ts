import type { JsonObject } from "../../http/json.js";
import type { Workspace } from "../workspace.js";

export type ClusterState =
  "PENDING" | "RUNNING" | "RESTARTING" | "RESIZING" | "TERMINATING" | "TERMINATED" | "ERROR" | "UNKNOWN";

export type ClusterSource =
  "UI" | "JOB" | "API" | "SQL" | "PIPELINE" | "PIPELINE_MAINTENANCE" | "MODELS" | "SYSTEM_CREATED" | "UNKNOWN";

export interface TerminationReason {
  readonly code: string;
  readonly type: "SUCCESS" | "CLIENT_ERROR" | "SERVICE_FAULT" | "CLOUD_FAILURE";
  readonly parameters: Readonly<Record<string, string>>;
}

/** One cluster as it is stored. Times are ms of the workspace's clock. */
export interface ClusterRow {
  readonly id: string;
  /** The request's fields, unknown ones too, without `cluster_id` and with what a policy and the service put in. */
  spec: JsonObject;
  /** What was asked for at the last create or edit, before a policy and the service put anything in. */
  asked: JsonObject;
  readonly source: ClusterSource;
  creator: string;
  /** Tags that the maker of the cluster adds to the default ones, e.g. JobId and RunName. */
  readonly ownTags: Readonly<Record<string, string>>;
  state: ClusterState;
  stateMessage: string;
  readonly createdAt: number;
  /** Start of the last launch. */
  startTime: number;
  lastRestartedAt: number;
  lastActivityAt: number;
  terminatedAt: number | undefined;
  unpinnedAt: number | undefined;
  terminationReason: TerminationReason | undefined;
  pinnedBy: string | undefined;
  sparkContextId: bigint;
  /** The next change of state and when it is due. */
  due: { readonly at: number; readonly to: "RUNNING" | "TERMINATED" } | undefined;
}

export function clusterTable(workspace: Workspace): Map<string, ClusterRow> {
  return workspace.table<ClusterRow>("clusters");
}

/** Ids of the job runs and commands that are at work on a cluster, which keep it from being terminated as idle. */
export function workOn(workspace: Workspace, clusterId: string): Set<string> {
  const table = workspace.table<Set<string>>("cluster-work");
  let work = table.get(clusterId);
  if (!work) table.set(clusterId, (work = new Set()));
  return work;
}

const month = 30 * 24 * 3_600_000;

/**
 * Whether an unpinned cluster has been terminated, or unpinned, for 30 days, after which its configuration is gone:
 * https://learn.microsoft.com/azure/databricks/compute/clusters-manage (Pin a compute)
 */
export function isPurged(workspace: Workspace, row: ClusterRow): boolean {
  if (row.state !== "TERMINATED" || row.pinnedBy !== undefined || row.terminatedAt === undefined) return false;
  return workspace.clock.now() >= Math.max(row.terminatedAt, row.unpinnedAt ?? 0) + month;
}
