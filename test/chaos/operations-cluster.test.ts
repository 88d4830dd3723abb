import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runPython } from "../../replication/client/command-context.js";
import { Limiter } from "../../replication/client/limiter.js";
import { WorkspaceClient } from "../../replication/client/workspace-client.js";
import { type Pair, startPair } from "../replication/pair.js";

let pair: Pair;

beforeEach(async () => {
  pair = await startPair();
  await terminate();
});
afterEach(() => pair.close());

const cluster_id = (): string => pair.primary.endpoint.operationsClusterId;

async function terminate(): Promise<void> {
  await pair.primary.post("/api/2.1/clusters/delete", { cluster_id: cluster_id() });
}

async function terminated(): Promise<void> {
  const state = async () => (await pair.primary.get(`/api/2.1/clusters/get?cluster_id=${cluster_id()}`)).state;
  await expect.poll(state).toBe("TERMINATED");
}

function run(startsWithinMinutes?: number): Promise<string> {
  const { server } = pair.primary;
  const credentials = () => Promise.resolve({ authorization: `Bearer ${server.workspace.options.token}` });
  const client = new WorkspaceClient(server.url, () => Promise.resolve(credentials), new Limiter());
  return runPython(client, cluster_id(), "print(1 + 1)", { startsWithinMinutes });
}

const trouble = (reason: string, message: RegExp): unknown =>
  expect.objectContaining({
    name: "OperationsClusterUnavailable",
    reason,
    message: expect.stringMatching(message) as string,
  });

describe("the operations cluster", () => {
  it("that is on its way down is waited for, and started", async () => {
    pair.primary.server.workspace.controls.clusterStopMs = 200;
    await run();
    await terminate();
    expect((await run()).trim()).toBe("2");
  });

  it("that was deleted is said to be that", async () => {
    await pair.primary.post("/api/2.1/clusters/permanent-delete", { cluster_id: cluster_id() });
    await expect(run()).rejects.toEqual(trouble("deleted", /was deleted by somebody; the next `pulumi up` makes it/));
  });

  it("for which there is no machine is given up at once, with the reason and the way out", async () => {
    await terminated();
    pair.primary.server.workspace.controls.launchFailure = "AZURE_QUOTA_EXCEEDED_EXCEPTION";
    const began = Date.now();
    await expect(run()).rejects.toEqual(
      trouble("cannot-start", /QUOTA.*operationsCluster\.nodeType.*select\.mounts\.exclude/s),
    );
    // Again, when it failed in the same way before.
    await expect(run()).rejects.toEqual(trouble("cannot-start", /QUOTA/));
    expect(Date.now() - began).toBeLessThan(30_000);
  });

  it("that may not be started is said to be that", async () => {
    await terminated();
    const path = "/api/2.1/clusters/start";
    const refusal = { status: 403, errorCode: "PERMISSION_DENIED", message: "not yours to start" };
    pair.primary.server.traffic.faults.add({ phase: "before", path, ...refusal });
    await expect(run()).rejects.toEqual(trouble("cannot-start", /not yours to start/));
  });

  it("that hangs is given up in the time that is set", async () => {
    pair.primary.server.workspace.controls.clusterStartMs = 600_000;
    await terminated();
    await expect(run(0.01)).rejects.toEqual(trouble("pending", /still PENDING after 0\.01 min/));
    await expect(pair.up("mounts", { operationsClusterMinutes: 0.01 })).rejects.toThrow(/is still PENDING/);
  });

  it("whose driver opens no context is given up as well", async () => {
    const hanging = {
      get: (path: string) => Promise.resolve(path.includes("clusters") ? { state: "RUNNING" } : { status: "Pending" }),
      post: () => Promise.resolve({ id: "1" }),
    };
    const client = hanging as unknown as WorkspaceClient;
    await expect(runPython(client, "c", "", { startsWithinMinutes: 0.005 })).rejects.toEqual(
      trouble("pending", /did not open in 0\.005 min an execution context/),
    );
  });

  it("that does not run is no failure of the clusters and jobs", async () => {
    pair.primary.server.workspace.controls.launchFailure = "CLOUD_PROVIDER_RESOURCE_STOCKOUT";
    await terminated();
    await expect(pair.up("mounts")).rejects.toThrow(/cannot be listed on primary.*cannot start.*STOCKOUT/s);
    expect((await pair.up("clusters")).state.ledger.counts).not.toHaveProperty("failed");
    expect((await pair.up("jobs")).state.ledger.counts).not.toHaveProperty("failed");
  });
});
