import type { WorkspaceOptions } from "./workspace.js";

/** Why a launch fails: the `code` of the termination reason that a cluster ends with. */
export type LaunchFailure =
  "AZURE_QUOTA_EXCEEDED_EXCEPTION" | "CLOUD_PROVIDER_LAUNCH_FAILURE" | "CLOUD_PROVIDER_RESOURCE_STOCKOUT";

/** Switches of one workspace, all in ms of its clock where they are times. */
export class WorkspaceControls {
  /** From PENDING to RUNNING, and from TERMINATING to TERMINATED. */
  clusterStartMs: number;
  clusterStopMs: number;
  /** How long a job run works once its compute is up; a continuous job's run takes `continuousRunMs`. */
  runMs = 5_000;
  continuousRunMs = 3_600_000;
  /** The subscription's regional vCPU quota: a launch beyond it ends as Azure's quota error. */
  maxCores = Number.POSITIVE_INFINITY;
  /** When set, every launch ends like this. */
  launchFailure: LaunchFailure | undefined;

  constructor(options: WorkspaceOptions) {
    this.clusterStartMs = options.clusterStartMs ?? 2_000;
    this.clusterStopMs = options.clusterStopMs ?? 1_000;
  }
}
