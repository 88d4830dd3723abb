import { createServer } from "node:http";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { documentedRateLimits } from "../../sandbox/databricks/http/rate-limits.js";
import { listen } from "../../sandbox/http/listen.js";
import { createApp } from "../../sandbox/http/app.js";
import { startTestWorkspace, type TestWorkspace } from "./start-workspace.js";

let at: TestWorkspace;
beforeEach(async () => {
  at = await startTestWorkspace();
});
afterEach(() => at.close());

const job = { name: "j", tasks: [{ task_key: "a", notebook_task: { notebook_path: "/n" } }] };
const jobNames = async (): Promise<string[]> =>
  ((await at.get("/api/2.2/jobs/list")).jobs ?? []).map((each: { settings: { name: string } }) => each.settings.name);

test("an unknown route answers 501 and its name, and every answer names the workspace", async () => {
  const { status, body, headers } = await at.call("GET", "/api/2.0/no-such-thing/list?x=1");
  expect([status, body.error_code]).toEqual([501, "NOT_IMPLEMENTED"]);
  expect(body.message).toContain("GET /api/2.0/no-such-thing/list");
  expect(headers.get("x-databricks-org-id")).toBe("1234567890123456");
});

test("a request needs a token that the workspace knows, and acts as whom it belongs to", async () => {
  const bare = await fetch(`${at.server.url}/api/2.0/clusters/list`);
  expect([bare.status, await bare.json()]).toEqual([
    401,
    { error_code: 401, message: "Credential was not sent or was of an unsupported type for this API." },
  ]);
  const unknown = await at.call("GET", "/api/2.0/clusters/list", undefined, "other");
  expect([unknown.status, unknown.body]).toEqual([403, { error_code: 403, message: "Invalid access token." }]);
  const asPassword = (login: string): Promise<Response> =>
    fetch(`${at.server.url}/api/2.0/clusters/list`, {
      headers: { authorization: `Basic ${Buffer.from(login).toString("base64")}` },
    });
  expect([(await asPassword("token:test-token")).status, (await asPassword("token:other")).status]).toEqual([200, 403]);
  expect((await asPassword("admin@example.com:test-token")).status).toBe(401);
  at.workspace.acceptToken("spare", "someone@example.com");
  const { body } = await at.call("POST", "/api/2.2/jobs/create", job, "spare");
  expect((await at.get(`/api/2.2/jobs/get?job_id=${body.job_id}`)).creator_user_name).toBe("someone@example.com");
});

test("a body that is no JSON object is MALFORMED_REQUEST", async () => {
  const response = await fetch(`${at.server.url}/api/2.2/jobs/create`, {
    method: "POST",
    headers: { authorization: "Bearer test-token" },
    body: "{not json",
  });
  expect([response.status, ((await response.json()) as { error_code: string }).error_code]).toEqual([
    400,
    "MALFORMED_REQUEST",
  ]);
});

test.each([
  ["Content-Length: 64", ""],
  ["Content-Length: 64", '{"name": "half"}'],
  ["Transfer-Encoding: chunked", ""],
  ["Transfer-Encoding: chunked", '10\r\n{"name": "half"}\r\n'],
])("a request that is cut off before its body ends (%s, %j) has no effect", async (framing, sent) => {
  const socket = connect(Number(new URL(at.server.url).port), "127.0.0.1");
  const head = `POST /api/2.2/jobs/create HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer test-token\r\n${framing}\r\n\r\n`;
  await new Promise<void>((resolve) => socket.write(head + sent, () => resolve()));
  socket.resume().end();
  await new Promise((resolve) => socket.once("close", resolve));
  expect(await jobNames()).toEqual([]);
  expect(at.server.traffic.log.writes).toBe(0);
  await at.post("/api/2.2/jobs/create", job);
  expect(await jobNames()).toEqual(["j"]);
});

