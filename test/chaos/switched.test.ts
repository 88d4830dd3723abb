import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type JsonObject, parseJson, stringifyJson } from "../../replication/values/json.js";
import { type Pair, startPair, type TestWorkspace } from "../replication/pair.js";
import { changeJob, createCluster, createJob, machine, nightly, notebook } from "./objects.js";
import { clustersOf, jobNamed, jobsOf, settingsOf } from "./standby-reading.js";

let pair: Pair;

beforeEach(async () => {
  pair = await startPair();
});
afterEach(() => {
  vi.unstubAllGlobals();
  return pair.close();
});

const namesAt = async (at: TestWorkspace): Promise<unknown[]> =>
  (await jobsOf(at)).map((job) => settingsOf(job).name).sort();
const drop = async (at: TestWorkspace, name: string): Promise<unknown> =>
  at.post("/api/2.2/jobs/delete", { job_id: (await jobNamed(at, name)).job_id! });
const scheduled = async (at: TestWorkspace): Promise<unknown[]> =>
  (await jobsOf(at)).filter((job) => "schedule" in settingsOf(job)).map((job) => settingsOf(job).name);

/** The primary's jobs are copied, and the secondary takes over. */
async function takeOver(...names: string[]): Promise<void> {
  for (const name of names) await createJob(pair.primary, { name, ...nightly });
  await pair.up("jobs");
  await pair.activate("jobs");
  pair.swap();
}

