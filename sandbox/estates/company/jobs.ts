import type { Json, JsonObject } from "../../http/json.js";
import type { CompanyClusters } from "./clusters.js";
import { plantedSecret, type CompanyPlatform } from "./platform.js";
import type { EstateBuilder } from "../estate-builder.js";

const runtime = "15.4.x-scala2.12";
const cron = (expression: string, more: JsonObject = {}): JsonObject => ({
  schedule: { quartz_cron_expression: expression, timezone_id: "UTC", pause_status: "UNPAUSED", ...more },
});

function notebook(path: string, more: JsonObject = {}): JsonObject {
  return { notebook_task: { notebook_path: path, source: "WORKSPACE", ...more } };
}

function task(task_key: string, ...parts: JsonObject[]): JsonObject {
  return Object.assign({ task_key }, ...parts) as JsonObject;
}

/** About eighty jobs; each trap has a comment. */
export function buildJobs(estate: EstateBuilder, platform: CompanyPlatform, clusters: CompanyClusters): void {
  const existing = (id: string): JsonObject => ({ existing_cluster_id: id });
  const job = (name: string, tasks: readonly JsonObject[], more: JsonObject = {}): string =>
    estate.job({ name, tasks: tasks as Json[], ...more });
  const onEtl = existing(clusters.etl);

  buildTriggers(job, clusters);
  buildOldForm(estate, clusters, platform);
  buildTaskTypes(job, clusters, platform);

  // Two jobs with one name, on two clusters with one name.
  for (const [index, twin] of clusters.twins.entries())
    job(
      "nightly-etl",
      [task("main", notebook(`/Shared/etl/variant-${index}`), existing(twin))],
      cron(`0 ${index * 30} 2 * * ?`),
    );

  // Jobs that run jobs: a chain, and a cycle.
  const last = job("chain-3", [task("only", notebook("/Shared/chain/3"), onEtl)]);
  const middle = job("chain-2", [task("next", { run_job_task: { job_id: last } })]);
  job(
    "chain-1",
    [
      task("work", notebook("/Shared/chain/1"), onEtl),
      task("next", {
        depends_on: [{ task_key: "work" }],
        run_job_task: { job_id: middle, job_parameters: { day: "{{job.start_time.iso_date}}" } },
      }),
    ],
    cron("0 0 1 * * ?"),
  );
  const ping = job("ping", [task("work", notebook("/Shared/ping"), onEtl)]);
  const pong = job("pong", [task("back", { run_job_task: { job_id: ping } })]);
  estate.call("POST", "/api/2.2/jobs/update", {
    job_id: ping,
    new_settings: {
      tasks: [task("work", notebook("/Shared/ping"), onEtl), task("forth", { run_job_task: { job_id: pong } })],
    },
  });

  // More tasks than a page shows; the reference to remap in the last of them is another one.
  const many = Array.from({ length: 130 }, (_, index) =>
    task(
      `step-${String(index).padStart(3, "0")}`,
      notebook(`/Shared/steps/${index}`),
      existing(index === 129 ? clusters.reporting : clusters.etl),
      index > 0 ? { depends_on: [{ task_key: `step-${String(index - 1).padStart(3, "0")}` }] } : {},
    ),
  );
  job("hundred-and-thirty-steps", many);

  // References inside a for-each task.
  job("for-each", [
    task("list", notebook("/Shared/list"), onEtl),
    task("each", {
      depends_on: [{ task_key: "list" }],
      for_each_task: {
        inputs: '["emea","apac"]',
        concurrency: 2,
        task: task("inner", notebook("/Shared/region"), existing(clusters.reporting)),
      },
    }),
    task("each-job", {
      depends_on: [{ task_key: "each" }],
      for_each_task: { inputs: "[1,2]", task: task("inner-job", { run_job_task: { job_id: last } }) },
    }),
  ]);

  // Who runs it: a service principal, another user.
  job("as-principal", [task("main", notebook("/Shared/secure"), onEtl)], {
    run_as: { service_principal_name: platform.etlPrincipal },
    ...cron("0 45 3 * * ?"),
  });
  job("as-dana", [task("main", notebook("/Users/dana.lee@example.com/report"), existing(clusters.science))], {
    run_as: { user_name: "dana.lee@example.com" },
  });

  // Deployed by a bundle: locked for the interface.
  job("[prod] bundle-pipeline", [task("main", notebook("/Workspace/Bundles/prod/src/main"), onEtl)], {
    edit_mode: "UI_LOCKED",
    deployment: { kind: "BUNDLE", metadata_file_path: "/Workspace/Bundles/prod/state/metadata.json" },
    ...cron("0 0 5 * * ?"),
  });

  // Its cluster will be gone for good.
  job("orphan", [task("main", notebook("/Shared/orphan"), existing(clusters.gone))], cron("0 0 6 * * ?"));

  // Secrets in clear, as people do.
  job("with-token", [
    task(
      "call",
      notebook("/Shared/call-api", {
        base_parameters: { api_token: plantedSecret("job-base-parameter"), day: "today" },
      }),
      onEtl,
    ),
  ]);

  // Fields of a later API version.
  job("from-the-future", [task("main", notebook("/Shared/future"), onEtl, { quantum_retry: { entangled: true } })], {
    carbon_budget: { grams: 12 },
    performance_target: "STANDARD",
  });

  const regions = ["emea", "apac", "amer", "latam"];
  clusters.teams.slice(0, 11).forEach((cluster, team) => {
    for (const region of regions)
      job(
        `team-${String(team).padStart(2, "0")}-${region}`,
        [
          task(
            "extract",
            notebook(`/Shared/teams/${team}/extract`, { base_parameters: { region } }),
            existing(cluster),
          ),
          task("load", notebook(`/Shared/teams/${team}/load`), existing(cluster), {
            depends_on: [{ task_key: "extract" }],
          }),
        ],
        {
          ...(region === "emea"
            ? cron(`0 ${team} ${team} * * ?`, team % 3 === 0 ? { pause_status: "PAUSED" } : {})
            : {}),
          tags: { team: String(team), region },
          email_notifications: { on_failure: [`team-${team}@example.com`], no_alert_for_skipped_runs: true },
        },
      );
  });
}

