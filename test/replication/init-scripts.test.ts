import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../replication/values/json.js";
import * as replication from "../../replication/index.js";
import { startNewRun } from "../../replication/replica/current-run.js";
import { type Pair, startPair, type TestWorkspace } from "./pair.js";

let pair: Pair;

beforeEach(async () => {
  pair = await startPair();
});
afterEach(() => pair.close());

const block = 1024 * 1024;

async function put({ post }: TestWorkspace, path: string, content: Buffer): Promise<void> {
  const { handle } = await post("/api/2.0/dbfs/create", { path, overwrite: true });
  for (let at = 0; at < content.length; at += block)
    await post("/api/2.0/dbfs/add-block", { handle, data: content.subarray(at, at + block).toString("base64") });
  await post("/api/2.0/dbfs/close", { handle });
}

async function read({ get }: TestWorkspace, path: string): Promise<Buffer> {
  const blocks: Buffer[] = [];
  for (let offset = 0; ; offset += block) {
    const { data, bytes_read } = await get(
      `/api/2.0/dbfs/read?path=${encodeURIComponent(path)}&offset=${offset}&length=${block}`,
    );
    if (Number(bytes_read) === 0) return Buffer.concat(blocks);
    blocks.push(Buffer.from(String(data), "base64"));
  }
}

const cluster = (cluster_name: string, init_scripts: JsonObject[]): Promise<JsonObject> =>
  pair.primary.post("/api/2.1/clusters/create", {
    cluster_name,
    init_scripts,
    spark_version: "15.4.x-scala2.12",
    node_type_id: "Standard_DS3_v2",
    num_workers: 1,
  });

