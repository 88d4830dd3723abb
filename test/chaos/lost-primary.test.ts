import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Pair, startPair } from "../replication/pair.js";
import { createJob, nightly, putScript } from "./objects.js";

let pair: Pair;

beforeEach(async () => {
  pair = await startPair();
});
afterEach(() => pair.close());

describe("with the primary lost", () => {
  it("the standby can be refreshed, released and destroyed without a call to the other side", async () => {
    await putScript(pair.primary, "/databricks/init/a.sh", "one");
    await createJob(pair.primary, { name: "nightly", ...nightly });
    for (const kind of ["init-scripts", "jobs"] as const) await pair.up(kind);
    pair.primary.server.traffic.reset();
    for (const kind of ["init-scripts", "jobs"] as const) expect((await pair.refresh(kind)).drift).toEqual([]);
    expect((await pair.activate("jobs")).ledger.lines).toMatchObject([{ outcome: "updated" }]);
    await pair.destroy("init-scripts");
    expect(pair.primary.server.traffic.log.entries()).toEqual([]);
  });

  it("a run says which side does not answer, and changes nothing", async () => {
    await createJob(pair.primary, { name: "nightly" });
    await pair.up("jobs");
    pair.primary.server.traffic.faults.add({ phase: "before", status: 403, message: "no such workspace" });
    const writes = pair.secondary.server.traffic.log.writes;
    await expect(pair.up("jobs")).rejects.toThrow(/cannot be listed on primary \(http:.*no such workspace/);
    expect(pair.secondary.server.traffic.log.writes).toBe(writes);
  });
});
