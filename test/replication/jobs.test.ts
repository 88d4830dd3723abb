import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../replication/values/json.js";
import { markerTag } from "../../replication/inventory/marker.js";
import { type Pair, startPair, type TestWorkspace } from "./pair.js";

let pair: Pair;

beforeEach(async () => {
  pair = await startPair();
});
afterEach(() => pair.close());

const notebook = { notebook_task: { notebook_path: "/Shared/load" } };
const create = async (settings: JsonObject, version = "2.2"): Promise<bigint> =>
  BigInt((await pair.primary.post(`/api/${version}/jobs/create`, settings)).job_id as string);
const cluster = async (name: string): Promise<string> => {
  const body = {
    cluster_name: name,
    spark_version: "15.4.x-scala2.12",
    node_type_id: "Standard_DS3_v2",
    num_workers: 1,
  };
  return String((await pair.primary.post("/api/2.1/clusters/create", body)).cluster_id);
};
const task = (task_key: string, more: JsonObject = notebook): JsonObject => ({ task_key, ...more });
const jobsOf = async ({ get }: TestWorkspace): Promise<JsonObject[]> => {
  const { jobs = [] } = await get("/api/2.2/jobs/list?limit=100&expand_tasks=true");
  return jobs as JsonObject[];
};
const copyOf = async (name: string): Promise<JsonObject> => {
  const job = (await jobsOf(pair.secondary)).find((each) => (each.settings as JsonObject).name === name)!;
  return (await pair.secondary.get(`/api/2.2/jobs/get?job_id=${String(job.job_id)}`)).settings as JsonObject;
};
const tasksOf = (settings: JsonObject): JsonObject[] => settings.tasks as JsonObject[];

