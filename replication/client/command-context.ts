import { setTimeout as sleep } from "node:timers/promises";
import { isRefusal, meansGone, UnexpectedAnswer } from "./errors.js";
import { idOf, isObject, type Json, type JsonObject } from "../values/json.js";
import type { RequestOptions, WorkspaceClient } from "./workspace-client.js";

/** Azure gives machines in a few minutes, or it has none. */
const clusterStartsWithinMinutes = 10;

/** How long a cluster may still show as terminated after its start was asked for, without having failed. */
const startShowsWithinMs = 10_000;

const commandEndsWithinMs = 30 * 60_000;
const firstPollMs = 100;
const longestPollMs = 5_000;

export type OperationsClusterTrouble = "deleted" | "cannot-start" | "pending";

/** The cluster on which mounts are read and made does not run, and it is not for a retry to mend. */
export class OperationsClusterUnavailable extends Error {
  override readonly name = "OperationsClusterUnavailable";
  constructor(
    readonly reason: OperationsClusterTrouble,
    message: string,
  ) {
    super(message);
  }
}

export interface CommandOptions extends RequestOptions {
  /** How long the cluster is given to start. Default 10. */
  readonly startsWithinMinutes?: number | undefined;
}

/**
 * Runs Python on a cluster, which is started if it rests, and gives what it printed. Idempotent code is sent again where it
 * is open whether it ran. Fails as `OperationsClusterUnavailable` where the cluster is gone or does not start in time.
 * https://docs.databricks.com/api/azure/workspace/commandexecution
 */
export async function runPython(
  client: WorkspaceClient,
  clusterId: string,
  code: string,
  { startsWithinMinutes = clusterStartsWithinMinutes, ...options }: CommandOptions = {},
): Promise<string> {
  await startCluster(client, clusterId, startsWithinMinutes);
  // A context whose answer is lost costs no more than itself, until the cluster terminates.
  const opening = { clusterId, language: "python" };
  const context = await client.post("/api/1.2/contexts/create", opening, { idempotent: true });
  const contextId = idOf(context.id);
  try {
    await contextRuns(client, clusterId, contextId, startsWithinMinutes);
    const request = { clusterId, contextId, language: "python", command: code };
    const command = await client.post("/api/1.2/commands/execute", request, options);
    const results = await poll(commandEndsWithinMs, `a command on cluster ${clusterId}`, async () => {
      const state = await client.get("/api/1.2/commands/status", { clusterId, contextId, commandId: idOf(command.id) });
      return ["Finished", "Error", "Cancelled"].includes(textOf(state, "status")) ? state : undefined;
    });
    return outputOf(results);
  } finally {
    await client
      .post("/api/1.2/contexts/destroy", { clusterId, contextId }, { idempotent: true })
      .catch(() => undefined);
  }
}

/** What a cluster shows of its last end, to tell a start that failed from one that does not show yet. */
function lastEnd({ terminated_time, state_message }: JsonObject): string {
  return `${String(terminated_time)} ${String(state_message)}`;
}

async function startCluster(client: WorkspaceClient, clusterId: string, withinMinutes: number): Promise<void> {
  const deadline = Date.now() + withinMinutes * 60_000;
  let asked: { readonly at: number; readonly before: string } | undefined;
  for (let pause = firstPollMs; ; pause = nextPause(pause)) {
    const cluster = await describeCluster(client, clusterId);
    const state = textOf(cluster, "state");
    if (state === "RUNNING" || state === "RESIZING") return;
    if (state === "TERMINATED" || state === "ERROR") {
      if (!asked) {
        asked = { at: Date.now(), before: lastEnd(cluster) };
        await askToStart(client, clusterId);
      } else if (lastEnd(cluster) !== asked.before || Date.now() - asked.at > startShowsWithinMs)
        throw cannotStart(clusterId, reasonOf(cluster));
    }
    if (Date.now() > deadline) {
      const what = `is still ${state} after ${withinMinutes} min (${reasonOf(cluster)})`;
      throw new OperationsClusterUnavailable("pending", `the operations cluster ${clusterId} ${what}: ${waysOut}`);
    }
    await sleep(pause);
  }
}

