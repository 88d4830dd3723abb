import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startTestWorkspace, type TestWorkspace } from "./start-workspace.js";

let at: TestWorkspace;
beforeEach(async () => {
  at = await startTestWorkspace();
  const uc = "/api/2.1/unity-catalog";
  await at.post(`${uc}/catalogs`, { name: "Main" });
  await at.post(`${uc}/schemas`, { name: "ops", catalog_name: "main" });
  await at.post(`${uc}/volumes`, { name: "scripts", catalog_name: "main", schema_name: "ops", volume_type: "MANAGED" });
});
afterEach(() => at.close());

const send = (method: string, path: string, body?: Buffer, headers: Record<string, string> = {}) =>
  fetch(at.server.url + path, { method, headers: { authorization: "Bearer test-token", ...headers }, body });
const root = "/Volumes/main/ops/scripts";
const file = (path: string) => `/api/2.0/fs/files${root}/${encodeURIComponent(path).replaceAll("%2F", "/")}`;
const folder = (path: string) => `/api/2.0/fs/directories${root}${path}`;

test("files go up and come down, whole and in parts", async () => {
  const bytes = randomBytes(3_000_000);
  expect((await send("PUT", file("a b/ü?.sh"), bytes)).status).toBe(204);
  expect((await send("PUT", file("a b/ü?.sh"), bytes)).status).toBe(409);
  expect((await send("PUT", `${file("a b/ü?.sh")}?overwrite=true`, bytes)).status).toBe(204);
  const head = await send("HEAD", file("a b/ü?.sh"));
  expect([head.status, head.headers.get("content-length")]).toEqual([200, "3000000"]);
  const whole = Buffer.from(await (await send("GET", file("a b/ü?.sh"))).arrayBuffer());
  expect(whole.equals(bytes)).toBe(true);
  const part = await send("GET", file("a b/ü?.sh"), undefined, { range: "bytes=10-19" });
  expect([part.status, part.headers.get("content-range")]).toEqual([206, "bytes 10-19/3000000"]);
  expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(10, 20))).toBe(true);
  expect((await send("DELETE", file("a b/ü?.sh"))).status).toBe(204);
  expect((await send("GET", file("a b/ü?.sh"))).status).toBe(404);
});

test("folders page, and must be empty to go", async () => {
  for (let n = 0; n < 5; n++) await send("PUT", file(`d/${n}`), Buffer.from("x"));
  const first = await at.get(`${folder("/d")}?page_size=3`);
  expect(first.contents.map((e: { name: string }) => e.name)).toEqual(["0", "1", "2"]);
  const second = await at.get(`${folder("/d")}?page_size=3&page_token=${first.next_page_token}`);
  expect(second.contents).toMatchObject([{ path: `${root}/d/3`, is_directory: false, file_size: 1 }, { name: "4" }]);
  expect(second).not.toHaveProperty("next_page_token");
  const full = await at.call("DELETE", folder("/d"));
  expect([full.status, full.body.details[0].reason]).toEqual([400, "FILES_API_DIRECTORY_IS_NOT_EMPTY"]);
  for (let n = 0; n < 5; n++) await send("DELETE", file(`d/${n}`));
  expect((await send("DELETE", folder("/d"))).status).toBe(204);
  expect((await send("HEAD", folder("/d"))).status).toBe(404);
  expect((await send("HEAD", folder(""))).status).toBe(200);
});

test("a volume that nobody made has no files", async () => {
  const answer = await at.call("GET", "/api/2.0/fs/directories/Volumes/main/ops/none");
  expect([answer.status, answer.body.message]).toEqual([404, "Volume 'main.ops.none' does not exist."]);
});
