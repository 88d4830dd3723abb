import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { companyEstate } from "../../sandbox/estates/company/company.js";
import { estateText } from "../../sandbox/estates/estate-text.js";
import { countsOf, generateEstate, generateStandby } from "../../sandbox/estates/generate.js";
import { guideEstate } from "../../sandbox/estates/guide.js";
import { standbyEstate } from "../../sandbox/estates/standby.js";
import { parseEstate, type Estate } from "../../sandbox/estate.js";
import { startSandbox, type Sandbox } from "../../sandbox/sandbox.js";

const fileOf = (name: string) => fileURLToPath(new URL(`../../sandbox/estates/${name}.json`, import.meta.url));

describe("estates", () => {
  let sandbox: Sandbox;
  let fresh: () => Promise<void>;
  beforeAll(async () => {
    sandbox = await startSandbox({ provisioned: true, clusterStartMs: 30, clusterStopMs: 10 });
    fresh = sandbox.snapshot();
  });
  afterAll(() => sandbox.stop());

  const get = async (path: string, slot: "primary" | "secondary" = "primary") => {
    const { host, token } = sandbox.description[slot];
    const response = await fetch(`${host}${path}`, { headers: { authorization: `Bearer ${token}` } });
    return (await response.json()) as Record<string, never>;
  };
  const all = async (path: string, key: string, slot?: "primary" | "secondary") => {
    const rows: Record<string, unknown>[] = [];
    for (let token = ""; ;) {
      const page: Record<string, unknown> = await get(`${path}${token && `&page_token=${token}`}`, slot);
      rows.push(...((page[key] ?? []) as Record<string, unknown>[]));
      token = String(page.next_page_token ?? "");
      if (token === "") return rows;
    }
  };

  it.each([
    ["guide", guideEstate],
    ["company", companyEstate],
    ["standby", standbyEstate],
  ] as const)("%s.json is what its source says (npx tsx sandbox/estates/write.ts)", async (name, build) => {
    expect((await readFile(fileOf(name), "utf8")) === estateText(build())).toBe(true);
  });

  it("loads the guide's walk-through", async () => {
    await fresh();
    await sandbox.loadEstate(fileOf("guide"), "primary");
    expect(await all("/api/2.1/clusters/list?page_size=50", "clusters")).toHaveLength(4);
    expect(await all("/api/2.2/jobs/list?limit=50", "jobs")).toHaveLength(4);
    const init = await get("/api/2.0/dbfs/list?path=/databricks/init");
    expect(init.files).toHaveLength(2);
  });

  it("loads the company, with its traps", async () => {
    await fresh();
    await sandbox.loadEstate(fileOf("company"), "primary");
    const clusters = await all("/api/2.1/clusters/list?page_size=20", "clusters");
    const names = clusters.map((cluster) => cluster.cluster_name);
    expect(clusters.length).toBeGreaterThanOrEqual(40);
    expect(names.filter((name) => name === "analytics-shared")).toHaveLength(2);
    expect(names).not.toContain("retired");
    expect(clusters.map((cluster) => cluster.cluster_source)).toContain("JOB");
    const jobs = await all("/api/2.2/jobs/list?limit=25", "jobs");
    expect(jobs.length).toBeGreaterThanOrEqual(70);
    const init = await get("/api/2.0/dbfs/list?path=/databricks/init");
    const sizes = (init.files as unknown as { file_size: number }[]).map((file) => file.file_size);
    expect(Math.max(...sizes)).toBeGreaterThan(2 ** 20);
    expect(Math.min(...sizes)).toBe(0);
  });

  it("loads the standby of the company, whose pools and policies are yet to be copied", async () => {
    await fresh();
    await sandbox.loadEstate(fileOf("standby"), "secondary");
    expect(await get("/api/2.0/instance-pools/list", "secondary")).toEqual({});
    const policies = await get("/api/2.0/policies/clusters/list", "secondary");
    const own = (policies.policies as unknown as { is_default?: boolean }[]).filter((each) => each.is_default !== true);
    expect(own).toEqual([]);
  });

  it("generates the same estate for the same seed, in the size that was asked for", async () => {
    const estate = generateEstate({ objects: 120, seed: 7 });
    expect(estateText(estate)).toBe(estateText(generateEstate({ objects: 120, seed: 7 })));
    expect(estateText(estate)).not.toBe(estateText(generateEstate({ objects: 120, seed: 8 })));
    await fresh();
    await sandbox.loadEstate(estate, "primary");
    await sandbox.loadEstate(generateStandby(), "secondary");
    const counts = countsOf(120);
    expect(Object.values(counts).reduce((sum, each) => sum + each, 0)).toBe(120);
    expect(await all("/api/2.2/jobs/list?limit=50", "jobs")).toHaveLength(counts.jobs);
    // One more: the cluster that made the mounts.
    expect(await all("/api/2.1/clusters/list?page_size=50", "clusters")).toHaveLength(counts.clusters + 1);
  });

  it("keeps 64-bit ids, fills captures in, and leaves other ${…} alone", async () => {
    await fresh();
    const estate: Estate = [
      { method: "POST", path: "/api/2.2/jobs/create", body: { name: "a" }, capture: { first: "job_id" } },
      {
        method: "POST",
        path: "/api/2.2/jobs/create",
        body: {
          name: "b of ${first} and ${unknown}",
          tasks: [{ task_key: "t", run_job_task: { job_id: "${first}" } }],
        },
      },
    ];
    await sandbox.loadEstate(estate, "primary");
    const { host, token } = sandbox.description.primary;
    const response = await fetch(`${host}/api/2.2/jobs/list?expand_tasks=true`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const text = await response.text();
    const id = /"run_job_task":\{"job_id":(\d+)\}/.exec(text)?.[1];
    expect(id).toBeDefined();
    expect(text).toContain(`"name":"b of ${id} and \${unknown}"`);
    expect(text.split(`"job_id":${id}`)).toHaveLength(3);
  });

  it("names the call that failed, with what was answered", async () => {
    await fresh();
    const estate: Estate = [
      { method: "POST", path: "/api/2.0/dbfs/mkdirs", body: { path: "/ok" } },
      { method: "POST", path: "/api/2.0/clusters/create", body: { cluster_name: "no version" } },
    ];
    await expect(sandbox.loadEstate(estate, "primary")).rejects.toThrow(
      /^estate call 1 \(POST \/api\/2\.0\/clusters\/create\) was answered 400: .*spark_version/,
    );
    const capture: Estate = [
      { method: "GET", path: "/api/2.1/clusters/list", capture: { id: "clusters.0.cluster_id" } },
    ];
    await expect(sandbox.loadEstate(capture, "primary")).rejects.toThrow(
      "the answer has no field clusters.0.cluster_id",
    );
    expect(() => parseEstate('{"not": "a list"}', "x.json")).toThrow("x.json is not an array");
    expect(() => parseEstate('[{"method": "GET"}]', "x.json")).toThrow("x.json: call 0 needs a method and a path");
  });
});
