import type { JsonObject } from "../../http/json.js";
import { recordEvent } from "./events.js";
import { clusterTable, workOn, type ClusterRow, type ClusterSource, type TerminationReason } from "./row.js";
import { coresOf, nodeTypesOf, workersOf } from "./size.js";
import { invalidState } from "../http/errors.js";
import { installPending, releaseLibraries } from "../libraries/row.js";
import { NodeTypes } from "./node-types.js";
import type { Workspace } from "../workspace.js";

const activeStates = new Set(["PENDING", "RUNNING", "RESTARTING", "RESIZING"]);

/** Cluster ids are the second of creation, and a suffix: `0923-164208-meows279`. */
function newClusterId(workspace: Workspace): string {
  const stamp = new Date(workspace.clock.now()).toISOString().replace(/\D/g, "");
  for (;;) {
    const id = `${stamp.slice(4, 8)}-${stamp.slice(8, 14)}-${workspace.newId().toString(36).slice(-8)}`;
    if (!clusterTable(workspace).has(id)) return id;
  }
}

/** Makes a cluster and starts its first launch; `spec` is checked already. */
export function createCluster(
  workspace: Workspace,
  spec: JsonObject,
  made: {
    readonly by: string;
    /** What was asked for, where that is not `spec`. */
    readonly asked?: JsonObject;
    readonly source: ClusterSource;
    readonly ownTags?: Readonly<Record<string, string>>;
    readonly id?: string;
  },
): ClusterRow {
  const now = workspace.clock.now();
  const row: ClusterRow = {
    id: made.id ?? newClusterId(workspace),
    spec,
    asked: made.asked ?? spec,
    source: made.source,
    creator: made.by,
    ownTags: made.ownTags ?? {},
    state: "TERMINATED",
    stateMessage: "",
    createdAt: now,
    startTime: now,
    lastRestartedAt: 0,
    lastActivityAt: 0,
    terminatedAt: undefined,
    unpinnedAt: undefined,
    terminationReason: undefined,
    pinnedBy: undefined,
    sparkContextId: 0n,
    due: undefined,
  };
  clusterTable(workspace).set(row.id, row);
  recordEvent(workspace, row.id, "CREATING", { cluster_size: sizeOf(spec), user: made.by });
  launch(workspace, row);
  return row;
}

const sizeOf = (spec: JsonObject): JsonObject =>
  spec["autoscale"] ? { autoscale: spec["autoscale"] } : { num_workers: spec["num_workers"] ?? 0 };

function launch(workspace: Workspace, row: ClusterRow): void {
  row.state = "PENDING";
  row.stateMessage = "Finding instances for new nodes, acquiring more instances if necessary";
  row.startTime = workspace.clock.now();
  row.terminatedAt = undefined;
  row.terminationReason = undefined;
  become(workspace, row, "RUNNING", workspace.controls.clusterStartMs);
}

/** https://docs.databricks.com/api/azure/workspace/clusters/start; a cluster that is not terminated is refused in fact:
 * https://github.com/databricks/cli/issues/1372 */
export function startCluster(workspace: Workspace, row: ClusterRow, user: string): void {
  expectState(row, "TERMINATED");
  recordEvent(workspace, row.id, "STARTING", { user });
  launch(workspace, row);
}

/** Refuses unless the cluster is in one of these states, in the API's words. */
export function expectState(row: ClusterRow, ...states: readonly ClusterRow["state"][]): void {
  if (states.includes(row.state)) return;
  const state = row.state.charAt(0) + row.state.slice(1).toLowerCase();
  throw invalidState(`Cluster ${row.id} is in unexpected state ${state}.`);
}

export function restartCluster(workspace: Workspace, row: ClusterRow, user: string): void {
  expectState(row, "RUNNING");
  recordEvent(workspace, row.id, "RESTARTING", { user });
  row.state = "RESTARTING";
  row.stateMessage = "Restarting";
  row.lastRestartedAt = workspace.clock.now();
  become(workspace, row, "RUNNING", workspace.controls.clusterStartMs);
}

export function resizeCluster(workspace: Workspace, row: ClusterRow, size: JsonObject, user: string): void {
  expectState(row, "RUNNING");
  recordEvent(workspace, row.id, "RESIZING", { cluster_size: size, previous_cluster_size: sizeOf(row.spec), user });
  const resized = ({ num_workers: _, autoscale: __, ...rest }: JsonObject): JsonObject => ({ ...rest, ...size });
  row.spec = resized(row.spec);
  row.asked = resized(row.asked);
  row.state = "RESIZING";
  become(workspace, row, "RUNNING", workspace.controls.clusterStopMs);
}

/** Terminates; a cluster that is terminating or terminated already is left as it is. */
export function terminateCluster(
  workspace: Workspace,
  row: ClusterRow,
  reason: TerminationReason,
  message: string,
): void {
  if (!activeStates.has(row.state)) return;
  recordEvent(workspace, row.id, "TERMINATING", { reason: reason as unknown as JsonObject });
  row.state = "TERMINATING";
  row.stateMessage = message;
  row.terminationReason = reason;
  become(workspace, row, "TERMINATED", workspace.controls.clusterStopMs);
}

export function terminateByUser(workspace: Workspace, row: ClusterRow, user: string): void {
  const reason: TerminationReason = { code: "USER_REQUEST", type: "SUCCESS", parameters: { username: user } };
  terminateCluster(workspace, row, reason, `Termination requested by ${user}.`);
}

/** Says that the cluster is at work now, which puts its auto-termination off. */
export function noteActivity(workspace: Workspace, clusterId: string): void {
  const row = clusterTable(workspace).get(clusterId);
  if (row) row.lastActivityAt = workspace.clock.now();
}

