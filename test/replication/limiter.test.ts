import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { familyOf } from "../../replication/client/families.js";
import { Limiter, type LimiterOptions, TooLongWait } from "../../replication/client/limiter.js";
import { Run } from "../../replication/inventory/run.js";
import { WorkspaceClient } from "../../replication/client/workspace-client.js";

describe("each documented limit", () => {
  it.each<[string, string, string, number]>([
    ["POST", "/api/2.2/jobs/create", "jobs-create", 20],
    ["GET", "/api/2.2/jobs/get", "jobs-get", 20],
    ["GET", "/api/2.2/jobs/list", "jobs-list", 20],
    ["POST", "/api/2.2/jobs/reset", "jobs-reset", 20],
    ["POST", "/api/2.2/jobs/run-now", "jobs-run-now", 20],
    ["POST", "/api/2.2/jobs/update", "jobs-update", 10],
    ["POST", "/api/2.2/jobs/delete", "jobs-delete", 10],
    ["GET", "/api/2.2/jobs/runs/get", "runs-get", 100],
    ["GET", "/api/2.2/jobs/runs/list", "runs-list", 30],
    ["POST", "/api/2.2/jobs/runs/submit", "runs-submit", 35],
    ["GET", "/api/2.2/jobs/runs/get-output", "runs-get-output", 20],
    ["GET", "/api/2.2/jobs/runs/export", "runs-export", 20],
    ["POST", "/api/2.2/jobs/runs/delete", "runs-delete", 20],
    ["POST", "/api/2.2/jobs/runs/cancel", "runs-cancel", 10],
    ["POST", "/api/2.2/jobs/runs/cancel-all", "runs-cancel-all", 5],
    ["POST", "/api/2.2/jobs/runs/repair", "runs-repair", 5],
    ["GET", "/api/2.0/pipelines", "pipelines-read", 150],
    ["GET", "/api/2.0/pipelines/p1/events", "pipelines-read", 150],
    ["PUT", "/api/2.0/pipelines/p1", "pipelines-write", 50],
    ["GET", "/api/2.0/dbfs/read", "dbfs", 30],
    ["POST", "/api/2.0/dbfs/put", "dbfs", 30],
    ["GET", "/api/2.0/repos", "repos", 10],
    ["PATCH", "/api/2.0/repos/1", "repos", 10],
    ["GET", "/api/2.0/git-credentials", "git-credentials", 10],
    ["POST", "/api/2.0/mlflow/experiments/create", "mlflow", 120],
    ["POST", "/api/2.0/mlflow/experiments/search", "mlflow-search", 7],
    ["GET", "/api/2.0/mlflow/experiments/list", "mlflow-search", 7],
    ["GET", "/api/2.0/mlflow/registered-models/search", "model-registry", 40],
    ["GET", "/api/2.0/sql/history/queries", "query-history", 10],
    ["GET", "/api/2.0/permissions/jobs/1", "permissions-read", 100],
    ["PUT", "/api/2.0/permissions/jobs/1", "permissions-write", 30],
    ["PATCH", "/api/2.0/permissions/jobs/1", "permissions-write", 30],
    ["GET", "/api/2.0/workspace/list", "workspace-list", 50],
    ["GET", "/api/2.0/workspace/export", "workspace-export", 60],
    ["POST", "/api/2.0/workspace/import", "workspace-import", 30],
    ["POST", "/api/2.0/workspace/mkdirs", "workspace-mkdirs", 20],
    ["POST", "/api/2.0/workspace/delete", "workspace-delete", 2],
    ["GET", "/api/2.0/preview/scim/v2/Users", "scim-read", 255 / 60],
    ["POST", "/api/2.0/preview/scim/v2/Users", "scim-write", 35 / 60],
    ["PUT", "/api/2.0/preview/scim/v2/Groups/1", "scim-write", 35 / 60],
    ["DELETE", "/api/2.0/preview/scim/v2/Groups/1", "scim-write", 35 / 60],
    ["PATCH", "/api/2.0/preview/scim/v2/Groups/1", "scim-patch", 10 / 60],
    ["GET", "/api/2.0/secrets/list", "secrets", 1100 / 60],
    ["GET", "/api/2.0/token-management/tokens", "token-management", 40],
    ["GET", "/api/2.0/clusters/list", "other clusters", 20],
    ["GET", "/api/2.1/unity-catalog/permissions/table/a.b.c", "other unity-catalog", 20],
    ["GET", "/api/2.0/workspace/get-status", "other workspace", 20],
  ])("%s %s counts as %s", (method, path, name, perSecond) => {
    expect(familyOf(method, path)).toMatchObject({ name, perSecond });
  });
});

