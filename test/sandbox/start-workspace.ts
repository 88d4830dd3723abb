import { Clock } from "../../sandbox/clock.js";
import { startWorkspaceServer, type WorkspaceServer } from "../../sandbox/databricks/server.js";
import { Workspace, type WorkspaceOptions } from "../../sandbox/databricks/workspace.js";
import { parseJson, stringifyJson } from "../../sandbox/http/json.js";

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers are read field by field in assertions
export type Answer = any;

/** A running workspace with a client that keeps 64-bit ids; `call` gives status, headers and body. */
export interface TestWorkspace {
  readonly server: WorkspaceServer;
  readonly workspace: Workspace;
  readonly clock: Clock;
  call(
    method: string,
    path: string,
    body?: unknown,
    token?: string,
  ): Promise<{ status: number; headers: Headers; body: Answer }>;
  get(path: string): Promise<Answer>;
  post(path: string, body?: unknown): Promise<Answer>;
  close(): Promise<void>;
}

export async function startTestWorkspace(options: Partial<WorkspaceOptions> = {}): Promise<TestWorkspace> {
  const clock = options.clock ?? new Clock();
  const workspace = new Workspace({
    id: "1234567890123456",
    name: "test",
    region: "eastus2",
    tier: "premium",
    clock,
    token: "test-token",
    ...options,
  });
  const server = await startWorkspaceServer({ workspace });
  const call: TestWorkspace["call"] = async (method, path, body, token = "test-token") => {
    const response = await fetch(server.url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body !== undefined && { body: stringifyJson(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === "" ? undefined : parseJson(text) };
  };
  const must = async (method: string, path: string, body?: unknown): Promise<Answer> => {
    const answer = await call(method, path, body);
    if (answer.status !== 200)
      throw new Error(`${method} ${path}: ${answer.status} ${answer.body?.error_code}: ${answer.body?.message}`);
    return answer.body;
  };
  return {
    server,
    workspace,
    clock,
    call,
    get: (path) => must("GET", path),
    post: (path, body = {}) => must("POST", path, body),
    close: async () => {
      await server.close();
      clock.stop();
    },
  };
}
