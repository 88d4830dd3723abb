import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { OpenStorageAccounts } from "../../sandbox/databricks/storage/storage-accounts.js";
import { startTestWorkspace, type TestWorkspace } from "./start-workspace.js";

const MIB = 2 ** 20;
let at: TestWorkspace;
const accounts = new OpenStorageAccounts(true);
beforeEach(async () => {
  at = await startTestWorkspace({ storageAccounts: accounts });
});
afterEach(() => at.close());

const put = (path: string, bytes: Buffer, overwrite = false) =>
  at.call("POST", "/api/2.0/dbfs/put", { path, contents: bytes.toString("base64"), overwrite });
const error = async (answer: ReturnType<TestWorkspace["call"]>) => {
  const { status, body } = await answer;
  return [status, body.error_code];
};
const query = (path: string) => encodeURIComponent(path);

test("a file of many blocks comes back byte for byte, in reads of a megabyte", async () => {
  const bytes = randomBytes(3 * MIB + 17);
  const { handle } = await at.post("/api/2.0/dbfs/create", { path: "dbfs:/databricks/init/c 1/ünï?#.sh" });
  expect(handle > Number.MAX_SAFE_INTEGER).toBe(true);
  for (let start = 0; start < bytes.length; start += MIB)
    await at.post("/api/2.0/dbfs/add-block", {
      handle,
      data: bytes.subarray(start, start + MIB).toString("base64"),
    });
  await at.post("/api/2.0/dbfs/close", { handle });
  const path = query("/databricks/init/c 1/ünï?#.sh");
  const status = await at.get(`/api/2.0/dbfs/get-status?path=${path}`);
  expect(status).toMatchObject({ is_dir: false, file_size: bytes.length });
  const pieces: Buffer[] = [];
  for (let offset = 0; offset < bytes.length; offset += MIB - 5) {
    const { data, bytes_read } = await at.get(`/api/2.0/dbfs/read?path=${path}&offset=${offset}&length=${MIB - 5}`);
    pieces.push(Buffer.from(data, "base64"));
    expect(bytes_read).toBe(pieces.at(-1)?.length);
  }
  expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
  expect(await error(at.call("POST", "/api/2.0/dbfs/add-block", { handle, data: "" }))).toEqual([
    404,
    "RESOURCE_DOES_NOT_EXIST",
  ]);
});

test("a handle is gone after ten idle minutes, and kept by use", async () => {
  const { handle } = await at.post("/api/2.0/dbfs/create", { path: "/a" });
  at.clock.advance(9 * 60_000);
  await at.post("/api/2.0/dbfs/add-block", { handle, data: "YQ==" });
  at.clock.advance(9 * 60_000);
  await at.post("/api/2.0/dbfs/add-block", { handle, data: "YQ==" });
  at.clock.advance(10 * 60_000 + 1);
  expect(await error(at.call("POST", "/api/2.0/dbfs/close", { handle }))).toEqual([404, "RESOURCE_DOES_NOT_EXIST"]);
});

test("limits and conflicts have the documented codes", async () => {
  expect(await error(put("/a", randomBytes(MIB + 1)))).toEqual([400, "MAX_BLOCK_SIZE_EXCEEDED"]);
  expect(await error(put("a", randomBytes(1)))).toEqual([400, "INVALID_PARAMETER_VALUE"]);
  expect((await put("/d/a", randomBytes(MIB))).status).toBe(200);
  expect(await error(put("/d/a", randomBytes(1)))).toEqual([400, "RESOURCE_ALREADY_EXISTS"]);
  expect((await put("/d/a", Buffer.from("x"), true)).status).toBe(200);
  expect(await error(put("/d", randomBytes(1), true))).toEqual([400, "RESOURCE_ALREADY_EXISTS"]);
  expect(await error(put("/d/a/b", randomBytes(1)))).toEqual([400, "RESOURCE_ALREADY_EXISTS"]);
  expect(await error(at.call("POST", "/api/2.0/dbfs/mkdirs", { path: "/d/a" }))).toEqual([
    400,
    "RESOURCE_ALREADY_EXISTS",
  ]);
  expect(await error(at.call("GET", `/api/2.0/dbfs/read?path=/d/a&length=${MIB + 1}`))).toEqual([
    400,
    "MAX_READ_SIZE_EXCEEDED",
  ]);
  expect(await error(at.call("GET", "/api/2.0/dbfs/read?path=/d"))).toEqual([400, "INVALID_PARAMETER_VALUE"]);
  expect(await error(at.call("GET", "/api/2.0/dbfs/list?path=/none"))).toEqual([404, "RESOURCE_DOES_NOT_EXIST"]);
  expect(await error(at.call("POST", "/api/2.0/dbfs/delete", { path: "/d" }))).toEqual([400, "IO_ERROR"]);
});

