import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import type { SandboxDescription } from "../../sandbox/description.js";
import { startSandbox, type Sandbox } from "../../sandbox/sandbox.js";

const command = fileURLToPath(new URL("../../bin/dr.mjs", import.meta.url));

let sandbox: Sandbox | undefined;
afterEach(async () => {
  await sandbox?.stop();
  sandbox = undefined;
});

const start = async (options: Parameters<typeof startSandbox>[0] = {}) =>
  (sandbox = await startSandbox({ clusterStartMs: 50, clusterStopMs: 50, armOperationMs: 5, ...options }));

const get = async (slot: { host: string; token: string }, path: string) => {
  const response = await fetch(`${slot.host}${path}`, { headers: { authorization: `Bearer ${slot.token}` } });
  return { status: response.status, body: (await response.json()) as Record<string, never> };
};

const control = async (path: string, method = "GET", body?: unknown) => {
  const response = await fetch(`${sandbox?.description.control.url}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, never> };
};

const clusters = "/api/2.1/clusters/list";
const isOpen = (url: string) =>
  fetch(url).then(
    () => true,
    () => false,
  );

describe("the sandbox", () => {
  it("answers at both addresses before there are workspaces, and says that there are none", async () => {
    const { description } = await start();
    const { status, body } = await get(description.primary, clusters);
    expect(status).toBe(404);
    expect(body.message).toContain("no primary workspace yet");
    expect(description.primary.token).toMatch(/^dapi-sandbox-primary-/);
  });

  it("writes the profiles for the owner only, and leaves nothing behind", async () => {
    const { description, stop } = await start({ provisioned: true });
    const file = description.env.DATABRICKS_CONFIG_FILE ?? "";
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, "utf8")).toBe(
      (["primary", "secondary"] as const)
        .map((name) => `[${name}]\nhost = ${description[name].host}\ntoken = ${description[name].token}\n`)
        .join("\n"),
    );
    await stop();
    expect(existsSync(dirname(file))).toBe(false);
    const urls = [
      description.primary.host,
      description.secondary.host,
      description.arm.endpoint,
      description.control.url,
    ];
    expect(await Promise.all(urls.map(isOpen))).toEqual([false, false, false, false]);
  });

  it("gives a workspace without a slot's tag an address of its own, and a taken slot to nobody else", async () => {
    const { slots, description } = await start();
    const request = { name: "w", region: "westus", tier: "premium" as const };
    const tagged = { tags: { "databricks-dr:stack": "primary" } };
    const first = await slots.create({ ...request, ...tagged, resourceId: "/one" });
    expect(first.workspaceUrl).toBe(description.primary.host);
    const second = await slots.create({ ...request, ...tagged, resourceId: "/two" });
    const other = await slots.create({ ...request, tags: {}, resourceId: "/three" });
    expect(new Set([first, second, other].map(({ workspaceUrl }) => workspaceUrl)).size).toBe(3);
    const token = slots.tokenFor(other.workspaceUrl) ?? "";
    expect((await get({ host: other.workspaceUrl, token }, clusters)).status).toBe(200);
    await slots.remove("/three");
    expect(await isOpen(other.workspaceUrl)).toBe(false);
    await slots.remove("/one");
    expect((await get(description.primary, clusters)).status).toBe(404);
  });

  it("has a token of a user without rights for each workspace, and keeps what is switched until there is one", async () => {
    const { description, slots } = await start();
    await control("/sandbox/controls?workspace=secondary", "POST", { dbfsDisabled: true, runMs: 7 });
    await control("/sandbox/controls?workspace=secondary", "POST", { runMs: null });
    const request = { name: "w", region: "westus", tier: "premium" as const };
    for (const stack of ["primary", "secondary"])
      await slots.create({ ...request, tags: { "databricks-dr:stack": stack }, resourceId: `/${stack}` });
    for (const { host, userToken } of [description.primary, description.secondary]) {
      const asUser = (path: string) => get({ host, token: userToken }, path);
      expect((await asUser("/api/2.0/preview/scim/v2/Me")).body).toMatchObject({
        userName: "ordinary.user@contoso.com",
      });
      expect((await asUser("/api/2.0/global-init-scripts")).status).toBe(403);
      expect((await asUser(clusters)).status).toBe(200);
    }
    expect((await get(description.secondary, "/api/2.0/dbfs/list?path=/")).status).toBe(403);
    expect((await get(description.primary, "/api/2.0/dbfs/list?path=/")).status).toBe(200);
    expect((await control("/sandbox/controls")).body.secondary).toMatchObject({ dbfsDisabled: true, runMs: 5_000 });
  });

  it("goes back to a snapshot, also across the end of a workspace", async () => {
    const { description, snapshot, slots } = await start({ provisioned: true });
    const before = snapshot();
    const { host, token } = description.primary;
    await fetch(`${host}/api/2.0/dbfs/mkdirs`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({ path: "/after" }),
    });
    await slots.remove("");
    expect((await get(description.primary, clusters)).status).toBe(404);
    await before();
    expect((await get(description.primary, clusters)).status).toBe(200);
    expect((await get(description.primary, "/api/2.0/dbfs/get-status?path=/after")).status).toBe(404);

    const tags = { "databricks-dr:stack": "primary" };
    const request = { name: "w", region: "eastus2", tier: "premium" as const, tags, resourceId: "/one" };
    for (let time = 0; time < 2; time++) {
      expect((await slots.create(request)).workspaceUrl).toBe(host);
      await before();
    }
  });

  describe("is switched over HTTP", () => {
    it("latency, rate limits and faults, for one workspace or both", async () => {
      const { description } = await start({ provisioned: true });
      await control("/sandbox/latency?workspace=secondary", "POST", { ms: 150 });
      expect((await control("/sandbox/latency")).body).toEqual({ primary: { ms: 0 }, secondary: { ms: 150 } });
      const started = performance.now();
      await get(description.secondary, clusters);
      expect(performance.now() - started).toBeGreaterThanOrEqual(145);

      await control("/sandbox/rate-limits", "POST", { enabled: true });
      expect((await control("/sandbox/rate-limits?workspace=primary")).body).toEqual({ primary: { enabled: true } });

      const rule = { method: "GET", path: "/api/2.1/clusters/list", phase: "before", status: 503, times: 1 };
      expect((await control("/sandbox/faults?workspace=primary", "POST", rule)).status).toBe(200);
      expect((await get(description.primary, clusters)).status).toBe(503);
      expect((await get(description.primary, clusters)).status).toBe(200);
      expect((await control("/sandbox/faults", "POST", { phase: "sometimes" })).status).toBe(400);
      await control("/sandbox/faults", "DELETE");
      expect((await control("/sandbox/faults")).body).toEqual({ primary: [], secondary: [] });
    });

    it("the clock, the request log, estates, snapshots, controls", async () => {
      const { description, clock } = await start({ provisioned: true });
      const before = clock.now();
      await control("/sandbox/clock", "POST", { advanceMs: 86_400_000 });
      expect(clock.now() - before).toBeGreaterThanOrEqual(86_400_000);

      const { body: taken } = await control("/sandbox/snapshot", "POST");
      const estate = [{ method: "POST", path: "/api/2.0/dbfs/mkdirs", body: { path: "/from-estate" } }];
      expect((await control("/sandbox/estate?workspace=secondary", "POST", estate)).body).toEqual({ calls: 1 });
      const status = () => get(description.secondary, "/api/2.0/dbfs/get-status?path=/from-estate");
      expect((await status()).status).toBe(200);
      const { body: requests } = await control("/sandbox/requests?workspace=secondary");
      expect(requests.secondary).toMatchObject({ writes: 1, counts: { "POST /api/2.0/dbfs/mkdirs": 1 } });
      await control("/sandbox/requests", "DELETE");
      expect((await control("/sandbox/requests")).body.secondary).toMatchObject({ writes: 0 });
      await control("/sandbox/restore", "POST", taken);
      expect((await status()).status).toBe(404);
      expect((await control("/sandbox/restore", "POST", { snapshot: "99" })).status).toBe(404);

      const { body } = await control("/sandbox/controls?workspace=primary", "POST", { clusterStartMs: 7 });
      expect(body.primary).toMatchObject({ clusterStartMs: 7 });
      const { body: back } = await control("/sandbox/controls?workspace=primary", "POST", { clusterStartMs: null });
      expect(back.primary).toMatchObject({ clusterStartMs: 50 });
      for (const wrong of [{ clusterStartMs: "soon" }, { dbfsDisabled: 1 }, { launchFailure: "x" }, { weather: 1 }])
        expect((await control("/sandbox/controls", "POST", wrong)).status).toBe(400);
      expect((await control("/sandbox/jobs/fired")).body).toEqual({ primary: [], secondary: [] });
      expect((await control("/sandbox")).body).toEqual(description);
      expect((await control("/sandbox/weather")).status).toBe(501);
      expect((await control("/sandbox/latency?workspace=third")).status).toBe(400);
    });
  });
});

describe("dr sandbox", () => {
  it("prints one line of JSON, loads an estate, and ends on Ctrl-C with nothing left", async () => {
    const directory = mkdtempSync(join(tmpdir(), "dr-sandbox-test-"));
    const estate = join(directory, "estate.json");
    writeFileSync(estate, '[{"method":"POST","path":"/api/2.0/dbfs/mkdirs","body":{"path":"/here"}}]');
    const child = spawn(process.execPath, [command, "sandbox", "--provisioned", "--estate", estate], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const lines: string[] = [];
    const output = createInterface({ input: child.stdout });
    output.on("line", (line) => lines.push(line));
    await once(output, "line");
    const description = JSON.parse(lines[0] ?? "") as SandboxDescription;
    expect((await get(description.primary, "/api/2.0/dbfs/get-status?path=/here")).status).toBe(200);
    child.kill("SIGINT");
    const [code] = (await once(child, "exit")) as [number];
    expect(code).toBe(0);
    expect(lines).toHaveLength(1);
    expect(await isOpen(description.primary.host)).toBe(false);
    expect(existsSync(dirname(description.env.DATABRICKS_CONFIG_FILE ?? ""))).toBe(false);
    rmSync(directory, { recursive: true });
  });

  it("says in one line what is wrong with a switch, and leaves with 1", async () => {
    const run = async (...args: string[]) => {
      const child = spawn(process.execPath, [command, "sandbox", ...args], { stdio: ["ignore", "ignore", "pipe"] });
      let errors = "";
      child.stderr.on("data", (data: Buffer) => (errors += data.toString()));
      const [code] = (await once(child, "exit")) as [number];
      return { code, errors };
    };
    const missing = await run("--provisioned", "--estate", "/does/not/exist.json");
    expect(missing).toMatchObject({ code: 1 });
    expect(missing.errors).toContain("/does/not/exist.json");
    expect(await run("--port", "eighty")).toMatchObject({
      code: 1,
      errors: expect.stringContaining("A port is") as string,
    });
  });
});
