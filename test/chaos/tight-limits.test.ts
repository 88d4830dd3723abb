import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Pair, startPair } from "../replication/pair.js";
import { createJob } from "./objects.js";

let pair: Pair;

beforeEach(async () => {
  pair = await startPair();
});
afterEach(() => pair.close());

const scripts = 30;

describe("a workspace that allows far less than is documented", { timeout: 10 * 60_000 }, () => {
  it("loses nothing, whether or not it says when to come back", async () => {
    const contents = Buffer.from("#!/bin/sh\n").toString("base64");
    for (let index = 0; index < scripts; index++)
      await pair.primary.post("/api/2.0/dbfs/put", { path: `/databricks/init/${index}.sh`, contents });
    // The standby is asked no faster than the source gives, so that only a tighter limit makes it refuse.
    for (const [side, retryAfter, count] of [
      [pair.primary, false, 8],
      [pair.secondary, true, 2],
    ] as const) {
      const family = { family: "dbfs", path: /^\/api\/2\.0\/dbfs\//, count, perMs: 1_000 };
      Object.assign(side.server.limits, { enabled: true, retryAfter, limits: [family] });
    }
    const { state } = await pair.up("init-scripts");
    expect(state.ledger.counts).toEqual({ created: scripts });
    for (const { server } of [pair.primary, pair.secondary]) expect(server.limits.refused().dbfs).toBeGreaterThan(0);
    expect((await pair.up("init-scripts")).changed).toBe(false);
  });

  it("is asked again for as long as it says that it is busy", async () => {
    await createJob(pair.primary, { name: "nightly" });
    const refused = {
      phase: "before",
      path: "/api/2.2/jobs/list",
      status: 429,
      headers: { "retry-after": "0" },
    } as const;
    pair.primary.server.traffic.faults.add({ ...refused, times: 9 });
    expect((await pair.up("jobs")).lines.get("nightly")?.outcome).toBe("created");
  });
});
