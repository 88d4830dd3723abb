import type { Json, JsonObject } from "../http/json.js";

/** Why a launch fails: the `code` of the termination reason that a cluster ends with. */
export const launchFailures = [
  "AZURE_QUOTA_EXCEEDED_EXCEPTION",
  "CLOUD_PROVIDER_LAUNCH_FAILURE",
  "CLOUD_PROVIDER_RESOURCE_STOCKOUT",
] as const;
export type LaunchFailure = (typeof launchFailures)[number];

/** What each switch may be set to, in words, and whether a value is that. */
const allowed: Readonly<Record<keyof WorkspaceControls, readonly [what: string, fits: (value: Json) => boolean]>> = {
  clusterStartMs: ["a number of ms", isNumber],
  clusterStopMs: ["a number of ms", isNumber],
  runMs: ["a number of ms", isNumber],
  continuousRunMs: ["a number of ms", isNumber],
  maxCores: ["a number of cores", isNumber],
  launchFailure: [launchFailures.join(" or "), (value) => launchFailures.some((each) => each === value)],
  dbfsDisabled: ["true or false", isFlag],
  dbfsInitScriptsDisabled: ["true or false", isFlag],
};

function isNumber(value: Json): boolean {
  return typeof value === "number" && value >= 0;
}

function isFlag(value: Json): boolean {
  return typeof value === "boolean";
}

/** Switches of one workspace, all in ms of its clock where they are times; the defaults are those of an old workspace. */
export interface WorkspaceControls {
  /** From PENDING to RUNNING, and from TERMINATING to TERMINATED. */
  clusterStartMs: number;
  clusterStopMs: number;
  /** How long a job run works once its compute is up; a continuous job's run takes `continuousRunMs`. */
  runMs: number;
  continuousRunMs: number;
  /** The subscription's regional vCPU quota: a launch beyond it ends as Azure's quota error. */
  maxCores: number;
  /** When set, every launch ends like this. */
  launchFailure: LaunchFailure | undefined;
  /** Whether the DBFS root and mounts are shut, as in new workspaces, which have legacy features disabled. */
  dbfsDisabled: boolean;
  /** Whether init scripts on DBFS are refused, as in new workspaces. */
  dbfsInitScriptsDisabled: boolean;
}

/** Every switch at its default. */
export function workspaceControls({ clusterStartMs, clusterStopMs }: ControlDefaults): WorkspaceControls {
  return {
    clusterStartMs: clusterStartMs ?? 2_000,
    clusterStopMs: clusterStopMs ?? 1_000,
    runMs: 5_000,
    continuousRunMs: 3_600_000,
    maxCores: Number.POSITIVE_INFINITY,
    launchFailure: undefined,
    dbfsDisabled: false,
    dbfsInitScriptsDisabled: false,
  };
}

/** What a workspace begins with. */
export interface ControlDefaults {
  /** How long a cluster takes from PENDING to RUNNING and from TERMINATING to TERMINATED, in ms of the clock. */
  readonly clusterStartMs?: number;
  readonly clusterStopMs?: number;
}

/** What is wrong with such changes; undefined when they can be made. */
export function mistakeInControls(changes: JsonObject): string | undefined {
  for (const [name, value] of Object.entries(changes)) {
    const rule = name in allowed ? allowed[name as keyof WorkspaceControls] : undefined;
    if (!rule) return `there is no switch "${name}"; there are ${Object.keys(allowed).join(", ")}`;
    const [what, fits] = rule;
    if (value !== null && value !== undefined && !fits(value)) return `"${name}" is ${what}, or null for its default`;
  }
  return undefined;
}

/** Makes changes that have no mistake; `null` gives a switch its default back. */
export function setControls(controls: WorkspaceControls, changes: JsonObject, options: ControlDefaults): void {
  const original = workspaceControls(options);
  for (const [name, value] of Object.entries(changes))
    Object.assign(controls, { [name]: value ?? original[name as keyof WorkspaceControls] });
}