describe("faults", () => {
  test("before: the write never happens; skip and times bound it; the rule is matched against the path alone", async () => {
    const { faults } = at.server.traffic;
    faults.add({ method: "post", path: "/api/2.?/jobs/create", phase: "before", status: 503, skip: 1, times: 2 });
    const statuses = [];
    for (let index = 0; index < 4; index++)
      statuses.push((await at.call("POST", "/api/2.2/jobs/create?path=/api/2.2/jobs/list", job)).status);
    expect(statuses).toEqual([200, 503, 503, 200]);
    expect(await jobNames()).toHaveLength(2);
    expect(faults.list()).toMatchObject([{ matched: 4, struck: 2 }]);
  });

  test("after: the write happened, its answer is replaced", async () => {
    at.server.traffic.faults.add({
      path: "/api/2.2/jobs/*",
      bodyContains: "lost",
      phase: "after",
      status: 500,
      errorCode: "INTERNAL_ERROR",
      message: "gone wrong",
      headers: { "retry-after": "7" },
    });
    const answer = await at.call("POST", "/api/2.2/jobs/create", { ...job, name: "lost" });
    expect([answer.status, answer.body, answer.headers.get("retry-after")]).toEqual([
      500,
      { error_code: "INTERNAL_ERROR", message: "gone wrong" },
      "7",
    ]);
    expect((await at.call("POST", "/api/2.2/jobs/create", job)).status).toBe(200);
    expect(await jobNames()).toEqual(["j", "lost"]);
  });

  test.each([
    ["before", 0],
    ["after", 1],
  ] as const)("cut %s: the connection closes without an answer", async (phase, written) => {
    at.server.traffic.faults.add({ method: "POST", phase, cut: true, times: 1 });
    await expect(at.call("POST", "/api/2.2/jobs/create", job)).rejects.toThrow("fetch failed");
    expect(await jobNames()).toHaveLength(written);
    expect(at.server.traffic.log.entries()[0]).toMatchObject({ method: "POST", status: 0 });
  });

  test("a probability strikes the same requests for the same seed", async () => {
    const struck = async (seed: number): Promise<number[]> => {
      at.server.traffic.faults.clear();
      at.server.traffic.faults.add({ path: "/api/**", phase: "before", status: 500, probability: 0.5, seed });
      const statuses = [];
      for (let index = 0; index < 20; index++) statuses.push((await at.call("GET", "/api/2.2/jobs/list")).status);
      return statuses;
    };
    const first = await struck(7);
    expect(new Set(first)).toEqual(new Set([200, 500]));
    expect(await struck(7)).toEqual(first);
    expect(await struck(8)).not.toEqual(first);
  });

  test("a rule that would do nothing, or that is wrong, is refused", () => {
    const { faults } = at.server.traffic;
    expect(() => faults.add({ phase: "before" })).toThrow("needs one of status, cut, delayMs");
    expect(() => faults.add({ phase: "before", status: 200 })).toThrow("needs a body");
    expect(() => faults.add({ phase: "before", status: 100, body: "" })).toThrow("200 to 599");
    expect(() => faults.add({ phase: "before", body: "{}" })).toThrow("needs a status");
    expect(() => faults.add({ phase: "before", headers: { "x-a": "b" } })).toThrow("after");
    expect(() => faults.add({ phase: "during" as "after", cut: true })).toThrow("phase");
    expect(faults.list()).toEqual([]);
  });

  test("a body is sent as it is, with the status and the type that the rule gives", async () => {
    const { faults } = at.server.traffic;
    const page = "<!doctype html><title>Sign in</title>";
    faults.add({ method: "POST", phase: "before", status: 200, body: page, contentType: "text/html", times: 1 });
    const create = (): Promise<Response> =>
      fetch(`${at.server.url}/api/2.2/jobs/create`, {
        method: "POST",
        headers: { authorization: "Bearer test-token" },
        body: JSON.stringify(job),
      });
    const answer = await create();
    expect([answer.status, answer.headers.get("content-type"), await answer.text()]).toEqual([200, "text/html", page]);
    expect(answer.headers.get("x-databricks-org-id")).toBe("1234567890123456");
    expect(await jobNames()).toEqual([]);
    faults.add({ method: "POST", phase: "after", status: 200, body: "{}", times: 1 });
    expect(await (await create()).text()).toBe("{}");
    expect(await jobNames()).toEqual(["j"]);
    faults.add({
      path: "/api/2.2/jobs/list",
      phase: "before",
      status: 404,
      body: "not here",
      contentType: "text/plain",
    });
    const gone = await fetch(`${at.server.url}/api/2.2/jobs/list`, { headers: { authorization: "Bearer test-token" } });
    expect([gone.status, await gone.text()]).toEqual([404, "not here"]);
  });

  test("headers alone are put on the handler's own answer, as often as the rule says", async () => {
    await at.post("/api/2.2/jobs/create", job);
    at.server.traffic.faults.add({ phase: "after", times: 1, headers: { "x-databricks-org-id": "42", "x-more": "1" } });
    const [first, second] = [await at.call("GET", "/api/2.2/jobs/list"), await at.call("GET", "/api/2.2/jobs/list")];
    expect(first.body.jobs).toHaveLength(1);
    expect([first.headers.get("x-databricks-org-id"), first.headers.get("x-more")]).toEqual(["42", "1"]);
    expect(second.headers.get("x-databricks-org-id")).toBe("1234567890123456");
  });
});

