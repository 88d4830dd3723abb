import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { putNotebook } from "../chaos/objects.js";
import { type Pair, startPair, type TestWorkspace } from "./pair.js";

let pair: Pair;

beforeEach(async () => {
  pair = await startPair();
});
afterEach(() => pair.close());

const base64 = (text: string | Buffer): string => Buffer.from(text).toString("base64");

async function textAt(at: TestWorkspace, path: string, format = "SOURCE"): Promise<string> {
  const { content } = await at.get(`/api/2.0/workspace/export?path=${encodeURIComponent(path)}&format=${format}`);
  return Buffer.from(String(content), "base64").toString();
}

async function copyAll(settings = {}): Promise<Awaited<ReturnType<Pair["up"]>>> {
  await pair.up("folders", settings);
  return pair.up("notebooks", settings);
}

describe("notebooks", () => {
  it("arrive in every language, under odd names, and parents before what is in them", async () => {
    const odd = ["/Shared/a b/c#d?e&f", "/Shared/100 %/%2F", "/Shared/grüße/日本 🚀", "/top level"];
    for (const [index, path] of odd.entries())
      await putNotebook(pair.primary, path, `// ${path}`, ["SCALA", "R", "SQL", "PYTHON"][index]);
    const { lines } = await copyAll();
    for (const path of odd) {
      expect(lines.get(path)?.outcome, path).toBe("created");
      expect(await textAt(pair.secondary, path)).toBe(await textAt(pair.primary, path));
    }
    expect((await copyAll()).changed).toBe(false);
  });

  it("keep what their cells have shown, where Jupyter keeps it", async () => {
    const output = { name: "stdout", output_type: "stream", text: ["drawn\n"] };
    const cell = { cell_type: "code", execution_count: 1, metadata: {}, source: ["print('drawn')"], outputs: [output] };
    const notebook = {
      cells: [cell],
      metadata: { language_info: { name: "python" } },
      nbformat: 4,
      nbformat_minor: 0,
    };
    const content = base64(JSON.stringify(notebook));
    await pair.primary.post("/api/2.0/workspace/import", { path: "/Shared/chart", format: "JUPYTER", content });
    await copyAll();
    expect(await textAt(pair.secondary, "/Shared/chart", "JUPYTER")).toContain("drawn\\n");
    expect(await textAt(pair.secondary, "/Shared/chart", "JUPYTER")).toBe(
      await textAt(pair.primary, "/Shared/chart", "JUPYTER"),
    );
  });

  it("are read once when they are new, and not at all while their time of change stays", async () => {
    for (const n of [1, 2, 3]) await putNotebook(pair.primary, `/Shared/${n}`, `print(${n})`);
    const exports = ({ server }: TestWorkspace): number =>
      server.traffic.log
        .entries()
        .filter(({ route, query }) => route.endsWith("/workspace/export") && !query.includes(".databricks-dr")).length;
    for (const { server } of [pair.primary, pair.secondary]) server.traffic.log.reset();
    await copyAll();
    expect(exports(pair.primary)).toBe(3);
    for (const { server } of [pair.primary, pair.secondary]) server.traffic.log.reset();
    expect((await copyAll()).changed).toBe(false);
    expect(exports(pair.primary) + exports(pair.secondary)).toBe(0);
    await putNotebook(pair.primary, "/Shared/2", "print(22)");
    for (const { server } of [pair.primary, pair.secondary]) server.traffic.log.reset();
    await copyAll();
    expect(exports(pair.primary)).toBe(1);
    expect(await textAt(pair.secondary, "/Shared/2")).toContain("print(22)");
  });

  it("in the home of a user who is not there are a person's", async () => {
    const schemas = ["urn:ietf:params:scim:schemas:core:2.0:User"];
    await pair.primary.post("/api/2.0/preview/scim/v2/Users", { schemas, userName: "gone@example.com" });
    await putNotebook(pair.primary, "/Users/gone@example.com/deep/mine", "print(1)");
    const { lines } = await copyAll();
    expect(lines.get("/Users/gone@example.com/deep/mine")).toMatchObject({
      outcome: "needs-a-person",
      why: expect.stringContaining("the standby has no user gone@example.com") as string,
    });
  });

  it("are copied up to what the service takes of each format", async () => {
    const importForm = async (path: string, format: string, content: string): Promise<void> => {
      const form = new FormData();
      for (const [name, value] of Object.entries({ path, format, language: "PYTHON" })) form.set(name, value);
      form.set("content", new Blob([content]), "content");
      const { host } = pair.primary.endpoint;
      const headers = { authorization: `Bearer ${pair.primary.server.workspace.options.token}` };
      const { status } = await fetch(`${host}/api/2.0/workspace/import`, { method: "POST", headers, body: form });
      expect(status).toBe(200);
    };
    const plot = "a".repeat(14 * 1024 * 1024);
    const output = { name: "stdout", output_type: "stream", text: [plot] };
    const cell = { cell_type: "code", execution_count: 1, metadata: {}, source: ["1"], outputs: [output] };
    const notebook = { cells: [cell], metadata: {}, nbformat: 4, nbformat_minor: 0 };
    await importForm("/Shared/plots", "JUPYTER", JSON.stringify(notebook));
    await importForm("/Shared/long", "SOURCE", `x = "${"a".repeat(9 * 1024 * 1024)}"`);
    const { lines } = await copyAll();
    for (const path of ["/Shared/plots", "/Shared/long"]) {
      expect(lines.get(path)).toMatchObject({ outcome: "created" });
      const query = `path=${path}&direct_download=true&format=${path === "/Shared/plots" ? "JUPYTER" : "SOURCE"}`;
      const [from, to] = await Promise.all(
        [pair.primary, pair.secondary].map(async ({ endpoint, server }) => {
          const headers = { authorization: `Bearer ${server.workspace.options.token}` };
          return (await fetch(`${endpoint.host}/api/2.0/workspace/export?${query}`, { headers })).text();
        }),
      );
      expect(from === to && to!.length > 9e6).toBe(true);
    }
    expect((await copyAll()).changed).toBe(false);
  });

  it("leave alone what somebody else has put in their place", async () => {
    await putNotebook(pair.primary, "/Shared/x", "print('theirs')");
    await putNotebook(pair.secondary, "/Shared/x", "print('own')");
    const { lines } = await copyAll();
    expect(lines.get("/Shared/x")).toMatchObject({
      outcome: "needs-a-person",
      why: expect.stringContaining("not ours already stands there") as string,
    });
    expect(await textAt(pair.secondary, "/Shared/x")).toContain("'own'");
  });

  it("say what their code has of the source, as long as it has it, and are copied as they stand", async () => {
    const cluster = await pair.primary.post("/api/2.1/clusters/create", {
      cluster_name: "etl",
      spark_version: "15.4.x-scala2.12",
      node_type_id: "Standard_DS3_v2",
      num_workers: 1,
    });
    const code = [
      "# Databricks notebook source",
      "# MAGIC %run ./lib",
      "# MAGIC %run ../elsewhere $x=1",
      'dbutils.notebook.run("/Shared/left out", 60)',
      `start("${String(cluster.cluster_id)}", "0101-000000-abcdefgh")`,
      'df = spark.read.load("abfss://raw@acmelake.dfs.core.windows.net/x")',
      'df = spark.read.load("abfss://raw@other.dfs.core.windows.net/x")',
    ].join("\n");
    await putNotebook(pair.primary, "/Shared/etl/main", code);
    await putNotebook(pair.primary, "/Shared/etl/lib", "print(1)");
    await putNotebook(pair.primary, "/Shared/left out", "print(1)");
    const settings = {
      select: { notebooks: { exclude: ["/Shared/left out"] } },
      mounts: { storageAccounts: { acmelake: "acmewest" } },
    };
    const why = [
      'it runs "/Shared/left out", which is not selected (select.notebooks)',
      'it runs "/Shared/elsewhere", which is no notebook of the source',
      `its code names the cluster "etl" [${String(cluster.cluster_id)}] of the source, which has another id on the standby`,
      "its code names the storage account acmelake, in whose place the standby has another",
    ];
    const first = await copyAll(settings);
    expect(first.lines.get("/Shared/etl/main")?.outcome).toBe("created");
    expect(first.lines.get("/Shared/etl/main")?.why?.split("; ").sort()).toEqual([...why].sort());
    expect(first.lines.get("/Shared/etl/lib")).not.toHaveProperty("why");
    expect(await textAt(pair.secondary, "/Shared/etl/main")).toBe(await textAt(pair.primary, "/Shared/etl/main"));
    const again = await copyAll(settings);
    expect(again.changed).toBe(false);
    expect(again.lines.get("/Shared/etl/main")?.why?.split("; ").sort()).toEqual([...why].sort());
    await putNotebook(pair.primary, "/Shared/etl/main", "# Databricks notebook source\n# MAGIC %run ./lib");
    const mended = await copyAll(settings);
    expect(mended.lines.get("/Shared/etl/main")).toMatchObject({ outcome: "updated" });
    expect(mended.lines.get("/Shared/etl/main")).not.toHaveProperty("why");
    expect((await copyAll(settings)).changed).toBe(false);
  });
});

describe("folders", () => {
  it("are removed from within, and one that somebody uses is a person's", async () => {
    for (const path of ["/Shared/a/b/c", "/Shared/d/e"]) await pair.primary.post("/api/2.0/workspace/mkdirs", { path });
    await pair.up("folders");
    const { objects } = await pair.primary.get("/api/2.0/workspace/list?path=/Shared");
    for (const { path } of objects as { path: string }[])
      await pair.primary.post("/api/2.0/workspace/delete", { path, recursive: true });
    await pair.primary.post("/api/2.0/workspace/mkdirs", { path: "/Shared/kept" });
    const content = base64("a,b\n");
    await pair.secondary.post("/api/2.0/workspace/import", { path: "/Shared/d/theirs.csv", format: "AUTO", content });
    const { lines } = await pair.up("folders", { deletions: "propagate", allowMassDeletion: true });
    for (const path of ["/Shared/a", "/Shared/a/b", "/Shared/a/b/c", "/Shared/d/e"])
      expect(lines.get(path)?.outcome, path).toBe("removed");
    expect(lines.get("/Shared/d")).toMatchObject({
      outcome: "needs-a-person",
      why: expect.stringContaining("take out of it what is no copy") as string,
    });
  });
});