const waysOut =
  'mounts are read and made on it. Raise the quota, or choose a node type that there is (operationsCluster.nodeType); or leave mounts out (select.mounts.exclude ["**"])';

function cannotStart(clusterId: string, why: string): OperationsClusterUnavailable {
  const message = `the operations cluster ${clusterId} cannot start (${why}): ${waysOut}`;
  return new OperationsClusterUnavailable("cannot-start", message);
}

/** Of a cluster that is not there Databricks says that the parameter is invalid. */
async function describeCluster(client: WorkspaceClient, clusterId: string): Promise<JsonObject> {
  try {
    return await client.get("/api/2.1/clusters/get", { cluster_id: clusterId });
  } catch (error) {
    if (!meansGone(error)) throw error;
    throw new OperationsClusterUnavailable(
      "deleted",
      `the operations cluster ${clusterId} was deleted by somebody; the next \`pulumi up\` makes it again`,
    );
  }
}

async function askToStart(client: WorkspaceClient, clusterId: string): Promise<void> {
  try {
    await client.post("/api/2.1/clusters/start", { cluster_id: clusterId }, { idempotent: true });
  } catch (error) {
    if (!isRefusal(error)) throw error;
    // Somebody else has started it, or it was on its way down after all: the next look tells.
    if (error.errorCode !== "INVALID_STATE") throw cannotStart(clusterId, error.message);
  }
}

/** `The quota is exhausted (AZURE_QUOTA_EXCEEDED_EXCEPTION)`, as far as the workspace says. */
function reasonOf({ state_message, termination_reason }: JsonObject): string {
  const said = typeof state_message === "string" && state_message !== "" ? state_message : "no reason is given";
  const code = isObject(termination_reason) ? termination_reason.code : undefined;
  return typeof code === "string" && !said.includes(code) ? `${said}; ${code}` : said;
}

/** A driver that hangs opens none: it is given as long as the cluster was. */
async function contextRuns(
  client: WorkspaceClient,
  clusterId: string,
  contextId: string,
  withinMinutes: number,
): Promise<void> {
  const deadline = Date.now() + withinMinutes * 60_000;
  for (let pause = firstPollMs; ; pause = nextPause(pause)) {
    const status = textOf(await client.get("/api/1.2/contexts/status", { clusterId, contextId }), "status");
    if (status === "Running") return;
    if (status === "Error" || Date.now() > deadline) {
      const what = status === "Error" ? "could not open" : `did not open in ${withinMinutes} min`;
      throw new OperationsClusterUnavailable(
        "pending",
        `the operations cluster ${clusterId} ${what} an execution context: terminate it, and the next run starts it anew`,
      );
    }
    await sleep(pause);
  }
}

function outputOf({ status, results }: JsonObject): string {
  const result = isObject(results) ? results : {};
  if (status !== "Finished" || result.resultType === "error")
    throw new Error(
      `a command on the operations cluster failed: ${plainText(result.summary ?? result.cause ?? status)}`,
    );
  return String(result.data ?? "");
}

/** Summaries come as HTML, coloured for a notebook. */
function plainText(value: Json | undefined): string {
  return String(value)
    .replace(/<[^>]+>/g, "")
    .replace(/\u001b\[[\d;]*m/g, "");
}

/** What is waited for: an answer that does not say it is none, and would be waited for in vain. */
function textOf(answer: JsonObject, field: string): string {
  const value = answer[field];
  if (typeof value !== "string")
    throw new UnexpectedAnswer(`the operations cluster was asked, and the answer has no ${field}`);
  return value;
}

async function poll<T>(withinMs: number, what: string, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (let pause = firstPollMs; ; pause = nextPause(pause)) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`waited ${withinMs / 60_000} min in vain for ${what}`);
    await sleep(pause);
  }
}

function nextPause(pause: number): number {
  return Math.min(longestPollMs, pause * 1.5);
}