describe("jobs", () => {
  it("are copied with their clusters mapped, in the first task and in every other", async () => {
    const [one, two] = [await cluster("one"), await cluster("two")];
    await create({
      name: "nightly",
      tasks: [
        task("a", { ...notebook, existing_cluster_id: one }),
        task("b", { ...notebook, existing_cluster_id: two, depends_on: [{ task_key: "a" }] }),
        task("c", { for_each_task: { inputs: "[1,2]", task: task("c1", { ...notebook, existing_cluster_id: two }) } }),
      ],
    });
    const { idMap } = (await pair.up("clusters")).state;
    expect((await pair.up("jobs")).lines.get("nightly")?.outcome).toBe("created");
    const [a, b, c] = tasksOf(await copyOf("nightly"));
    expect(a?.existing_cluster_id).toBe(idMap[one]);
    expect(b?.existing_cluster_id).toBe(idMap[two]);
    expect(c).toMatchObject({ for_each_task: { task: { existing_cluster_id: idMap[two] } } });
    expect((await pair.up("jobs")).changed).toBe(false);
  });

  it("whose clusters are of a pool are asked for without the machine that a reading shows beside it", async () => {
    const pool = { instance_pool_name: "warm", node_type_id: "Standard_DS3_v2" };
    const { instance_pool_id } = await pair.primary.post("/api/2.0/instance-pools/create", pool);
    const there = await pair.secondary.post("/api/2.0/instance-pools/create", pool);
    const new_cluster = { spark_version: "15.4.x-scala2.12", num_workers: 1, instance_pool_id: instance_pool_id! };
    const job_clusters = [{ job_cluster_key: "pooled", new_cluster }];
    const tasks = [task("a", { ...notebook, job_cluster_key: "pooled" }), task("b", { ...notebook, new_cluster })];
    await create({ name: "pooled", job_clusters, tasks });
    expect((await pair.up("jobs")).lines.get("pooled")?.outcome).toBe("created");
    const copy = await copyOf("pooled");
    const [first] = copy.job_clusters as JsonObject[];
    expect(first?.new_cluster).toMatchObject({ instance_pool_id: there.instance_pool_id! });
    expect((await pair.up("jobs")).changed).toBe(false);
  });

  it("have all three triggers taken off, and get back exactly what they had", async () => {
    const triggers: Record<string, JsonObject> = {
      scheduled: {
        schedule: { quartz_cron_expression: "0 0 3 * * ?", timezone_id: "Europe/Oslo", pause_status: "UNPAUSED" },
      },
      paused: { schedule: { quartz_cron_expression: "0 30 4 * * ?", timezone_id: "UTC", pause_status: "PAUSED" } },
      arrival: {
        trigger: { pause_status: "UNPAUSED", file_arrival: { url: "abfss://in@acme.dfs.core.windows.net/x/" } },
      },
      always: { continuous: { pause_status: "UNPAUSED" } },
    };
    for (const [name, trigger] of Object.entries(triggers)) await create({ name, tasks: [task("a")], ...trigger });
    const { state, lines } = await pair.up("jobs");
    expect(lines.get("always")).toMatchObject({ outcome: "created", held: ["continuous"] });
    for (const name of Object.keys(triggers)) {
      const copy = await copyOf(name);
      for (const field of ["schedule", "trigger", "continuous"]) expect(copy).not.toHaveProperty(field);
    }
    expect(state.ledger.counts).toMatchObject({ created: 4, held: 4 });
    pair.loseState();
    await pair.activate("jobs");
    for (const [name, trigger] of Object.entries(triggers)) expect(await copyOf(name)).toMatchObject(trigger);
  });

  it("never fire on the standby", async () => {
    await create({
      name: "hourly",
      tasks: [task("a")],
      schedule: { quartz_cron_expression: "0 0 * * * ?", timezone_id: "UTC", pause_status: "UNPAUSED" },
    });
    await create({ name: "endless", tasks: [task("a")], continuous: { pause_status: "UNPAUSED" } });
    await pair.up("jobs");
    pair.clock.advance(5 * 3_600_000);
    const { runs: there = [] } = await pair.secondary.get("/api/2.2/jobs/runs/list");
    expect(there).toEqual([]);
    const { runs: here = [] } = await pair.primary.get("/api/2.2/jobs/runs/list");
    expect((here as Json[]).length).toBeGreaterThan(4);
  });

  it("show a change of a held schedule in the preview, and keep the new one", async () => {
    const schedule = { quartz_cron_expression: "0 0 3 * * ?", timezone_id: "UTC", pause_status: "UNPAUSED" };
    const id = await create({ name: "nightly", tasks: [task("a")], schedule });
    await pair.up("jobs");
    const later = { ...schedule, quartz_cron_expression: "0 0 5 * * ?" };
    await pair.primary.post("/api/2.2/jobs/update", { job_id: id, new_settings: { schedule: later } });
    expect((await pair.preview("jobs")).changes[`nightly [${id}]`]).toEqual({
      "held.schedule.quartz_cron_expression": '"0 0 3 * * ?" → "0 0 5 * * ?"',
    });
    expect((await pair.up("jobs")).lines.get("nightly")?.outcome).toBe("updated");
    await pair.activate("jobs");
    expect(await copyOf("nightly")).toMatchObject({ schedule: later });
  });

  it("that run jobs are made in any order and in circles", async () => {
    const run = (job_id: bigint): JsonObject => ({ run_job_task: { job_id } });
    const last = await create({ name: "last", tasks: [task("a")] });
    const first = await create({ name: "first", tasks: [task("a", run(last))] });
    const round = await create({ name: "round", tasks: [task("a")] });
    const about = await create({ name: "about", tasks: [task("a", run(round))] });
    await pair.primary.post("/api/2.2/jobs/reset", {
      job_id: round,
      new_settings: { name: "round", tasks: [task("a", run(about)), task("b", run(round))] },
    });
    const { state, lines } = await pair.up("jobs");
    expect([...lines.values()].map(({ outcome }) => outcome)).toEqual(["created", "created", "created", "created"]);
    const target = async (name: string, index = 0): Promise<string> =>
      String((tasksOf(await copyOf(name))[index]?.run_job_task as JsonObject).job_id);
    expect(await target("first")).toBe(state.idMap[String(last)]);
    expect(await target("about")).toBe(state.idMap[String(round)]);
    expect(await target("round")).toBe(state.idMap[String(about)]);
    expect(await target("round", 1)).toBe(state.idMap[String(round)]);
    expect(state.idMap[String(first)]).toBeDefined();
    expect((await pair.up("jobs")).changed).toBe(false);
    expect(await jobsOf(pair.secondary)).toHaveLength(4);
  });

  it("whose cluster has no copy are named, with those that run them, and the rest goes on", async () => {
    const gone = await cluster("gone");
    const orphan = await create({ name: "orphan", tasks: [task("a", { ...notebook, existing_cluster_id: gone })] });
    await create({ name: "caller", tasks: [task("a", { run_job_task: { job_id: orphan } })] });
    await create({ name: "fine", tasks: [task("a")] });
    await pair.primary.post("/api/2.1/clusters/permanent-delete", { cluster_id: gone });
    const other = await pair.secondary.post("/api/2.1/clusters/create", {
      cluster_name: "stand-in",
      spark_version: "15.4.x-scala2.12",
      node_type_id: "Standard_DS3_v2",
      num_workers: 1,
    });
    await pair.up("clusters");
    const { lines } = await pair.up("jobs");
    expect(lines.get("orphan")).toMatchObject({
      outcome: "needs-a-person",
      why: `Mapping not available for old cluster id ${gone}: is gone from the source; mend the reference there, or map it (idMappings.clusters.${gone})`,
    });
    expect(lines.get("caller")).toMatchObject({
      outcome: "needs-a-person",
      why: `Mapping not available for old job id ${orphan}: "orphan" is not copied either: Mapping not available for old cluster id ${gone}; see to that one first, or map it (idMappings.jobs.${orphan})`,
    });
    expect(lines.get("fine")?.outcome).toBe("created");
    const mapped = await pair.up("jobs", { idMappings: { clusters: { [gone]: String(other.cluster_id) } } });
    expect(mapped.lines.get("orphan")?.outcome).toBe("created");
    expect(mapped.lines.get("caller")?.outcome).toBe("created");
  });

  it("of more than a hundred tasks keep them all", async () => {
    const tasks = Array.from({ length: 130 }, (_, index) => task(`t${index}`));
    await create({ name: "wide", tasks });
    await pair.up("jobs");
    const id = String((await jobsOf(pair.secondary))[0]!.job_id);
    const first = await pair.secondary.get(`/api/2.2/jobs/get?job_id=${id}`);
    const second = await pair.secondary.get(
      `/api/2.2/jobs/get?job_id=${id}&page_token=${String(first.next_page_token)}`,
    );
    expect(tasksOf(first.settings as JsonObject).length + tasksOf(second.settings as JsonObject).length).toBe(130);
    expect((await pair.up("jobs")).changed).toBe(false);
  });

  it("of the 2.0 form, of one name, with fields of a later version, and with other settings arrive as they are", async () => {
    const settings = {
      name: "legacy",
      new_cluster: { spark_version: "15.4.x-scala2.12", node_type_id: "Standard_DS3_v2", num_workers: 2 },
      notebook_task: { notebook_path: "/Shared/load", base_parameters: { job_id: "17" } },
      libraries: [{ pypi: { package: "requests" } }],
      email_notifications: { on_failure: ["alice@example.com"] },
      max_retries: 2,
      timeout_seconds: 3600,
      tags: { team: "data" },
    };
    await create(settings, "2.0");
    await create({ name: "twin", tasks: [task("a")], a_field_of_a_later_version: { kept: [1] } });
    await create({ name: "twin", tasks: [task("b")] });
    const { state } = await pair.up("jobs");
    expect(Object.keys(state.idMap)).toHaveLength(3);
    const source = (await jobsOf(pair.primary))
      .map((each) => each.settings as JsonObject)
      .find(({ name }) => name === "legacy")!;
    const copy = await copyOf("legacy");
    expect(tasksOf(copy)).toMatchObject([
      {
        new_cluster: settings.new_cluster,
        notebook_task: settings.notebook_task,
        libraries: settings.libraries,
        max_retries: 2,
      },
    ]);
    expect(copy.tags).toMatchObject({ ...settings.tags, [markerTag]: expect.stringContaining(".jobs.") as string });
    const { run_as, queue, ...rest } = copy;
    expect({ ...rest, tags: settings.tags }).toEqual(source);
    expect(queue).toEqual({ enabled: false });
    expect(run_as).toEqual({ user_name: "admin@example.com" });
    const twins = (await jobsOf(pair.secondary))
      .map((each) => each.settings as JsonObject)
      .filter(({ name }) => name === "twin");
    expect(twins.map((each) => tasksOf(each)[0]?.task_key).sort()).toEqual(["a", "b"]);
    expect(twins.some((each) => JSON.stringify(each.a_field_of_a_later_version) === '{"kept":[1]}')).toBe(true);
    expect((await pair.up("jobs")).changed).toBe(false);
  });

  it("are made once even when every answer to create is lost", async () => {
    for (const name of ["a", "b", "c"]) await create({ name, tasks: [task("x")] });
    pair.secondary.server.traffic.faults.add({
      path: "/api/2.2/jobs/create",
      phase: "after",
      status: 503,
      errorCode: "TEMPORARILY_UNAVAILABLE",
      message: "later",
    });
    const { lines } = await pair.up("jobs");
    expect([...lines.values()].map(({ outcome }) => outcome)).toEqual(["created", "created", "created"]);
    expect(await jobsOf(pair.secondary)).toHaveLength(3);
  });

  it("run as the same principal, and are named when it is not there", async () => {
    await pair.primary.post("/api/2.0/preview/scim/v2/Users", {
      schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"],
      userName: "bob@example.com",
    });
    await create({ name: "as-bob", tasks: [task("a")], run_as: { user_name: "bob@example.com" } });
    expect((await pair.up("jobs")).lines.get("as-bob")?.why).toBe(
      "Mapping not available for old principal id bob@example.com: is not on the standby; add this principal there, or map it (idMappings.principals.bob@example.com)",
    );
    await pair.secondary.post("/api/2.0/preview/scim/v2/Users", {
      schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"],
      userName: "bob@example.com",
    });
    expect((await pair.up("jobs")).lines.get("as-bob")?.outcome).toBe("created");
    const [job] = await jobsOf(pair.secondary);
    expect(await pair.secondary.get(`/api/2.2/jobs/get?job_id=${String(job!.job_id)}`)).toMatchObject({
      run_as_user_name: "bob@example.com",
    });
    expect((await pair.up("jobs")).changed).toBe(false);
  });

  it("are asked by themselves whom they run as in rotation alone, and when the listing shows them changed", async () => {
    const seldom = { recheckHours: 100_000 };
    const ids = [];
    for (const name of ["a", "b", "c"]) ids.push(await create({ name, tasks: [task("a")] }));
    await pair.up("jobs", seldom);
    const { log } = pair.primary.server.traffic;
    const asked = (): number => log.entries().filter(({ path }) => path === "/api/2.2/jobs/get").length;
    log.reset();
    expect((await pair.up("jobs", seldom)).changed).toBe(false);
    expect(asked()).toBe(0);
    await pair.primary.post("/api/2.2/jobs/update", { job_id: ids[0]!, new_settings: { timeout_seconds: 5 } });
    expect((await pair.up("jobs", seldom)).lines.get("a")?.outcome).toBe("updated");
    expect(asked()).toBe(1);
    log.reset();
    await pair.up("jobs", { recheckHours: 0 });
    expect(asked()).toBe(3);
  });

  it("given a trigger by hand on the standby lose it, whoever wins", async () => {
    await create({ name: "nightly", tasks: [task("a")] });
    const { state } = await pair.up("jobs");
    const job_id = BigInt(Object.values(state.idMap)[0]!);
    await pair.secondary.post("/api/2.2/jobs/update", {
      job_id,
      new_settings: { continuous: { pause_status: "UNPAUSED" } },
    });
    await pair.up("jobs", { conflicts: "standby" });
    expect(await copyOf("nightly")).not.toHaveProperty("continuous");
  });

  it("come home after a failover with the triggers of the other side held", async () => {
    const schedule = { quartz_cron_expression: "0 0 3 * * ?", timezone_id: "UTC", pause_status: "UNPAUSED" };
    const id = await create({ name: "nightly", tasks: [task("a")], schedule });
    await pair.up("jobs");
    await pair.activate("jobs");
    pair.swap();
    const { lines } = await pair.up("jobs");
    expect(lines.get("nightly")).toMatchObject({ outcome: "updated", held: ["schedule"] });
    const home = await jobsOf(pair.primary);
    expect(home).toHaveLength(1);
    expect(String(home[0]!.job_id)).toBe(String(id));
    expect(home[0]!.settings).not.toHaveProperty("schedule");
    await pair.activate("jobs");
    expect((await pair.primary.get(`/api/2.2/jobs/get?job_id=${id}`)).settings).toMatchObject({ schedule });
  });
});