describe("init scripts", () => {
  it("of the guide's folder arrive byte for byte: any depth, name, size and content", async () => {
    const contents = new Map([
      ["/databricks/init/a.sh", Buffer.from("#!/bin/bash\necho a\n")],
      ["/databricks/init/etl/deep/er/b.sh", Buffer.from("b")],
      ["/databricks/init/with space & ümlaut #1 100%.sh", Buffer.from([0, 255, 10, 13, 0])],
      ["/databricks/init/large.bin", randomBytes(2 * block + 17)],
      ["/databricks/init/block.bin", randomBytes(block)],
      ["/databricks/init/empty.sh", Buffer.alloc(0)],
    ]);
    for (const [path, content] of contents) await put(pair.primary, path, content);
    const { state } = await pair.up("init-scripts");
    expect(state.ledger.counts).toEqual({ created: contents.size });
    for (const [path, content] of contents) expect((await read(pair.secondary, path)).equals(content), path).toBe(true);
    pair.secondary.server.traffic.log.reset();
    pair.primary.server.traffic.log.reset();
    expect((await pair.up("init-scripts")).changed).toBe(false);
    expect(pair.secondary.server.traffic.log.writes).toBe(0);
    expect(pair.primary.server.traffic.log.counts()).not.toHaveProperty(["GET /api/2.0/dbfs/read"]);
  });

  it("follow an edit on the source", async () => {
    await put(pair.primary, "/databricks/init/a.sh", Buffer.from("one"));
    await pair.up("init-scripts");
    pair.clock.advance(1000);
    await put(pair.primary, "/databricks/init/a.sh", Buffer.from("two"));
    expect((await pair.up("init-scripts")).lines.get("dbfs:/databricks/init/a.sh")?.outcome).toBe("updated");
    expect((await read(pair.secondary, "/databricks/init/a.sh")).toString()).toBe("two");
  });

  it("that clusters and job clusters refer to are copied from where they lie, or named", async () => {
    await put(pair.primary, "/FileStore/a.sh", Buffer.from("a"));
    await pair.primary.post("/api/2.0/workspace/mkdirs", { path: "/Shared/init" });
    await pair.primary.post("/api/2.0/workspace/import", {
      path: "/Shared/init/w.sh",
      format: "RAW",
      content: Buffer.from("w\r\n").toString("base64"),
      overwrite: true,
    });
    await cluster("c", [
      { dbfs: { destination: "dbfs:/FileStore/a.sh" } },
      { workspace: { destination: "/Workspace/Shared/init/w.sh" } },
      { abfss: { destination: "abfss://scripts@acme.dfs.core.windows.net/x.sh" } },
      { volumes: { destination: "/Volumes/main/default/scripts/v.sh" } },
    ]);
    await pair.primary.post("/api/2.2/jobs/create", {
      name: "j",
      job_clusters: [
        {
          job_cluster_key: "k",
          new_cluster: {
            spark_version: "15.4.x-scala2.12",
            node_type_id: "Standard_DS3_v2",
            num_workers: 1,
            init_scripts: [{ dbfs: { destination: "dbfs:/FileStore/gone.sh" } }],
          },
        },
      ],
      tasks: [{ task_key: "t", job_cluster_key: "k", notebook_task: { notebook_path: "/x" } }],
    });
    const { lines } = await pair.up("init-scripts");
    expect(lines.get("dbfs:/FileStore/a.sh")?.outcome).toBe("created");
    expect(lines.get("workspace:/Shared/init/w.sh")?.outcome).toBe("created");
    expect(lines.get("abfss://scripts@acme.dfs.core.windows.net/x.sh")).toMatchObject({
      outcome: "skipped",
      why: /stays where it is/,
    });
    expect(lines.get("dbfs:/FileStore/gone.sh")).toMatchObject({
      outcome: "needs-a-person",
      why: 'job "j" refers to it, but the source has no such file',
    });
    const exported = await pair.secondary.get("/api/2.0/workspace/export?path=/Shared/init/w.sh&format=AUTO");
    expect(Buffer.from(String(exported.content), "base64").toString()).toBe("w\r\n");
    expect((await pair.up("init-scripts")).changed).toBe(false);
  });

  it("that stand there already, and are not ours, are left alone", async () => {
    await put(pair.primary, "/databricks/init/same.sh", Buffer.from("same"));
    await put(pair.secondary, "/databricks/init/same.sh", Buffer.from("same"));
    await put(pair.primary, "/databricks/init/other.sh", Buffer.from("ours"));
    await put(pair.secondary, "/databricks/init/other.sh", Buffer.from("theirs"));
    const { lines } = await pair.up("init-scripts");
    expect(lines.get("dbfs:/databricks/init/same.sh")?.outcome).toBe("stand-in");
    expect(lines.get("dbfs:/databricks/init/other.sh")).toMatchObject({
      outcome: "needs-a-person",
      why: /not ours already stands there/,
    });
    await pair.destroy("init-scripts");
    expect((await read(pair.secondary, "/databricks/init/same.sh")).toString()).toBe("same");
    expect((await read(pair.secondary, "/databricks/init/other.sh")).toString()).toBe("theirs");
  });

  it("half written when a run died are finished by the next, and taken away by destroy", async () => {
    const content = randomBytes(3 * block);
    await put(pair.primary, "/databricks/init/large.bin", content);
    pair.secondary.server.traffic.faults.add({
      path: "/api/2.0/dbfs/add-block",
      phase: "before",
      status: 400,
      errorCode: "X",
      message: "the run died",
      skip: 1,
    });
    expect((await pair.up("init-scripts")).lines.get("dbfs:/databricks/init/large.bin")?.outcome).toBe("failed");
    pair.secondary.server.traffic.faults.clear();
    pair.loseState();
    expect((await pair.up("init-scripts")).lines.get("dbfs:/databricks/init/large.bin")?.outcome).toBe("updated");
    expect((await read(pair.secondary, "/databricks/init/large.bin")).equals(content)).toBe(true);
    await pair.destroy("init-scripts");
    await expect(read(pair.secondary, "/databricks/init/large.bin")).rejects.toThrow(/RESOURCE_DOES_NOT_EXIST/);
  });

  it("survive lost answers to blocks", async () => {
    const content = randomBytes(2 * block + 5);
    await put(pair.primary, "/databricks/init/large.bin", content);
    pair.secondary.server.traffic.faults.add({ path: "/api/2.0/dbfs/add-block", phase: "after", cut: true, times: 1 });
    await pair.up("init-scripts");
    expect((await read(pair.secondary, "/databricks/init/large.bin")).equals(content)).toBe(true);
  });

  it("changed on the source after a preview are copied as they stand then, and not sent again", async () => {
    const write = (text: string) =>
      pair.primary.post("/api/2.0/workspace/import", {
        path: "/Shared/a.sh",
        format: "AUTO",
        overwrite: true,
        content: Buffer.from(text).toString("base64"),
      });
    await write("x".repeat(70_000));
    await cluster("etl", [{ workspace: { destination: "/Shared/a.sh" } }]);
    startNewRun();
    const ends = { local: pair.secondary.endpoint, peer: pair.primary.endpoint };
    const signingKey = pair.secondary.keys.privateKey;
    const args = { kind: "init-scripts", role: "standby", settings: {}, signingKey, ...ends } as const;
    const seen = await replication.preview(args, {});
    await write("y".repeat(70_000));
    const state = await replication.apply(args, seen, undefined);
    expect(state.ledger.counts).toEqual({ created: 1 });
    const sent = (): number =>
      pair.secondary.server.traffic.log.entries().filter(({ path }) => path.endsWith("/Shared/a.sh")).length;
    expect(sent()).toBe(1);
    startNewRun();
    const again = await replication.preview(args, seen);
    expect((await replication.apply(args, again, state)).ledger.counts).toEqual({ updated: 1 });
    expect(sent()).toBe(1);
  });

  it("that cannot be read on the standby are no hand edit, and are named", async () => {
    const path = "/api/2.0/workspace/get-status";
    const content = Buffer.from("echo").toString("base64");
    await pair.primary.post("/api/2.0/workspace/import", { path: "/Shared/a.sh", format: "AUTO", content });
    await cluster("etl", [{ workspace: { destination: "/Shared/a.sh" } }]);
    await pair.up("init-scripts");
    const { faults } = pair.secondary.server.traffic;
    faults.add({ phase: "before", path, status: 403, errorCode: "PERMISSION_DENIED", message: "not yours" });
    const { lines, picture } = await pair.up("init-scripts");
    expect(picture.conflicts).toEqual({});
    expect(lines.get("workspace:/Shared/a.sh")).toMatchObject({
      outcome: "needs-a-person",
      why: expect.stringMatching(/on the standby it cannot be read \(.*not yours/) as string,
    });
    faults.clear();
    expect((await pair.up("init-scripts")).lines.get("workspace:/Shared/a.sh")?.outcome).toBe("unchanged");
  });

  it("edited while the standby was active come home", async () => {
    await put(pair.primary, "/databricks/init/a.sh", Buffer.from("one"));
    await pair.up("init-scripts");
    await pair.activate("init-scripts");
    pair.clock.advance(1000);
    await put(pair.secondary, "/databricks/init/a.sh", Buffer.from("two"));
    pair.swap();
    expect((await pair.up("init-scripts")).lines.get("dbfs:/databricks/init/a.sh")?.outcome).toBe("updated");
    expect((await read(pair.primary, "/databricks/init/a.sh")).toString()).toBe("two");
  });
});
