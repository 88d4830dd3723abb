import { afterEach, beforeEach, expect, test } from "vitest";
import { startTestWorkspace, type TestWorkspace } from "./start-workspace.js";

let at: TestWorkspace;
beforeEach(async () => {
  at = await startTestWorkspace();
});
afterEach(() => at.close());

const works = async (token: string) =>
  (await at.call("GET", "/api/2.0/secrets/scopes/list", undefined, token)).status === 200;

test("a new token opens the workspace until it is deleted or its time is up", async () => {
  const kept = await at.post("/api/2.0/token/create", { comment: "kept" });
  const brief = await at.post("/api/2.0/token/create", { lifetime_seconds: 60 });
  expect([await works(kept.token_value), await works(brief.token_value)]).toEqual([true, true]);
  at.clock.advance(60_000);
  expect([await works(kept.token_value), await works(brief.token_value)]).toEqual([true, false]);
  expect((await at.get("/api/2.0/token/list")).token_infos).toEqual([kept.token_info]);
  await at.post("/api/2.0/token/delete", { token_id: kept.token_info.token_id });
  expect(await works(kept.token_value)).toBe(false);
});
