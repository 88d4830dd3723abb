import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Pair, startPair } from "../replication/pair.js";
import { createJob, nightly, putScript } from "./objects.js";

let pair: Pair;

beforeEach(async () => {
  pair = await startPair();
  await createJob(pair.primary, { name: "nightly", ...nightly });
  await putScript(pair.primary, "/databricks/init/a.sh", "one");
  for (const kind of kinds) await pair.up(kind);
});
afterEach(() => pair.close());

const kinds = ["init-scripts", "jobs"] as const;
const path = (kind: string): string => `/.databricks-dr/${kind}.json`;
const lose = (kind: string) => pair.secondary.post("/api/2.0/workspace/delete", { path: path(kind) });
const overwrite = (text: string) => (kind: string) =>
  pair.secondary.post("/api/2.0/workspace/import", {
    path: path(kind),
    format: "AUTO",
    overwrite: true,
    content: Buffer.from(text).toString("base64"),
  });

describe.each([
  ["deleted", lose],
  ["no JSON any more", overwrite("{oops")],
  ["other JSON", overwrite('{"records": {"x": null, "y": 7}}')],
  ["emptied", overwrite("")],
])("notes on the standby that somebody has made %s", (_how, spoil) => {
  beforeEach(async () => {
    for (const kind of kinds) await spoil(kind);
  });

  it("come back from the state: nothing is drift, nothing is made twice, and edits still arrive", async () => {
    for (const kind of kinds) expect((await pair.refresh(kind)).drift).toEqual([]);
    await putScript(pair.primary, "/databricks/init/a.sh", "two");
    const scripts = await pair.up("init-scripts");
    expect(scripts.lines.get("dbfs:/databricks/init/a.sh")?.outcome).toBe("updated");
    expect((await pair.up("jobs")).lines.get("nightly")).toMatchObject({ outcome: "unchanged", held: ["schedule"] });
    for (const kind of kinds) expect((await pair.up(kind)).changed).toBe(false);
  });

  it("take nothing from a destroy or a release", async () => {
    await pair.destroy("init-scripts");
    await expect(pair.secondary.get("/api/2.0/dbfs/get-status?path=/databricks/init/a.sh")).rejects.toThrow("404");
    const { ledger } = await pair.activate("jobs");
    expect(ledger.lines).toMatchObject([{ name: "nightly", outcome: "updated", why: "schedule put back" }]);
  });
});