test("moves carry a whole folder, and refuse a target that exists", async () => {
  await put("/from/x/1", Buffer.from("1"));
  await put("/from/2", Buffer.from("2"));
  await put("/taken", Buffer.from("3"));
  expect(
    await error(at.call("POST", "/api/2.0/dbfs/move", { source_path: "/from", destination_path: "/taken" })),
  ).toEqual([400, "RESOURCE_ALREADY_EXISTS"]);
  await at.post("/api/2.0/dbfs/move", { source_path: "/from", destination_path: "/to" });
  expect((await at.get("/api/2.0/dbfs/list?path=/to")).files.map((f: { path: string }) => f.path)).toEqual([
    "/to/2",
    "/to/x",
  ]);
  expect((await at.get("/api/2.0/dbfs/read?path=/to/x/1")).data).toBe(Buffer.from("1").toString("base64"));
  expect((await at.call("GET", "/api/2.0/dbfs/get-status?path=/from")).status).toBe(404);
});

test.each(["contents", "file"])("a multipart put takes raw bytes, in a field named %s", async (field) => {
  const send = async (bytes: Buffer, overwrite: string): Promise<number> => {
    const form = new FormData();
    form.set("path", "/form");
    form.set("overwrite", overwrite);
    form.set(field, new Blob([new Uint8Array(bytes)]));
    const headers = { authorization: "Bearer test-token" };
    return (await fetch(`${at.server.url}/api/2.0/dbfs/put`, { method: "POST", headers, body: form })).status;
  };
  expect(await send(randomBytes(2 * MIB), "False")).toBe(200);
  expect((await at.get("/api/2.0/dbfs/get-status?path=/form")).file_size).toBe(2 * MIB);
  expect(await send(randomBytes(5), "False")).toBe(400);
  expect(await send(randomBytes(5), "True")).toBe(200);
  expect((await at.get("/api/2.0/dbfs/get-status?path=/form")).file_size).toBe(5);
});

test("a large recursive delete answers 503 until it is through", async () => {
  const files = at.workspace.table("dbfs");
  await at.post("/api/2.0/dbfs/mkdirs", { path: "/many/sub" });
  const children = (files.get("/many/sub") as { children: Set<string> }).children;
  for (let i = 0; i < 7000; i++) {
    children.add(`${i}`);
    files.set(`/many/sub/${i}`, { info: { blocks: [], size: 0, modifiedAt: 0 } });
  }
  const remove = () => at.call("POST", "/api/2.0/dbfs/delete", { path: "/many", recursive: true });
  expect(await error(remove())).toEqual([503, "PARTIAL_DELETE"]);
  expect((await at.get("/api/2.0/dbfs/list?path=/many/sub")).files).toHaveLength(2000);
  expect((await remove()).status).toBe(200);
  expect((await remove()).status).toBe(200);
  expect((await at.call("GET", "/api/2.0/dbfs/get-status?path=/many")).status).toBe(404);
});

test("a mounted path is the container's, read-only behind a secondary endpoint", async () => {
  accounts.register("stdr", { keys: ["k"], containers: ["data"], readableSecondary: true });
  const mounts = at.workspace.table("mounts");
  const row = (mountPoint: string, host: string) => ({
    mountPoint,
    source: `wasbs://data@${host}.blob.core.windows.net/in`,
    encryptionType: "",
    builtIn: false,
    configs: { [`fs.azure.account.key.${host}.blob.core.windows.net`]: "k" },
  });
  mounts.set("/mnt/rw", row("/mnt/rw", "stdr"));
  mounts.set("/mnt/ro", row("/mnt/ro", "stdr-secondary"));
  mounts.set("/mnt/lost", row("/mnt/lost", "nobody"));
  expect((await put("/mnt/rw/dir/f", Buffer.from("mounted"))).status).toBe(200);
  expect((await at.get("/api/2.0/dbfs/list?path=/mnt")).files.map((f: { path: string }) => f.path)).toEqual([
    "/mnt/lost",
    "/mnt/ro",
    "/mnt/rw",
  ]);
  expect((await at.get("/api/2.0/dbfs/list?path=dbfs:/mnt/ro/dir")).files[0]).toMatchObject({
    path: "/mnt/ro/dir/f",
    file_size: 7,
  });
  expect(await error(put("/mnt/ro/dir/g", Buffer.from("no")))).toEqual([403, "PERMISSION_DENIED"]);
  expect(await error(at.call("GET", "/api/2.0/dbfs/list?path=/mnt/lost"))).toEqual([400, "IO_ERROR"]);
  accounts.register("stdr", { keys: ["rotated"], containers: ["data"], readableSecondary: true });
  const stale = await at.call("GET", "/api/2.0/dbfs/list?path=/mnt/rw");
  expect([stale.status, stale.body.message]).toEqual([400, expect.stringContaining("Server failed to authenticate")]);
});