type JobMaker = (name: string, tasks: readonly JsonObject[], more?: JsonObject) => string;

/** Every trigger, running and paused. A schedule that was paused at the source stays paused when it is released. */
function buildTriggers(job: JobMaker, clusters: CompanyClusters): void {
  const main = (path: string): JsonObject[] => [task("main", notebook(path), { existing_cluster_id: clusters.etl })];
  job("schedule-running", main("/Shared/s1"), cron("0 0/30 * * * ?"));
  job("schedule-paused", main("/Shared/s2"), cron("0 0 7 * * ?", { pause_status: "PAUSED" }));
  job("schedule-new-york", main("/Shared/s3"), cron("0 30 9 ? * MON-FRI", { timezone_id: "America/New_York" }));
  job("trigger-files", main("/Shared/t1"), {
    trigger: {
      pause_status: "UNPAUSED",
      file_arrival: {
        url: "abfss://landing@companylake.dfs.core.windows.net/in/",
        min_time_between_triggers_seconds: 60,
      },
    },
  });
  job("trigger-files-paused", main("/Shared/t2"), {
    trigger: { pause_status: "PAUSED", file_arrival: { url: "/Volumes/main/platform/scripts/" } },
  });
  job("trigger-periodic", main("/Shared/t3"), {
    trigger: { pause_status: "UNPAUSED", periodic: { interval: 4, unit: "HOURS" } },
  });
  job("trigger-table", main("/Shared/t4"), {
    trigger: {
      pause_status: "UNPAUSED",
      table_update: { table_names: ["main.platform.orders"], condition: "ANY_UPDATED" },
    },
  });
  job("continuous-running", main("/Shared/c1"), { continuous: { pause_status: "UNPAUSED" } });
  job("continuous-paused", main("/Shared/c2"), { continuous: { pause_status: "PAUSED" } });
}

/** Jobs of the 2.0 form: one task, at the top. */
function buildOldForm(estate: EstateBuilder, clusters: CompanyClusters, platform: CompanyPlatform): void {
  estate.job(
    {
      name: "old-notebook",
      existing_cluster_id: clusters.etl,
      ...notebook("/Shared/old"),
      ...cron("0 0 3 * * ?"),
      max_retries: 2,
    },
    "2.0",
  );
  estate.job(
    {
      name: "old-jar",
      new_cluster: {
        spark_version: runtime,
        node_type_id: "Standard_D4ds_v5",
        num_workers: 1,
        init_scripts: [{ dbfs: { destination: "dbfs:/init-scripts/job-cluster.sh" } }],
      },
      spark_jar_task: {
        main_class_name: "com.example.Main",
        parameters: ["--password", plantedSecret("job-jar-parameter")],
      },
      libraries: [{ jar: "dbfs:/jars/main.jar" }, { maven: { coordinates: "org.jsoup:jsoup:1.17.2" } }],
    },
    "2.0",
  );
  estate.job(
    {
      name: "old-submit",
      new_cluster: { spark_version: runtime, num_workers: 2, instance_pool_id: platform.generalPool },
      spark_submit_task: { parameters: ["--class", "com.example.Batch", "dbfs:/jars/batch.jar"] },
    },
    "2.0",
  );
}

