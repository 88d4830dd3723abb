import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startTestWorkspace, type Answer, type TestWorkspace } from "./start-workspace.js";

let at: TestWorkspace;
beforeEach(async () => {
  at = await startTestWorkspace();
});
afterEach(() => at.close());

const newCluster = { spark_version: "15.4.x-scala2.12", node_type_id: "Standard_DS3_v2", num_workers: 1 };
const task = (key: string, more: object = {}): object => ({
  task_key: key,
  notebook_task: { notebook_path: "/n" },
  ...more,
});

async function create(settings: object, version = "2.2"): Promise<bigint> {
  return (await at.post(`/api/${version}/jobs/create`, settings)).job_id;
}
const get = (id: bigint, version = "2.2", more = ""): Promise<Answer> =>
  at.get(`/api/${version}/jobs/get?job_id=${id}${more}`);

describe("jobs", () => {
  test("ids are beyond 2^53 and come back in full, as numbers or as text", async () => {
    const id = await create({ name: "etl", tasks: [task("a")] });
    expect(typeof id).toBe("bigint");
    expect((await get(id)).job_id).toBe(id);
    await at.post("/api/2.2/jobs/update", { job_id: String(id), new_settings: { name: "renamed" } });
    expect((await get(id)).settings.name).toBe("renamed");
  });

  test.each([
    ["a relative path in the workspace", { tasks: [task("a", { notebook_task: { notebook_path: "n" } })] }],
    [
      "a relative path in the workspace beside a Git source",
      {
        git_source: { git_url: "https://example.com/r", git_provider: "gitHub", git_branch: "main" },
        tasks: [task("a", { notebook_task: { notebook_path: "n", source: "WORKSPACE" } })],
      },
    ],
    ["job clusters without tasks", { job_clusters: [{ job_cluster_key: "c", new_cluster: newCluster }] }],
    ["a Python script without compute", { tasks: [{ task_key: "a", spark_python_task: { python_file: "/a.py" } }] }],
    [
      "a wheel in a loop without compute",
      {
        tasks: [
          {
            task_key: "a",
            for_each_task: { inputs: "[1]", task: { task_key: "b", python_wheel_task: { package_name: "p" } } },
          },
        ],
      },
    ],
    [
      "spark-submit in an environment",
      {
        environments: [{ environment_key: "e", spec: {} }],
        tasks: [{ task_key: "a", environment_key: "e", spark_submit_task: { parameters: [] } }],
      },
    ],
    [
      "an environment that is not there",
      { tasks: [{ task_key: "a", environment_key: "x", spark_python_task: { python_file: "/a.py" } }] },
    ],
  ])("%s is refused", async (_name, settings: object) => {
    const { status, body } = await at.call("POST", "/api/2.2/jobs/create", { name: "j", ...settings });
    expect([status, body.error_code]).toEqual([400, "INVALID_PARAMETER_VALUE"]);
  });

  test("a script runs without a cluster in an environment, a notebook of a Git source by a relative path", async () => {
    await create({
      git_source: { git_url: "https://example.com/r", git_provider: "gitHub", git_branch: "main" },
      environments: [{ environment_key: "e", spec: { environment_version: "2" } }],
      tasks: [
        { task_key: "a", environment_key: "e", spark_python_task: { python_file: "/a.py" } },
        task("b", { notebook_task: { notebook_path: "n" } }),
      ],
    });
  });

  test("a read is completed and put in order: a cluster's defaults, dependencies by key", async () => {
    const id = await create({
      tasks: [
        task("z"),
        task("b"),
        task("a", { depends_on: [{ task_key: "z" }, { task_key: "b" }], new_cluster: newCluster }),
      ],
    });
    const { tasks } = (await get(id)).settings;
    expect(tasks[2].depends_on).toEqual([{ task_key: "b" }, { task_key: "z" }]);
    expect(tasks[2].new_cluster).toEqual({
      cluster_name: "",
      ...newCluster,
      enable_elastic_disk: true,
      azure_attributes: { first_on_demand: 1, availability: "ON_DEMAND_AZURE", spot_bid_max_price: -1 },
    });
  });

  test("defaults: untitled, queued in 2.2 only, owned by the creator", async () => {
    const [newer, older] = [await create({ tasks: [task("a")] }), await create({ tasks: [task("a")] }, "2.1")];
    expect(await get(newer)).toMatchObject({
      creator_user_name: "admin@example.com",
      run_as_user_name: "admin@example.com",
      settings: {
        name: "Untitled",
        format: "MULTI_TASK",
        max_concurrent_runs: 1,
        timeout_seconds: 0,
        queue: { enabled: true },
        tasks: [{ task_key: "a", run_if: "ALL_SUCCESS", notebook_task: { source: "WORKSPACE" } }],
      },
    });
    expect((await get(older)).settings.queue).toBeUndefined();
    const acl = await at.get(`/api/2.0/permissions/jobs/${newer}`);
    expect(acl.access_control_list[0].all_permissions).toEqual([{ permission_level: "IS_OWNER", inherited: false }]);
  });

  test("a 2.0 job of one task is shown flat in 2.0 and as a task in later versions", async () => {
    const { cluster_id } = await at.post("/api/2.0/clusters/create", newCluster);
    const flat = { name: "old style", existing_cluster_id: cluster_id, notebook_task: { notebook_path: "/n" } };
    const id = await create({ ...flat, libraries: [{ jar: "dbfs:/a.jar" }] }, "2.0");
    expect((await get(id, "2.0")).settings).toMatchObject({ ...flat, format: "SINGLE_TASK" });
    expect((await get(id, "2.0")).settings.tasks).toBeUndefined();
    expect((await get(id, "2.1")).settings).toMatchObject({
      format: "MULTI_TASK",
      tasks: [{ task_key: "old_style", existing_cluster_id: cluster_id, libraries: [{ jar: "dbfs:/a.jar" }] }],
    });
    await at.post("/api/2.0/jobs/update", {
      job_id: id,
      new_settings: { max_retries: 3 },
      fields_to_remove: ["libraries"],
    });
    const { settings } = await get(id, "2.0");
    expect([settings.max_retries, settings.libraries, settings.existing_cluster_id]).toEqual([
      3,
      undefined,
      cluster_id,
    ]);
    expect((await at.call("POST", "/api/2.1/jobs/create", flat)).status).toBe(400);
  });

  test("get hands out arrays by the hundred, list says that there is more", async () => {
    const tasks = Array.from({ length: 250 }, (_, index) => task(`t${index}`));
    const id = await create({ name: "wide", tasks, parameters: [{ name: "p", default: "1" }] });
    const keys: string[] = [];
    const parameters: number[] = [];
    let token = "";
    do {
      const page = await get(id, "2.2", token && `&page_token=${token}`);
      keys.push(...page.settings.tasks.map((each: Answer) => each.task_key));
      parameters.push(page.settings.parameters.length);
      token = page.next_page_token ?? "";
    } while (token !== "");
    expect(keys).toEqual(tasks.map((_, index) => `t${index}`));
    expect(parameters).toEqual([1, 0, 0]);
    const [listed] = (await at.get("/api/2.2/jobs/list?expand_tasks=true")).jobs;
    expect([listed.has_more, listed.settings.tasks.length]).toEqual([true, 100]);
    expect((await at.get("/api/2.2/jobs/list")).jobs[0].settings.tasks).toBeUndefined();
  });

  test("list pages from the newest, filters by name without regard to case, and takes no offset in 2.2", async () => {
    for (let index = 0; index < 45; index++) await create({ name: `j${index}`, tasks: [task("a")] });
    const names: string[] = [];
    let token = "";
    do {
      const page = await at.get(`/api/2.2/jobs/list${token && `?page_token=${token}`}`);
      names.push(...page.jobs.map((job: Answer) => job.settings.name));
      token = page.next_page_token ?? "";
      expect(page.has_more).toBe(token !== "");
    } while (token !== "");
    expect([names[0], names.length, new Set(names).size]).toEqual(["j44", 45, 45]);
    expect((await at.get("/api/2.2/jobs/list?name=J7")).jobs.map((job: Answer) => job.settings.name)).toEqual(["j7"]);
    expect((await at.get("/api/2.1/jobs/list?offset=40&limit=100")).jobs).toHaveLength(5);
    expect((await at.call("GET", "/api/2.2/jobs/list?offset=40")).status).toBe(400);
    expect((await at.call("GET", "/api/2.2/jobs/list?limit=101")).body.message).toContain("less or equal to 100");
    expect((await at.get("/api/2.0/jobs/list")).jobs).toHaveLength(45);
  });

  test("update replaces fields, merges arrays by key and removes what is named", async () => {
    const schedule = { quartz_cron_expression: "0 0 6 * * ?", timezone_id: "UTC", pause_status: "PAUSED" };
    const id = await create({ name: "j", schedule, tags: { a: "1" }, tasks: [task("a"), task("b"), task("c")] });
    await at.post("/api/2.2/jobs/update", {
      job_id: id,
      new_settings: { tags: { b: "2" }, tasks: [task("b", { description: "new" }), task("d")] },
      fields_to_remove: ["schedule", "tasks/c"],
    });
    const { settings } = await get(id);
    expect([settings.schedule, settings.tags]).toEqual([undefined, { b: "2" }]);
    expect(settings.tasks.map((each: Answer) => [each.task_key, each.description])).toEqual([
      ["a", undefined],
      ["b", "new"],
      ["d", undefined],
    ]);
  });

  test("reset replaces everything but run_as; unknown fields are kept", async () => {
    const { applicationId } = await at
      .call("POST", "/api/2.0/preview/scim/v2/ServicePrincipals", {
        displayName: "etl",
      })
      .then((answer) => answer.body);
    const runAs = { service_principal_name: applicationId };
    const id = await create({ name: "j", run_as: runAs, tags: { a: "1" }, tasks: [task("a")] });
    await at.post("/api/2.2/jobs/reset", {
      job_id: id,
      new_settings: { name: "k", tasks: [task("b")], later: { x: 1 } },
    });
    const job = await get(id);
    expect(job.run_as_user_name).toBe(applicationId);
    expect([job.settings.name, job.settings.tags, job.settings.later]).toEqual(["k", undefined, { x: 1 }]);
    expect((await get(id, "2.1")).settings.run_as).toBeUndefined();
  });

  test.each([
    [
      "a cluster that is not there",
      { tasks: [task("a", { existing_cluster_id: "0101-1-x" })] },
      "Cluster 0101-1-x does not exist",
    ],
    ["a job that is not there", { tasks: [{ task_key: "a", run_job_task: { job_id: 7 } }] }, "Job 7 does not exist."],
    [
      "an undefined job cluster",
      { tasks: [task("a", { job_cluster_key: "m" })] },
      "Job cluster 'm' is not defined in field 'job_clusters'.",
    ],
    [
      "a unix cron line",
      { schedule: { quartz_cron_expression: "0 2 * * *", timezone_id: "UTC" } },
      "Invalid quartz_cron_expression: 0 2 * * *.",
    ],
    [
      "a zone of no place",
      { schedule: { quartz_cron_expression: "0 0 2 * * ?", timezone_id: "Mars/X" } },
      "Invalid timezone_id",
    ],
    [
      "two sorts of schedule",
      { continuous: {}, schedule: { quartz_cron_expression: "0 0 2 * * ?", timezone_id: "UTC" } },
      "Only one of schedule and continuous",
    ],
    [
      "a nested cluster that is not there",
      { tasks: [{ task_key: "f", for_each_task: { inputs: "[1]", task: task("i", { existing_cluster_id: "x" }) } }] },
      "Cluster x does not exist",
    ],
    [
      "an owner who is not there",
      { tasks: [], run_as: { user_name: "gone@example.com" } },
      "gone@example.com does not exist",
    ],
  ])("refuses %s", async (_name, settings: object, message) => {
    const { status, body } = await at.call("POST", "/api/2.2/jobs/create", { name: "j", ...settings });
    expect([status, body.error_code]).toEqual([400, "INVALID_PARAMETER_VALUE"]);
    expect(body.message).toContain(message);
  });

  test("a job whose cluster is gone can be paused, but not saved anew with it", async () => {
    const { cluster_id } = await at.post("/api/2.1/clusters/create", newCluster);
    const schedule = { quartz_cron_expression: "0 0 6 * * ?", timezone_id: "UTC" };
    const tasks = [task("a", { existing_cluster_id: cluster_id })];
    const id = await create({ name: "j", schedule, tasks });
    await at.post("/api/2.1/clusters/permanent-delete", { cluster_id });
    const paused = { ...schedule, pause_status: "PAUSED" };
    await at.post("/api/2.2/jobs/update", { job_id: id, new_settings: { schedule: paused } });
    expect((await get(id)).settings.schedule.pause_status).toBe("PAUSED");
    const reset = await at.call("POST", "/api/2.2/jobs/reset", { job_id: id, new_settings: { name: "j", tasks } });
    expect(reset.body.message).toBe(`Cluster ${cluster_id} does not exist`);
  });

  test("jobs may call each other in a cycle, and a run of one ends", async () => {
    const a = await create({ name: "a", tasks: [task("x")] }, "2.1");
    const b = await create({ name: "b", tasks: [{ task_key: "call", run_job_task: { job_id: a } }] }, "2.1");
    await at.post("/api/2.2/jobs/update", {
      job_id: a,
      new_settings: { tasks: [{ task_key: "back", run_job_task: { job_id: b } }] },
    });
    const { run_id } = await at.post("/api/2.2/jobs/run-now", { job_id: a });
    at.clock.advance(60_000);
    expect((await at.get(`/api/2.2/jobs/runs/get?run_id=${run_id}`)).state.life_cycle_state).toBe("TERMINATED");
  });
});

