import { afterEach, beforeEach, expect, test } from "vitest";
import { startTestWorkspace, type TestWorkspace } from "./start-workspace.js";

let at: TestWorkspace;
beforeEach(async () => {
  at = await startTestWorkspace();
});
afterEach(() => at.close());

const api = "/api/2.0/global-init-scripts";
const make = async (name: string, position?: number): Promise<string> =>
  (await at.post(api, { name, script: Buffer.from(name).toString("base64"), position })).script_id as string;
const names = async () =>
  ((await at.get(api)).scripts as { name: string; position: number }[]).map(({ name, position }) => [position, name]);

test("a position that is taken pushes the others on; one past the end is the last", async () => {
  await make("a");
  const b = await make("b");
  await make("first", 0);
  await make("far", 99);
  expect(await names()).toEqual([
    [0, "first"],
    [1, "a"],
    [2, "b"],
    [3, "far"],
  ]);
  expect((await at.call("PATCH", `${api}/${b}`, { name: "b", position: 0 })).status).toBe(200);
  expect(await names()).toEqual([
    [0, "b"],
    [1, "first"],
    [2, "a"],
    [3, "far"],
  ]);
  expect((await at.get(`${api}/${b}`)).script).toBe("Yg==");
  expect((await at.call("DELETE", `${api}/${b}`)).status).toBe(200);
  expect((await names())[0]).toEqual([0, "first"]);
  expect((await at.call("GET", `${api}/${b}`)).status).toBe(404);
});

test("a script is off unless it says so, and has 64 KB at most", async () => {
  await make("quiet");
  expect((await at.get(api)).scripts[0]).toMatchObject({ enabled: false, created_by: "admin@example.com" });
  const script = Buffer.alloc(64 * 1024 + 1, "#").toString("base64");
  expect((await at.call("POST", api, { name: "big", script })).status).toBe(400);
});
