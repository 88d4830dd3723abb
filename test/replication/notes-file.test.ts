import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../replication/values/json.js";
import { readNotesFile, writeNotesFile } from "../../replication/notes/notes-file.js";
import { newKeyPair } from "../../replication/notes/signing.js";
import { sideOf } from "../../replication/inventory/side.js";
import { type Pair, startPair } from "./pair.js";

let pair: Pair;

beforeEach(async () => {
  pair = await startPair();
});
afterEach(() => pair.close());

const keys = newKeyPair();
const workspaceId = "2000000000000002";

/** Records of about 1 kB each: notes of 20,000 jobs are twice what one export carries. */
function recordsOf(count: number): Map<string, string> {
  return new Map(
    Array.from({ length: count }, (_, index) => [
      `1000000000000001.jobs.${index}`,
      JSON.stringify({ name: `job ${index} ${"x".repeat(1000)}`, id: String(index) }),
    ]),
  );
}

describe("notes", () => {
  it("of any size are read back as they were written, in parts that an export carries, and changed parts alone are sent", async () => {
    const { client } = sideOf(pair.secondary.endpoint, {});
    const records = recordsOf(20_000);
    const meta = { kind: "jobs", workspaceId, writtenAt: "2026-01-01T00:00:00Z" };
    const written = await writeNotesFile(client, { ...meta, serial: 1, records }, undefined, keys.privateKey);
    const read = await readNotesFile(client, "jobs", { workspaceId, publicKey: keys.publicKey });
    expect(read?.doubt).toBeUndefined();
    expect(read?.records).toEqual(records);
    const { objects } = await pair.secondary.get("/api/2.0/workspace/list?path=/.databricks-dr");
    for (const { size } of objects as JsonObject[]) expect(Number(size)).toBeLessThan(2 * 1024 * 1024);

    const { log } = pair.secondary.server.traffic;
    log.reset();
    const [first] = records.keys();
    const changed = new Map(records).set(first!, `{"name":"another"}`);
    await writeNotesFile(client, { ...meta, serial: 2, records: changed }, written, keys.privateKey);
    const uploads = log.entries().filter(({ path }) => path.includes("/import-file/"));
    expect(uploads.map(({ path }) => path.replace(/.*\//, "").replace(/\d+-of/, "N-of"))).toEqual([
      expect.stringMatching(/^jobs\.N-of-\d+\.b\.json$/),
      "jobs.json",
    ]);
    const again = await readNotesFile(client, "jobs", { workspaceId, publicKey: keys.publicKey });
    expect(again?.records.get(first!)).toBe(`{"name":"another"}`);
    expect(again?.serial).toBe(2);
  });

  it("stay what they were where a write dies between its parts and its index", async () => {
    const { client } = sideOf(pair.secondary.endpoint, {});
    const meta = { kind: "jobs", workspaceId, writtenAt: "2026-01-01T00:00:00Z" };
    const before = recordsOf(3);
    const written = await writeNotesFile(client, { ...meta, serial: 1, records: before }, undefined, keys.privateKey);
    pair.secondary.server.traffic.faults.add({
      phase: "before",
      path: "/api/2.0/workspace-files/import-file/.databricks-dr/jobs.json",
      status: 400,
    });
    const later = { ...meta, serial: 2, records: recordsOf(5) };
    await expect(writeNotesFile(client, later, written, keys.privateKey)).rejects.toThrow();
    const read = await readNotesFile(client, "jobs", { workspaceId, publicKey: keys.publicKey });
    expect(read).toMatchObject({ serial: 1, records: before });
    expect(read?.doubt).toBeUndefined();
  });
});