/** Answers in the order in which they were asked; the time is the test's. */
describe("a workspace's limiter", () => {
  const sent: string[] = [];
  let answer: (path: string) => Response;

  beforeEach(() => {
    sent.length = 0;
    answer = () => Response.json({});
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
    vi.stubGlobal("fetch", (url: URL) => {
      sent.push(url.pathname);
      return Promise.resolve(answer(url.pathname));
    });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  const refused = (seconds: string) =>
    Response.json(
      { error_code: "REQUEST_LIMIT_EXCEEDED", message: "slow down" },
      {
        status: 429,
        headers: { "retry-after": seconds },
      },
    );
  function clientWith(options: LimiterOptions = {}): { client: WorkspaceClient; told: [number, string][] } {
    const client = new WorkspaceClient(
      "https://adb-1.2.net",
      () => Promise.resolve(async () => ({})),
      new Limiter(options),
    );
    const told: [number, string][] = [];
    client.onWait = (seconds, family) => told.push([seconds, family]);
    return { client, told };
  }
  const count = (path: string) => sent.filter((each) => each === path).length;

  it("lets no family that waits hold up another", async () => {
    const { client } = clientWith({ concurrency: 2 });
    answer = (path) => (path.endsWith("workspace/delete") ? refused("300") : Response.json({}));
    const slow = Array.from({ length: 8 }, () =>
      client.post("/api/2.0/workspace/delete", {}, { idempotent: true }).catch(() => undefined),
    );
    await vi.advanceTimersByTimeAsync(100);
    const quick = Array.from({ length: 100 }, () => client.get("/api/2.0/permissions/jobs/1"));
    await vi.advanceTimersByTimeAsync(1_500);
    expect(count("/api/2.0/permissions/jobs/1")).toBe(100);
    await Promise.all(quick);
    answer = () => Response.json({});
    await vi.advanceTimersByTimeAsync(400_000);
    await Promise.all(slow);
  });

  it("keeps to a limit of ten a minute", async () => {
    const path = "/api/2.0/preview/scim/v2/Groups/1";
    const limiter = new Limiter();
    let patches = 0;
    for (let index = 0; index < 30; index++) void limiter.run("PATCH", path, false, async () => (patches += 1));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(patches).toBeGreaterThanOrEqual(10);
    expect(patches).toBeLessThanOrEqual(11);
  });

  it("starts low where no limit is known, and finds its way up while all is quiet", async () => {
    const limiter = new Limiter({ concurrency: 256 });
    let requests = 0;
    const run = () => void limiter.run("GET", "/api/2.0/clusters/list", false, async () => (requests += 1));
    for (let index = 0; index < 2_000; index++) run();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(requests).toBeLessThanOrEqual(40);
    await vi.advanceTimersByTimeAsync(7_000);
    expect(requests).toBe(2_000);
  });

  it("says that it waits, and goes on", async () => {
    const { client, told } = clientWith();
    let first = true;
    answer = () => {
      if (!first) return Response.json({ fine: true });
      first = false;
      return refused("120");
    };
    const asking = client.get("/api/2.2/jobs/get");
    await vi.advanceTimersByTimeAsync(119_000);
    expect([count("/api/2.2/jobs/get"), told]).toEqual([1, [[120, "jobs-get"]]]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await asking).toEqual({ fine: true });
  });

  it("lets a run say it, with the workspace's stack", () => {
    const endpoint = { stack: "primary", host: "https://adb-1.2.net", location: "eastus2", operationsClusterId: "" };
    const run = new Run({ source: { ...endpoint, auth: { method: "auto" } }, settings: {} });
    const notes: unknown[] = [];
    run.showOn("jobs", (note) => notes.push(note));
    run.source!.client.onWait(120, "jobs-get");
    expect(notes).toEqual([
      {
        kind: "jobs-get",
        text: "the workspace of primary asks to wait 120 s before the next request; this run waits",
        severity: "warning",
      },
    ]);
  });

  it.each([429, 503])(
    "does not wait for longer than is configured (%d): what waits ends, with the key to change",
    async (status) => {
      const { client } = clientWith({ longestWaitSeconds: 900 });
      answer = () => Response.json({}, { status, headers: { "retry-after": "3600" } });
      const ends = (asking: Promise<unknown>) =>
        expect(asking).rejects.toThrow(
          "the workspace asks to wait 3600 s before the next request to jobs-get, longer than databricks-dr:longestWaitSeconds (900)",
        );
      const all = Promise.all(Array.from({ length: 40 }, () => ends(client.get("/api/2.2/jobs/get"))));
      await vi.advanceTimersByTimeAsync(status === 429 ? 1_000 : 5_000);
      await all;
      if (status !== 429) return;
      const before = sent.length;
      await expect(client.get("/api/2.2/jobs/get")).rejects.toThrow(TooLongWait);
      expect(sent).toHaveLength(before);
      answer = () => Response.json({ fine: true });
      expect(await client.get("/api/2.2/jobs/list")).toEqual({ fine: true });
      await vi.advanceTimersByTimeAsync(3_600_000);
      expect(await client.get("/api/2.2/jobs/get")).toEqual({ fine: true });
    },
  );
});