function become(workspace: Workspace, row: ClusterRow, to: "RUNNING" | "TERMINATED", delay: number): void {
  row.due = { at: workspace.clock.now() + delay, to };
  watch(workspace, row.id, delay);
}

function watch(workspace: Workspace, id: string, delay: number): void {
  workspace.clock.after(delay, () => {
    const row = clusterTable(workspace).get(id);
    if (row) settle(workspace, row);
  });
}

/** Sets alarms anew for what is due, after the rows were replaced by a restore. */
export function rearmClusters(workspace: Workspace): void {
  const now = workspace.clock.now();
  for (const row of clusterTable(workspace).values()) {
    if (row.due) watch(workspace, row.id, Math.max(0, row.due.at - now));
    else if (row.state === "RUNNING") watchInactivity(workspace, row);
  }
}

function settle(workspace: Workspace, row: ClusterRow): void {
  if (row.due && row.due.at <= workspace.clock.now()) {
    const { to } = row.due;
    row.due = undefined;
    if (to === "TERMINATED") row.state = "TERMINATED";
    else arrive(workspace, row);
    if (row.state === "TERMINATED") {
      row.terminatedAt = workspace.clock.now();
      releaseLibraries(workspace, row.id);
    }
    return;
  }
  if (row.state === "RUNNING") terminateIfInactive(workspace, row);
}

function arrive(workspace: Workspace, row: ClusterRow): void {
  const failure = row.state === "PENDING" ? launchFailure(workspace, row) : undefined;
  if (failure) {
    row.state = "TERMINATED";
    row.stateMessage = failure.message;
    row.terminationReason = failure.reason;
    recordEvent(workspace, row.id, "TERMINATING", { reason: failure.reason as unknown as JsonObject });
    return;
  }
  const resized = row.state === "RESIZING";
  if (!resized) {
    row.sparkContextId = workspace.newId();
    installPending(workspace, row.id);
  }
  if (row.state === "PENDING") row.lastRestartedAt = workspace.clock.now();
  row.state = "RUNNING";
  row.stateMessage = "";
  row.lastActivityAt = workspace.clock.now();
  recordEvent(workspace, row.id, resized ? "UPSIZE_COMPLETED" : "RUNNING", {
    current_num_workers: workersOf(row.spec),
  });
  if (!resized) recordEvent(workspace, row.id, "DRIVER_HEALTHY");
  watchInactivity(workspace, row);
}

function minutesIdle(row: ClusterRow): number {
  const minutes = row.spec["autotermination_minutes"];
  return row.source === "JOB" || typeof minutes !== "number" ? 0 : minutes;
}

function watchInactivity(workspace: Workspace, row: ClusterRow): void {
  const minutes = minutesIdle(row);
  if (minutes === 0) return;
  watch(workspace, row.id, Math.max(0, row.lastActivityAt + minutes * 60_000 - workspace.clock.now()));
}

function terminateIfInactive(workspace: Workspace, row: ClusterRow): void {
  const minutes = minutesIdle(row);
  if (minutes === 0) return;
  if (workOn(workspace, row.id).size > 0) row.lastActivityAt = workspace.clock.now();
  if (workspace.clock.now() < row.lastActivityAt + minutes * 60_000) {
    watchInactivity(workspace, row);
    return;
  }
  const reason: TerminationReason = {
    code: "INACTIVITY",
    type: "SUCCESS",
    parameters: { inactivity_duration_min: String(minutes) },
  };
  terminateCluster(workspace, row, reason, `Inactive cluster terminated (inactive for ${minutes} minutes).`);
}

/** Why this launch cannot have its machines, if so: a switch, a type the region cannot give, or the core quota. */
function launchFailure(
  workspace: Workspace,
  row: ClusterRow,
): { readonly reason: TerminationReason; readonly message: string } | undefined {
  const { controls, options } = workspace;
  const missing = nodeTypesOf(workspace, row.spec).find((id) => !new NodeTypes(options.region).isAvailable(id));
  const used = [...clusterTable(workspace).values()]
    .filter((other) => other !== row && ["RUNNING", "RESTARTING", "RESIZING"].includes(other.state))
    .reduce((sum, other) => sum + coresOf(workspace, other.spec), 0);
  const wanted = coresOf(workspace, row.spec);
  let code = controls.launchFailure as string | undefined;
  let azure = ["OperationNotAllowed", `Operation could not be completed as requested in ${options.region}.`];
  if (missing) {
    code = "CLOUD_PROVIDER_LAUNCH_FAILURE";
    azure = ["SkuNotAvailable", `The requested VM size ${missing} is not available in location '${options.region}'.`];
  } else if (used + wanted > controls.maxCores || code === "AZURE_QUOTA_EXCEEDED_EXCEPTION") {
    code = "AZURE_QUOTA_EXCEEDED_EXCEPTION";
    const limit = Number.isFinite(controls.maxCores) ? controls.maxCores : used;
    azure = [
      "OperationNotAllowed",
      `Operation could not be completed as it results in exceeding approved Total Regional Cores quota. Additional details - Deployment Model: Resource Manager, Location: ${options.region}, Current Limit: ${limit}, Current Usage: ${used}, Additional Required: ${wanted}, (Minimum) New Limit Required: ${used + wanted}.`,
    ];
  }
  if (!code) return undefined;
  const [azureCode = "", azureMessage = ""] = azure;
  return {
    reason: {
      code,
      type: code === "AZURE_QUOTA_EXCEEDED_EXCEPTION" ? "CLIENT_ERROR" : "CLOUD_FAILURE",
      parameters: { azure_error_code: azureCode, azure_error_message: azureMessage },
    },
    message: `Cloud Provider Launch Failure: A cloud provider error was encountered while setting up the cluster. Azure error code: ${azureCode}. Azure error message: ${azureMessage}`,
  };
}
