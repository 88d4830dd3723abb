import { afterEach, beforeEach, expect, test } from "vitest";
import { startTestWorkspace, type TestWorkspace } from "./start-workspace.js";

let at: TestWorkspace;
beforeEach(async () => {
  at = await startTestWorkspace();
});
afterEach(() => at.close());

test("an unknown route answers 501 and its name", async () => {
  const { status, body, headers } = await at.call("GET", "/api/2.0/no-such-thing/list?x=1");
  expect(status).toBe(501);
  expect(body.message).toContain("GET /api/2.0/no-such-thing/list");
  expect(headers.get("x-databricks-org-id")).toBe("1234567890123456");
});

test("a request needs a token that the workspace knows", async () => {
  const bare = await fetch(`${at.server.url}/api/2.0/clusters/list`);
  expect(bare.status).toBe(401);
  const unknown = await at.call("GET", "/api/2.0/clusters/list", undefined, "other");
  expect([unknown.status, unknown.body]).toEqual([403, { error_code: 403, message: "Invalid access token." }]);
});
