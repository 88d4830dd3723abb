import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Pair, startPair } from "../replication/pair.js";
import { createCluster } from "./objects.js";

let pair: Pair;

beforeEach(async () => {
  pair = await startPair();
});
afterEach(() => pair.close());

describe("what the standby refuses for good", () => {
  it("fails no run, stops no other copy and says what to do", async () => {
    await createCluster(pair.primary, {
      cluster_name: "old",
      init_scripts: [{ dbfs: { destination: "dbfs:/FileStore/a.sh" } }],
    });
    await createCluster(pair.primary, { cluster_name: "new" });
    pair.secondary.server.traffic.faults.add({
      phase: "before",
      path: "/api/2.1/clusters/create",
      bodyContains: "dbfs:/FileStore",
      status: 400,
      errorCode: "FEATURE_DISABLED",
      message: "Storing init scripts on DBFS has been disabled in this workspace",
    });
    for (const _ of ["once", "and again"]) {
      const { lines, state } = await pair.up("clusters");
      expect(state.ledger.counts).not.toHaveProperty("failed");
      expect(lines.get("old")).toMatchObject({
        outcome: "needs-a-person",
        why: expect.stringMatching(/disabled in this workspace; move the script to workspace files/) as string,
      });
      expect(lines.get("new")?.copyId).toBeDefined();
    }
  });
});