/** Every task type, and job clusters with pools, policies, scripts and logs. */
function buildTaskTypes(job: JobMaker, clusters: CompanyClusters, platform: CompanyPlatform): void {
  const on = { existing_cluster_id: clusters.etl };
  job(
    "job-clusters",
    [
      task("pooled", notebook("/Shared/pooled"), { job_cluster_key: "pooled" }),
      task("governed", notebook("/Shared/governed"), {
        job_cluster_key: "governed",
        depends_on: [{ task_key: "pooled" }],
      }),
    ],
    {
      job_clusters: [
        {
          job_cluster_key: "pooled",
          new_cluster: {
            spark_version: runtime,
            autoscale: { min_workers: 1, max_workers: 4 },
            instance_pool_id: platform.generalPool,
            driver_instance_pool_id: platform.driverPool,
            cluster_log_conf: { dbfs: { destination: "dbfs:/cluster-logs/jobs" } },
          },
        },
        {
          job_cluster_key: "governed",
          new_cluster: {
            spark_version: runtime,
            node_type_id: "Standard_D8ds_v5",
            num_workers: 2,
            policy_id: platform.jobPolicy,
            spark_env_vars: { WAREHOUSE_PASSWORD: plantedSecret("job-cluster-env") },
            init_scripts: [{ workspace: { destination: "/Shared/init/job.sh" } }],
          },
        },
      ],
      ...cron("0 0 0 * * ?"),
    },
  );
  // Its pool has no copy in the standby: not created there, and said so.
  job("job-cluster-without-copy", [
    task("main", notebook("/Shared/x"), {
      new_cluster: { spark_version: runtime, num_workers: 1, instance_pool_id: platform.storagePool },
    }),
  ]);
  job("python-file", [
    task("main", { spark_python_task: { python_file: "dbfs:/jobs/main.py", parameters: ["a"] } }, on),
  ]);
  job("python-wheel", [
    task(
      "main",
      { python_wheel_task: { package_name: "company_etl", entry_point: "run", named_parameters: { env: "prod" } } },
      on,
      {
        libraries: [
          { whl: "dbfs:/wheels/company_etl-1.0-py3-none-any.whl" },
          { pypi: { package: "requests==2.32.0" } },
        ],
      },
    ),
  ]);
  job("spark-jar", [
    task("main", { spark_jar_task: { main_class_name: "com.example.Main" } }, on, {
      libraries: [{ jar: "/Volumes/main/platform/scripts/main.jar" }],
    }),
  ]);
  job(
    "condition",
    [
      task("check", { condition_task: { op: "EQUAL_TO", left: "{{job.parameters.mode}}", right: "full" } }),
      task("full", notebook("/Shared/full"), on, { depends_on: [{ task_key: "check", outcome: "true" }] }),
      task("delta", notebook("/Shared/delta"), on, {
        depends_on: [{ task_key: "check", outcome: "false" }],
        run_if: "ALL_SUCCESS",
      }),
    ],
    { parameters: [{ name: "mode", default: "full" }] },
  );
  job("git-source", [task("main", notebook("jobs/main", { source: "GIT" }), on)], {
    git_source: { git_url: "https://github.com/example/company-etl", git_provider: "gitHub", git_branch: "main" },
  });
  job(
    "with-health-rules",
    [
      task("main", notebook("/Shared/health"), on, {
        timeout_seconds: 1800,
        max_retries: 3,
        min_retry_interval_millis: 60_000,
        retry_on_timeout: true,
      }),
    ],
    {
      health: { rules: [{ metric: "RUN_DURATION_SECONDS", op: "GREATER_THAN", value: 3600 }] },
      max_concurrent_runs: 3,
      queue: { enabled: true },
      timeout_seconds: 7200,
    },
  );
  // Warehouses and a notification destination, which have ids of their own in the standby.
  const sql = {
    sql_task: { warehouse_id: platform.warehouse, file: { path: "/Shared/report.sql", source: "WORKSPACE" } },
  };
  job("sql-report", [task("main", sql)], {
    webhook_notifications: { on_failure: [{ id: platform.oncall }] },
    ...cron("0 15 8 * * ?"),
  });
  job("dbt-models", [
    task(
      "main",
      { dbt_task: { commands: ["dbt build"], project_directory: "/Shared/dbt", warehouse_id: platform.warehouse } },
      on,
    ),
    task("notebook-on-warehouse", notebook("/Shared/dashboard", { warehouse_id: platform.warehouse })),
  ]);
  // Its warehouse has no copy in the standby.
  job("sql-audit", [task("main", { sql_task: { ...sql.sql_task, warehouse_id: platform.auditWarehouse } })]);
  // Serverless: no cluster at all.
  job(
    "serverless",
    [task("main", { spark_python_task: { python_file: "/Shared/serverless.py" }, environment_key: "default" })],
    {
      environments: [{ environment_key: "default", spec: { client: "2", dependencies: ["pandas==2.2.2"] } }],
    },
  );
}