describe("log", () => {
  test("counts by method and route, and tells writes from reads", async () => {
    const { log } = at.server.traffic;
    await at.get("/api/2.2/jobs/list");
    expect(log.writes).toBe(0);
    await at.post("/api/2.2/jobs/create", job);
    await at.call("GET", "/api/2.0/permissions/clusters/none");
    expect(log.writes).toBe(1);
    expect(log.counts()).toEqual({
      "GET /api/2.0/permissions/:type/:id": 1,
      "GET /api/2.2/jobs/list": 1,
      "POST /api/2.2/jobs/create": 1,
    });
    expect(log.entries().map((each) => [each.method, each.path, each.status])).toEqual([
      ["GET", "/api/2.2/jobs/list", 200],
      ["POST", "/api/2.2/jobs/create", 200],
      ["GET", "/api/2.0/permissions/clusters/none", 404],
    ]);
  });

  test("latency can be changed while it runs, and the most requests at once are known", async () => {
    at.server.traffic.latencyMs = 30;
    const started = performance.now();
    await Promise.all(Array.from({ length: 5 }, () => at.get("/api/2.2/jobs/list")));
    expect(performance.now() - started).toBeGreaterThan(25);
    expect([at.server.traffic.maxInFlight, at.server.traffic.inFlight]).toEqual([5, 0]);
  });
});

test("a rate limit answers 429 with Retry-After, for its own family only", async () => {
  const documented = documentedRateLimits.find((limit) => limit.family === "jobs/create");
  expect(documented).toMatchObject({ count: 20, perMs: 1_000 });
  // A bucket that fills up slowly makes the count exact, however busy the machine is.
  if (documented) at.server.limits.limits = [{ ...documented, perMs: 2_000_000 }];
  at.server.limits.enabled = true;
  const answers = await Promise.all(Array.from({ length: 30 }, () => at.call("POST", "/api/2.2/jobs/create", job)));
  const refused = answers.filter((answer) => answer.status === 429);
  expect(refused).toHaveLength(10);
  expect(refused[0]?.body.error_code).toBe("REQUEST_LIMIT_EXCEEDED");
  expect(Number(refused[0]?.headers.get("retry-after"))).toBeGreaterThan(90);
  expect(at.server.limits.refused()).toEqual({ "jobs/create": 10 });
  expect(await jobNames()).toHaveLength(20);
});

test.each([
  ["GET", "/api/2.2/jobs/list", "jobs/list", 20, 1_000],
  ["POST", "/api/2.2/jobs/update", "jobs/update", 10, 1_000],
  ["POST", "/api/2.1/jobs/runs/cancel-all", "jobs/runs/cancel-all", 5, 1_000],
  ["GET", "/api/2.2/jobs/runs/list", "jobs/runs/list", 30, 1_000],
  ["PATCH", "/api/2.0/preview/scim/v2/Groups/1", "scim/patch", 10, 60_000],
  ["POST", "/api/2.0/preview/scim/v2/Users", "scim/write", 35, 60_000],
  ["GET", "/api/2.0/preview/scim/v2/Users", "scim/get", 255, 60_000],
  ["POST", "/api/2.0/workspace/delete", "workspace/delete", 2, 1_000],
  ["POST", "/api/2.0/workspace/mkdirs", "workspace/mkdirs", 20, 1_000],
  ["PUT", "/api/2.0/permissions/jobs/1", "permissions/write", 30, 1_000],
  ["GET", "/api/2.0/secrets/list", "secrets", 1_100, 60_000],
  ["GET", "/api/2.0/mlflow/experiments/search", "mlflow/search", 7, 1_000],
  ["GET", "/api/2.0/clusters/list", undefined, 0, 0],
])("%s %s counts as %s", (method, path, family, count, perMs) => {
  const found = documentedRateLimits.find(
    (limit) => (!limit.methods || limit.methods.includes(method)) && limit.path.test(path),
  );
  expect([found?.family, found?.count ?? 0, found?.perMs ?? 0]).toEqual([family, count, perMs]);
});

test("a port that is taken is an error, and a closed server gives its port back", async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
  const { port } = holder.address() as { port: number };
  const app = createApp({ body: (error) => ({ message: error.message }) });
  await expect(listen(app, port)).rejects.toThrow("EADDRINUSE");
  await new Promise((resolve) => holder.close(resolve));
  const server = await listen(app, port);
  expect(server.port).toBe(port);
  await server.close();
});
