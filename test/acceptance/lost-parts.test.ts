import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { settings, sourceEstate, standbyEstate } from "./estate.js";
import { type Fields, Stage } from "./stage.js";

let stage: Stage;
const minutes = 60_000;

beforeAll(async () => {
  stage = await Stage.open();
  await stage.project.configure("secondary", { ...settings, operationsClusterMinutes: 1 });
  for (const stack of ["primary", "secondary"]) await stage.succeed("stack", "init", stack);
  await stage.up("primary");
  await stage.sandbox.loadEstate(sourceEstate(), "primary");
  await stage.sandbox.loadEstate(standbyEstate(), "secondary");
  await stage.up("secondary");
}, 10 * minutes);
afterAll(() => stage.close());

async function loseOperationsCluster(): Promise<void> {
  const { clusters = [] } = await stage.at("secondary").get("/api/2.1/clusters/list?page_size=100");
  const [operations] = (clusters as Fields[]).filter(({ cluster_name }) => cluster_name === "databricks-dr operations");
  const cluster_id = operations!.cluster_id;
  for (const call of ["unpin", "permanent-delete"])
    await stage.at("secondary").post(`/api/2.1/clusters/${call}`, { cluster_id });
}

async function control(settings: Fields): Promise<void> {
  const answer = await fetch(`${stage.sandbox.description.control.url}/sandbox/controls`, {
    method: "POST",
    body: JSON.stringify(settings),
  });
  expect(answer.ok, await answer.clone().text()).toBe(true);
}

const outcomes = async () => (await stage.ledgerOf("secondary")).counts;

describe("a standby of which one part is down", { timeout: 10 * minutes }, () => {
  it("is refreshed while its operations cluster is gone, and the next up makes that again", async () => {
    await loseOperationsCluster();
    const { output } = await stage.succeed("refresh", "--stack", "secondary", "--yes", "--skip-preview");
    expect(output).toMatch(/mounts.*could not be looked at.*was deleted by somebody/s);
    await stage.up("secondary");
    expect(await outcomes()).toMatchObject({ mounts: { unchanged: expect.any(Number) as number } });
    await stage.up("secondary", "--expect-no-changes");
  });

  it("has all copied where the workspace does not say which machines and runtimes it has", async () => {
    await stage.at("primary").post("/api/2.2/jobs/create", { name: "in between", tasks: [] });
    const { faults } = stage.sandbox.workspace("secondary").traffic;
    for (const path of ["/api/2.?/clusters/list-node-types", "/api/2.?/clusters/spark-versions"])
      faults.add({ phase: "before", path, status: 403, message: "not now" });
    const { output } = await stage.pulumi("up", "--stack", "secondary", "--yes", "--skip-preview");
    expect(output).toMatch(/the latest runtime for the operations cluster cannot be asked now, and stays .*not now/);
    expect(output).not.toMatch(/\n\s+at /);
    expect((await stage.at("secondary").jobs()).has("in between")).toBe(true);
    faults.clear();
    await stage.up("secondary");
  });

  it("has all but its mounts copied where no machine is to be had, and says so", async () => {
    await stage.at("primary").post("/api/2.2/jobs/create", { name: "meanwhile", tasks: [] });
    await control({ launchFailure: "AZURE_QUOTA_EXCEEDED_EXCEPTION" });
    for (const slot of ["primary", "secondary"] as const) await terminateAll(slot);
    const { code, output } = await stage.pulumi("up", "--stack", "secondary", "--yes", "--skip-preview");
    expect(output).toMatch(/mounts.*operationsCluster\.nodeType/s);
    expect(code).not.toBe(0);
    expect((await stage.at("secondary").jobs()).has("meanwhile")).toBe(true);
    const counts = await outcomes();
    for (const kind of ["clusters", "jobs", "init-scripts"]) expect(counts[kind], kind).not.toHaveProperty("failed");
    await control({ launchFailure: null });
    await stage.up("secondary");
  });

  it("has all but the scripts on DBFS copied where DBFS is off, and fails no run for it", async () => {
    await stage.at("primary").post("/api/2.2/jobs/create", { name: "later", tasks: [] });
    await control({ dbfsDisabled: true });
    await stage.up("secondary");
    await stage.up("secondary", "--expect-no-changes");
    expect((await stage.at("secondary").jobs()).has("later")).toBe(true);
    const { lines } = await stage.ledgerOf("secondary");
    const scripts = lines.filter(({ kind, id }) => kind === "init-scripts" && id?.startsWith("dbfs:"));
    expect(scripts.map(({ outcome }) => outcome)).toEqual(scripts.map(() => "needs-a-person"));
    expect(lines.find(({ name }) => name === "mounts")?.why).toMatch(/DBFS is turned off there .* leave mounts out/);
  });

  it("goes to work with DBFS off, no machines and the primary dead", async () => {
    await control({ launchFailure: "AZURE_QUOTA_EXCEEDED_EXCEPTION" });
    stage.sandbox.workspace("primary").traffic.faults.add({ phase: "before", cut: true });
    await stage.changeRole("secondary", "active");
    const jobs = await stage.at("secondary").jobs();
    expect([...jobs.values()].filter((job) => "schedule" in job || "continuous" in job).length).toBeGreaterThan(1);
    expect((await outcomes()).jobs).not.toHaveProperty("failed");
  });

  it("is destroyed while its operations cluster is gone", async () => {
    stage.sandbox.workspace("primary").traffic.faults.clear();
    await control({ launchFailure: null, dbfsDisabled: null });
    await stage.changeRole("secondary", "standby");
    await loseOperationsCluster();
    await stage.succeed("destroy", "--stack", "secondary", "--yes", "--skip-preview");
  });
});

async function terminateAll(slot: "primary" | "secondary"): Promise<void> {
  const { clusters = [] } = await stage.at(slot).get("/api/2.1/clusters/list?page_size=100");
  for (const { cluster_id } of clusters as Fields[])
    await stage.at(slot).post("/api/2.1/clusters/delete", { cluster_id });
}
