import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startTestWorkspace, type TestWorkspace } from "./start-workspace.js";

let at: TestWorkspace;
beforeEach(async () => {
  at = await startTestWorkspace();
});
afterEach(() => at.close());

const api = "/api/2.0/workspace";
const base64 = (text: string | Buffer) => Buffer.from(text).toString("base64");
const put = (path: string, content: string | Buffer, rest: Record<string, unknown>) =>
  at.call("POST", `${api}/import`, { path, content: base64(content), ...rest });
const get = async (path: string, format = "SOURCE"): Promise<Buffer> =>
  Buffer.from(
    (await at.get(`${api}/export?path=${encodeURIComponent(path)}&format=${format}`)).content as string,
    "base64",
  );
const status = (path: string) => at.get(`${api}/get-status?path=${encodeURIComponent(path)}`);

const SOURCE = `# Databricks notebook source
print(1)

# COMMAND ----------

# MAGIC %md
# MAGIC # Title
# MAGIC
# MAGIC text

# COMMAND ----------

# MAGIC %sql
# MAGIC select 1`;

test("a notebook keeps its source, its language, and an id beyond 2^53 through an overwrite", async () => {
  expect((await put("/Shared/n", SOURCE, { format: "SOURCE", language: "PYTHON" })).status).toBe(200);
  const before = await status("/Shared/n");
  expect(before).toMatchObject({ object_type: "NOTEBOOK", language: "PYTHON", path: "/Shared/n" });
  expect(before.object_id > Number.MAX_SAFE_INTEGER).toBe(true);
  expect(before).not.toHaveProperty("size");
  expect((await get("/Shared/n")).toString()).toBe(SOURCE);
  expect((await put("/Shared/n", "print(2)", { format: "SOURCE", language: "PYTHON" })).body.error_code).toBe(
    "RESOURCE_ALREADY_EXISTS",
  );
  await put("/Shared/n", "print(2)", { format: "SOURCE", language: "PYTHON", overwrite: true });
  expect((await get("/Shared/n")).toString()).toBe("# Databricks notebook source\nprint(2)");
  const after = await status("/Shared/n");
  expect(after.object_id).toBe(before.object_id);
  expect(after.created_at).toBe(before.created_at);
  expect(after.modified_at).toBeGreaterThanOrEqual(before.modified_at);
});

test("formats turn into one another and back", async () => {
  await put("/Shared/n", SOURCE, { format: "SOURCE", language: "PYTHON" });
  for (const format of ["JUPYTER", "HTML", "DBC"]) {
    const content = await get("/Shared/n", format);
    const target = format === "DBC" ? "/Shared/folder" : `/Shared/${format}`;
    expect((await put(target, content, { format })).status, format).toBe(200);
    expect((await get(format === "DBC" ? `${target}/n` : target)).toString(), format).toBe(SOURCE);
  }
  const again = await put("/Shared/folder", await get("/Shared/n", "DBC"), { format: "DBC", overwrite: true });
  expect([again.status, again.body.message]).toEqual([400, expect.stringContaining("DBC")]);
});

test("a folder goes out as an archive and comes in again", async () => {
  await at.post(`${api}/mkdirs`, { path: "/Shared/a/b" });
  await put("/Shared/a/b/n", SOURCE, { format: "SOURCE", language: "PYTHON" });
  await put("/Shared/a/f.bin", randomBytes(1000), { format: "AUTO" });
  for (const format of ["DBC", "SOURCE"]) {
    await put(`/Shared/${format}`, await get("/Shared/a", format), { format });
    expect((await get(`/Shared/${format}/b/n`)).toString()).toBe(SOURCE);
    expect((await get(`/Shared/${format}/f.bin`)).equals(await get("/Shared/a/f.bin"))).toBe(true);
  }
});

