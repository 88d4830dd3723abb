import { afterEach, beforeEach, expect, it } from "vitest";
import { recordRole } from "../../replication/roles/role.js";
import { createJob } from "../chaos/objects.js";
import { type Pair, startPair } from "./pair.js";

let pair: Pair;

beforeEach(async () => {
  pair = await startPair();
});
afterEach(() => pair.close());

it("the pace that is configured holds, whoever has asked the workspace before", async () => {
  await recordRole(pair.secondary.endpoint, "standby", pair.secondary.keys.privateKey);
  for (let index = 0; index < 4; index++) await createJob(pair.primary, { name: `job ${index}` });
  const began = performance.now();
  await pair.up("jobs", { rateLimits: { "jobs-create": 0.5 } });
  expect(performance.now() - began).toBeGreaterThan(4_000);
});