describe("runs", () => {
  test("a run makes its job cluster, which shows in the list and ends with it; one token makes one run", async () => {
    const id = await create({
      name: "j",
      job_clusters: [{ job_cluster_key: "main", new_cluster: newCluster }],
      tasks: [
        task("a", { job_cluster_key: "main" }),
        task("b", { job_cluster_key: "main", depends_on: [{ task_key: "a" }] }),
      ],
    });
    const run = await at.post("/api/2.2/jobs/run-now", { job_id: id, idempotency_token: "once" });
    expect((await at.post("/api/2.2/jobs/run-now", { job_id: id, idempotency_token: "once" })).run_id).toBe(run.run_id);
    const [cluster] = (await at.get("/api/2.1/clusters/list")).clusters;
    expect(cluster).toMatchObject({
      cluster_source: "JOB",
      cluster_name: `job-${id}-run-${run.run_id}-main`,
      default_tags: { JobId: String(id), RunName: "j" },
    });
    const state = async (): Promise<Answer> => (await at.get(`/api/2.2/jobs/runs/get?run_id=${run.run_id}`)).state;
    expect((await state()).life_cycle_state).toBe("PENDING");
    at.clock.advance(2_000);
    expect((await state()).life_cycle_state).toBe("RUNNING");
    at.clock.advance(6_000);
    expect(await state()).toMatchObject({ life_cycle_state: "TERMINATED", result_state: "SUCCESS" });
    expect((await at.get(`/api/2.1/clusters/get?cluster_id=${cluster.cluster_id}`)).state).toBe("TERMINATED");
  });

  test("a run starts the terminated cluster that it names, and keeps it up while it works", async () => {
    at.workspace.controls.runMs = 3_600_000;
    const { cluster_id } = await at.post("/api/2.1/clusters/create", { ...newCluster, autotermination_minutes: 10 });
    await at.post("/api/2.1/clusters/delete", { cluster_id });
    at.clock.advance(1_000);
    const id = await create({ name: "j", tasks: [task("a", { existing_cluster_id: cluster_id })] });
    await at.post("/api/2.2/jobs/run-now", { job_id: id });
    const state = async (): Promise<string> => (await at.get(`/api/2.1/clusters/get?cluster_id=${cluster_id}`)).state;
    at.clock.advance(1_800_000);
    expect(await state()).toBe("RUNNING");
    at.clock.advance(1_800_000 + 700_000);
    expect(await state()).toBe("TERMINATED");
  });

  test("a second run waits when the job queues, and is skipped when it does not", async () => {
    const [queued, skipped] = [
      await create({ name: "q", tasks: [task("a")] }),
      await create({ name: "s", tasks: [task("a")] }, "2.1"),
    ];
    const second = async (id: bigint): Promise<Answer> => {
      await at.post("/api/2.2/jobs/run-now", { job_id: id });
      const { run_id } = await at.post("/api/2.2/jobs/run-now", { job_id: id });
      return (await at.get(`/api/2.2/jobs/runs/get?run_id=${run_id}`)).state;
    };
    expect((await second(queued)).life_cycle_state).toBe("QUEUED");
    expect(await second(skipped)).toMatchObject({
      life_cycle_state: "SKIPPED",
      result_state: "MAXIMUM_CONCURRENT_RUNS_REACHED",
    });
    at.clock.advance(20_000);
    const { runs } = await at.get(`/api/2.2/jobs/runs/list?job_id=${queued}&completed_only=true`);
    expect(runs.map((run: Answer) => run.state.result_state)).toEqual(["SUCCESS", "SUCCESS"]);
  });

  test("a queued run that is cancelled gives its place to none: one at a time stays one at a time", async () => {
    const id = await create({ name: "q", tasks: [task("a")] });
    const start = async (more: object = {}): Promise<bigint> =>
      (await at.post("/api/2.2/jobs/run-now", { job_id: id, ...more })).run_id;
    const [first, second, third] = [await start(), await start(), await start()];
    const run = (of: bigint): Promise<Answer> => at.get(`/api/2.2/jobs/runs/get?run_id=${of}`);
    expect((await run(second)).status).toMatchObject({
      state: "QUEUED",
      queue_details: { code: "MAX_CONCURRENT_RUNS_REACHED" },
    });
    await at.post("/api/2.2/jobs/runs/cancel", { run_id: second });
    expect((await run(third)).state.life_cycle_state).toBe("QUEUED");
    expect((await run(await start({ queue: { enabled: false } }))).state.life_cycle_state).toBe("SKIPPED");

    await at.post("/api/2.2/jobs/runs/cancel-all", { all_queued_runs: true });
    expect((await run(third)).state).toMatchObject({ life_cycle_state: "TERMINATED", result_state: "CANCELED" });
    expect((await run(first)).state.life_cycle_state).toBe("RUNNING");
  });

  test("a run of some tasks has no others, and says nothing is wrong while it works", async () => {
    const id = await create({ name: "some", tasks: [task("a"), task("b"), task("c")] });
    const { run_id } = await at.post("/api/2.2/jobs/run-now", { job_id: id, only: ["b"] });
    const run = await at.get(`/api/2.2/jobs/runs/get?run_id=${run_id}`);
    expect(run.tasks.map((each: Answer) => each.task_key)).toEqual(["b"]);
    expect((await at.get(`/api/2.2/jobs/runs/get-output?run_id=${run_id}`)).error).toBeUndefined();
    expect((await at.call("POST", "/api/2.2/jobs/run-now", { job_id: id, only: ["z"] })).status).toBe(400);
  });

  test("a failed run is repaired, all of it or a task of it; each repair names the one before", async () => {
    at.workspace.controls.launchFailure = "CLOUD_PROVIDER_RESOURCE_STOCKOUT";
    const own = { new_cluster: newCluster };
    const id = await create({
      name: "j",
      tasks: [task("a", own), task("b", { ...own, depends_on: [{ task_key: "a" }] })],
    });
    const { run_id } = await at.post("/api/2.2/jobs/run-now", { job_id: id });
    const run = (): Promise<Answer> => at.get(`/api/2.2/jobs/runs/get?run_id=${run_id}&include_history=true`);
    const repair = (body: object): Promise<Answer> => at.call("POST", "/api/2.2/jobs/runs/repair", { run_id, ...body });
    expect((await repair({ rerun_all_failed_tasks: true })).body.error_code).toBe("INVALID_STATE");
    at.clock.advance(10_000);
    const before = await run();
    expect(before.repair_history).toMatchObject([{ type: "ORIGINAL", state: { result_state: "FAILED" } }]);
    at.workspace.controls.launchFailure = undefined;

    const part = await repair({ rerun_tasks: ["a"] });
    expect((await run()).state.life_cycle_state).toBe("PENDING");
    at.clock.advance(10_000);
    const partly = await run();
    expect([partly.state.result_state, ...partly.tasks.map((each: Answer) => each.state.result_state)]).toEqual([
      "FAILED",
      "SUCCESS",
      "FAILED",
    ]);
    expect(partly.tasks.map((each: Answer) => each.attempt_number)).toEqual([1, 0]);
    expect(partly.tasks[1].run_id).toBe(before.tasks[1].run_id);

    expect((await repair({ rerun_all_failed_tasks: true })).body.message).toContain("latest repair ID");
    const latest_repair_id = part.body.repair_id;
    expect((await repair({ latest_repair_id, rerun_all_failed_tasks: true })).status).toBe(200);
    at.clock.advance(10_000);
    const whole = await run();
    expect(whole.state).toMatchObject({ life_cycle_state: "TERMINATED", result_state: "SUCCESS" });
    expect(whole.repair_history.map((each: Answer) => [each.type, each.task_run_ids.length])).toEqual([
      ["ORIGINAL", 2],
      ["REPAIR", 1],
      ["REPAIR", 1],
    ]);
  });

  test("a run on a cluster that cannot be launched fails with the cloud's message", async () => {
    at.workspace.controls.launchFailure = "CLOUD_PROVIDER_RESOURCE_STOCKOUT";
    const { run_id } = await at.post("/api/2.1/jobs/runs/submit", {
      run_name: "once",
      tasks: [task("a", { new_cluster: newCluster })],
    });
    at.clock.advance(10_000);
    const run = await at.get(`/api/2.1/jobs/runs/get?run_id=${run_id}`);
    expect(run.state).toMatchObject({ life_cycle_state: "INTERNAL_ERROR", result_state: "FAILED" });
    expect(run.state.state_message).toContain("Cloud Provider Launch Failure");
  });
});