test("AUTO makes a notebook of what says that it is one, and a file of the rest", async () => {
  await put("/Shared/job.py", SOURCE, { format: "AUTO" });
  await put("/Shared/lib.py", "x = 1", { format: "AUTO" });
  await put("/Shared/q.sql", "-- Databricks notebook source\nselect 1", { format: "AUTO" });
  const cells = JSON.stringify({ cells: [{ cell_type: "code", source: ["x"] }], metadata: {}, nbformat: 4 });
  await put("/Shared/j.ipynb", cells, { format: "AUTO" });
  const { objects } = await at.get(`${api}/list?path=/Shared`);
  expect(objects.map((o: Record<string, string>) => [o.path, o.object_type, o.language])).toEqual([
    ["/Shared/j", "NOTEBOOK", "PYTHON"],
    ["/Shared/job", "NOTEBOOK", "PYTHON"],
    ["/Shared/lib.py", "FILE", undefined],
    ["/Shared/q", "NOTEBOOK", "SQL"],
  ]);
  expect((await get("/Shared/j", "AUTO")).toString()).toBe(cells);
  expect(await status("/Shared/lib.py")).toMatchObject({ size: 5 });
});

test("10 MB is the most, but for Jupyter and workspace files", async () => {
  const large = Buffer.alloc(10 * 2 ** 20 + 1, "#");
  expect((await put("/Shared/n", large, { format: "SOURCE", language: "PYTHON" })).body.error_code).toBe(
    "MAX_NOTEBOOK_SIZE_EXCEEDED",
  );
  const jupyter = JSON.stringify({ cells: [{ cell_type: "code", source: large.toString() }], nbformat: 4 });
  expect((await put("/Shared/j", jupyter, { format: "JUPYTER" })).status).toBe(200);
  const exported = await at.call("GET", `${api}/export?path=/Shared/j&format=SOURCE`);
  expect([exported.status, exported.body.error_code]).toEqual([400, "MAX_NOTEBOOK_SIZE_EXCEEDED"]);
  expect((await get("/Shared/j", "JUPYTER")).length).toBe(jupyter.length);
  const headers = { authorization: "Bearer test-token" };
  const raw = `${at.server.url}/api/2.0/workspace-files`;
  const file = encodeURIComponent("Shared/big file.bin");
  expect((await fetch(`${raw}/import-file/${file}`, { method: "POST", headers, body: large })).status).toBe(200);
  expect((await fetch(`${raw}/import-file/${file}`, { method: "POST", headers, body: large })).status).toBe(409);
  const back = await fetch(`${raw}/${file}`, { headers });
  expect(Buffer.from(await back.arrayBuffer()).equals(large)).toBe(true);
});

test("paths: /Workspace is the same tree, parents must exist, types do not mix, folders empty out", async () => {
  await at.post(`${api}/mkdirs`, { path: "/Workspace/Shared/a/b" });
  expect((await status("/Workspace/Shared/a/b")).path).toBe("/Workspace/Shared/a/b");
  expect((await status("/Shared/a/b")).object_type).toBe("DIRECTORY");
  const { object_id } = await status("/Shared/a/b");
  for (const same of ["//Workspace/Shared/a/b", "/Workspace//Shared/a//b/", "//Shared/a/b"])
    expect([same, (await status(same)).object_id]).toEqual([same, object_id]);
  expect((await put("/Shared/no/n", "x", { format: "RAW" })).body).toEqual({
    error_code: "RESOURCE_DOES_NOT_EXIST",
    message: "The parent folder (/Shared/no) does not exist.",
  });
  await put("/Shared/f", "x", { format: "RAW" });
  expect((await put("/Shared/f", "x", { format: "SOURCE", language: "R", overwrite: true })).body.message).toContain(
    "type mismatch (asked: NOTEBOOK, actual: FILE)",
  );
  expect((await at.call("POST", `${api}/delete`, { path: "/Shared/a" })).body.error_code).toBe("DIRECTORY_NOT_EMPTY");
  await at.post(`${api}/delete`, { path: "/Shared/a", recursive: true });
  expect((await at.call("GET", `${api}/get-status?path=/Shared/a`)).body.message).toBe(
    "Path (/Shared/a) doesn't exist.",
  );
  expect((await at.call("POST", `${api}/delete`, { path: "/Users", recursive: true })).status).toBe(400);
  expect((await put("/Shared/n", "x", { format: "SOURCE" })).body.message).toContain("Please specify a language");
});
