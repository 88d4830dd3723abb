import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Pair, startPair } from "../replication/pair.js";
import { putScript } from "./objects.js";

let pair: Pair;

beforeEach(async () => {
  pair = await startPair();
});
afterEach(() => pair.close());

const path = "/databricks/init/a.sh";
const isThere = () => pair.secondary.get(`/api/2.0/dbfs/get-status?path=${path}`);

describe("what a run wrote that died before it could note so", () => {
  it("is its own, not found there: destroy takes it away", async () => {
    await putScript(pair.primary, path, "one");
    const { faults } = pair.secondary.server.traffic;
    faults.add({ phase: "before", path: "/api/2.0/workspace-files/**", skip: 2, status: 400 });
    await expect(pair.up("init-scripts")).rejects.toThrow();
    await isThere();
    faults.clear();
    expect((await pair.up("init-scripts")).lines.get(`dbfs:${path}`)?.outcome).toBe("adopted");
    await pair.destroy("init-scripts");
    await expect(isThere()).rejects.toThrow("404");
  });

  it("is not to be confused with what stood there before: destroy leaves that", async () => {
    await putScript(pair.primary, path, "one");
    await putScript(pair.secondary, path, "one");
    expect((await pair.up("init-scripts")).lines.get(`dbfs:${path}`)?.outcome).toBe("stand-in");
    await pair.destroy("init-scripts");
    await isThere();
  });
});