describe("the old active side, once it is the standby", () => {
  it("has no live trigger for anything that the other side has, or had, a copy of", async () => {
    await takeOver("cannot follow", "excluded", "deleted", "plain");
    await createJob(pair.primary, { name: "never copied", ...nightly });
    const tasks = [{ task_key: "p", pipeline_task: { pipeline_id: "only in the west" } }];
    await changeJob(pair.secondary, "cannot follow", { tasks });
    await drop(pair.secondary, "deleted");
    const settings = { select: { jobs: { exclude: ["excluded"] } } };
    const { picture, lines } = await pair.up("jobs", settings);
    expect(picture.plan).toBe("update 4");
    expect(await scheduled(pair.primary)).toEqual(["never copied"]);
    expect(lines.get("cannot follow")).toMatchObject({ outcome: "needs-a-person", held: ["schedule"] });
    expect(lines.get("excluded")).toMatchObject({ outcome: "skipped", held: ["schedule"] });
    expect(lines.get("deleted")).toMatchObject({
      outcome: "skipped",
      why: expect.stringContaining("this is the original, and it is kept") as string,
    });
    expect(lines.get("never copied")?.outcome).toBe("not-ours");
    expect((await pair.up("jobs", settings)).changed).toBe(false);

    await pair.activate("jobs");
    expect((await scheduled(pair.primary)).sort()).toEqual(["cannot follow", "excluded", "never copied", "plain"]);
  });

  it("has none either after the sides changed places more than once", async () => {
    await takeOver("excluded", "plain");
    for (let turn = 0; turn < 2; turn++) {
      await pair.up("jobs");
      await pair.activate("jobs");
      pair.swap();
    }
    await pair.up("jobs", { select: { jobs: { exclude: ["excluded"] } } });
    expect(await scheduled(pair.primary)).toEqual([]);
  });

  it("has no cluster running that is not selected", async () => {
    await createCluster(pair.primary, { cluster_name: "excluded" });
    await pair.up("clusters");
    pair.swap();
    await pair.up("clusters", { select: { clusters: { exclude: ["excluded"] } } });
    const cluster = (await clustersOf(pair.primary)).find(({ cluster_name }) => cluster_name === "excluded");
    expect(cluster?.state).toMatch(/^TERMINAT/);
  });

  it("keeps its originals unmarked, whatever is deleted or destroyed", async () => {
    const names = ["edited", "untouched", "third"];
    await takeOver(...names);
    await changeJob(pair.secondary, "edited", { timeout_seconds: 9 });
    await pair.up("jobs");
    expect(settingsOf(await jobNamed(pair.primary, "edited"))).toMatchObject({ timeout_seconds: 9 });
    expect(settingsOf(await jobNamed(pair.primary, "edited"))).not.toHaveProperty("tags");
    for (const name of ["edited", "untouched"]) await drop(pair.secondary, name);
    const { lines } = await pair.up("jobs", { deletions: "propagate", deletionLimitPercent: 100 });
    for (const name of ["edited", "untouched"]) expect(lines.get(name)?.why).toContain("this is the original");
    await pair.destroy("jobs");
    expect(await namesAt(pair.primary)).toEqual([...names].sort());
    expect(await scheduled(pair.primary)).toEqual([]);

    await pair.activate("jobs");
    expect(await scheduled(pair.primary)).toEqual(["third"]);
  });

  it("has its own node types, also where the other side had to take others, and after an edit there", async () => {
    const nodeTypes = { Standard_DS3_v2: "Standard_DS4_v2", Standard_L8s_v3: "Standard_DS4_v2" };
    const plain = { node_type_id: "Standard_L8s_v3" };
    for (const cluster_name of ["edited", "untouched"]) await createCluster(pair.primary, { cluster_name, ...plain });
    const job_clusters = [{ job_cluster_key: "own", new_cluster: { ...machine, ...plain } }];
    await createJob(pair.primary, { name: "job", job_clusters });
    for (const kind of ["clusters", "jobs"] as const) {
      await pair.up(kind, { nodeTypes });
      await pair.activate(kind);
    }
    const typesAt = async (at: TestWorkspace): Promise<unknown[]> => [
      ...(await clustersOf(at))
        .filter(({ cluster_name }) => cluster_name !== "operations")
        .map((each) => each.node_type_id),
      ...(settingsOf(await jobNamed(at, "job")).job_clusters as JsonObject[]).map(
        ({ new_cluster }) => (new_cluster as JsonObject).node_type_id,
      ),
    ];
    expect(await typesAt(pair.secondary)).toEqual(Array(3).fill("Standard_DS4_v2"));
    const { cluster_id } = (await clustersOf(pair.secondary)).find(({ cluster_name }) => cluster_name === "edited")!;
    const { custom_tags } = (await pair.secondary.get(
      `/api/2.1/clusters/get?cluster_id=${String(cluster_id)}`,
    )) as JsonObject;
    const edit = {
      cluster_id: cluster_id!,
      cluster_name: "edited",
      custom_tags: custom_tags!,
      ...machine,
      num_workers: 9,
    };
    await pair.secondary.post("/api/2.1/clusters/edit", { ...edit, node_type_id: "Standard_DS4_v2" });
    pair.swap();
    for (const kind of ["clusters", "jobs"] as const) await pair.up(kind);
    expect(await typesAt(pair.primary)).toEqual(Array(3).fill("Standard_L8s_v3"));
    expect((await clustersOf(pair.primary)).map(({ num_workers }) => num_workers)).toContain(9);
    for (const kind of ["clusters", "jobs"] as const) expect((await pair.up(kind)).changed).toBe(false);
  });

  it("rebuilt, loses no job that the active side has and a listing left out", async () => {
    await takeOver("one", "two", "three");
    for (const name of ["one", "two", "three"]) await drop(pair.primary, name);
    Object.assign(pair.primary.server.workspace.options, { id: "3000000000000003" });
    Object.assign(pair.primary.endpoint, { workspaceId: "3000000000000003" });
    await pair.up("jobs");
    expect(await namesAt(pair.primary)).toEqual(["one", "three", "two"]);
    const { job_id } = await jobNamed(pair.secondary, "two");
    const send = globalThis.fetch;
    vi.stubGlobal("fetch", async (url: URL, init: RequestInit) => {
      const answer = await send(url, init);
      if (url.origin !== pair.secondary.endpoint.host || !url.pathname.endsWith("/jobs/list")) return answer;
      const page = parseJson(await answer.text()) as { jobs: JsonObject[] };
      const jobs = page.jobs.filter((job) => String(job.job_id) !== String(job_id));
      return new Response(stringifyJson({ ...page, jobs }), answer);
    });
    const settings = { deletions: "propagate", deletionLimitPercent: 100 } as const;
    await expect(pair.up("jobs", settings)).rejects.toThrow(/has "two" .* but did not list it; nothing is done/);
    expect(await namesAt(pair.primary)).toEqual(["one", "three", "two"]);
  });

  it("runs its jobs as those whom they run as on the active side", async () => {
    for (const at of [pair.primary, pair.secondary])
      await at.post("/api/2.0/preview/scim/v2/Users", { userName: "bob@example.com" });
    await takeOver("plain");
    pair.secondary.server.workspace.acceptToken("dapi-fake-bob", "bob@example.com");
    const { run_as: _, ...settings } = settingsOf(await jobNamed(pair.secondary, "plain"));
    const cloned = await fetch(`${pair.secondary.endpoint.host}/api/2.2/jobs/create`, {
      method: "POST",
      headers: { authorization: "Bearer dapi-fake-bob" },
      body: JSON.stringify({ ...settings, name: "bob's clone", tasks: [{ task_key: "load", ...notebook }] }),
    });
    expect(cloned.status).toBe(200);
    const { lines } = await pair.up("jobs");
    const copy = await pair.primary.get(`/api/2.2/jobs/get?job_id=${lines.get("bob's clone")!.copyId}`);
    expect(copy.run_as_user_name).toBe("bob@example.com");
  });
});
