import { setTimeout as sleep } from "node:timers/promises";
import { idOf, isObject, type Json, type JsonObject } from "./json.js";
import type { RequestOptions, WorkspaceClient } from "./workspace-client.js";

const clusterStartsWithinMs = 20 * 60_000;
const commandEndsWithinMs = 30 * 60_000;
const firstPollMs = 100;
const longestPollMs = 5_000;

/**
 * Runs Python on a cluster, which is started if it rests, and gives what it printed. Idempotent code is sent again where it
 * is open whether it ran.
 * https://docs.databricks.com/api/azure/workspace/commandexecution
 */
export async function runPython(
  client: WorkspaceClient,
  clusterId: string,
  code: string,
  options: RequestOptions = {},
): Promise<string> {
  await startCluster(client, clusterId);
  // A context whose answer is lost costs no more than itself, until the cluster terminates.
  const opening = { clusterId, language: "python" };
  const context = await client.post("/api/1.2/contexts/create", opening, { idempotent: true });
  const contextId = idOf(context.id);
  try {
    await poll(commandEndsWithinMs, `the execution context on cluster ${clusterId}`, async () => {
      const { status } = await client.get("/api/1.2/contexts/status", { clusterId, contextId });
      if (status === "Error") throw new Error(`cluster ${clusterId} could not open an execution context`);
      return status === "Running" ? true : undefined;
    });
    const request = { clusterId, contextId, language: "python", command: code };
    const command = await client.post("/api/1.2/commands/execute", request, options);
    const results = await poll(commandEndsWithinMs, `a command on cluster ${clusterId}`, async () => {
      const state = await client.get("/api/1.2/commands/status", { clusterId, contextId, commandId: idOf(command.id) });
      return ["Finished", "Error", "Cancelled"].includes(String(state.status)) ? state : undefined;
    });
    return outputOf(results);
  } finally {
    await client
      .post("/api/1.2/contexts/destroy", { clusterId, contextId }, { idempotent: true })
      .catch(() => undefined);
  }
}

async function startCluster(client: WorkspaceClient, clusterId: string): Promise<void> {
  let asked = false;
  await poll(clusterStartsWithinMs, `cluster ${clusterId} to run`, async () => {
    const { state, state_message } = await client.get("/api/2.1/clusters/get", { cluster_id: clusterId });
    if (state === "RUNNING" || state === "RESIZING") return true;
    if (state === "TERMINATED" || state === "ERROR") {
      if (asked) throw new Error(`the operations cluster ${clusterId} does not start: ${String(state_message)}`);
      asked = true;
      await client.post("/api/2.1/clusters/start", { cluster_id: clusterId }, { idempotent: true });
    }
    return undefined;
  });
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

async function poll<T>(withinMs: number, what: string, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (let pause = firstPollMs; ; pause = Math.min(longestPollMs, pause * 1.5)) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`waited ${withinMs / 60_000} min in vain for ${what}`);
    await sleep(pause);
  }
}
