import type { EstateCall } from "../../sandbox/estate.js";
import { EstateBuilder } from "../../sandbox/estates/estate-builder.js";

/** Stands in every secret of this estate, so that a search for it finds them all. */
export const planted = "PLANTED";

const runtime = "15.4.x-scala2.12";
const node = { spark_version: runtime, node_type_id: "Standard_DS3_v2" };
const notebook = (cluster: string) => ({ notebook_task: { notebook_path: "/Shared/a" }, existing_cluster_id: cluster });
const nightly = (pause_status: string) => ({
  schedule: { quartz_cron_expression: "0 0 3 * * ?", timezone_id: "Europe/Oslo", pause_status },
});

/** What the standby's side configures for this estate. */
export const settings = {
  mounts: {
    storageAccounts: { acmelake: "acmewest" },
    credentials: [
      {
        mounts: "/mnt/**",
        extraConfigs: { "fs.azure.account.key.<account>.blob.core.windows.net": "{{secrets/lake/key}}" },
      },
    ],
  },
};

/** A small workspace with a secret in every place where people put them. */
export function sourceEstate(): readonly EstateCall[] {
  const estate = new EstateBuilder();
  estate.dbfsFile("/databricks/init/base.sh", `export TOKEN=${planted}-in-script\n`);
  estate.dbfsFile('/FileStore/scripts/team\'s "own".sh', "echo one\n");
  const etl = estate.cluster({
    ...node,
    cluster_name: "etl",
    autoscale: { min_workers: 1, max_workers: 4 },
    autotermination_minutes: 30,
    spark_conf: {
      "fs.azure.account.key.acmelake.dfs.core.windows.net": `${planted}-in-spark-conf`,
      "spark.jdbc.pwd": `${planted}-in-short`,
    },
    spark_env_vars: { GREETING: `${planted}-in-environment` },
    init_scripts: [{ dbfs: { destination: 'dbfs:/FileStore/scripts/team\'s "own".sh' } }],
  });
  const twin = estate.cluster({ ...node, cluster_name: "ad hoc", num_workers: 2 }, { running: true });
  const docker = {
    url: "registry.example.com/x:1",
    basic_auth: { username: "robot", password: `${planted}-in-docker` },
  };
  estate.cluster({ ...node, cluster_name: "single 🚀\nnode", num_workers: 0, docker_image: docker });
  const load = estate.job({
    name: "load",
    tasks: [{ task_key: "load", ...notebook(etl) }],
    ...nightly("UNPAUSED"),
    parameters: [{ name: "api_token", default: `${planted}-in-parameter` }],
  });
  estate.job({
    name: "report",
    tasks: [
      { task_key: "call", run_job_task: { job_id: load } },
      {
        task_key: "tell",
        spark_python_task: {
          python_file: "dbfs:/a.py",
          parameters: ["--db-password", `${planted}-in-argument`, `{"client_secret": "${planted} in json"}`],
        },
        existing_cluster_id: twin,
      },
    ],
    ...nightly("PAUSED"),
  });
  estate.job({
    name: "stream",
    tasks: [{ task_key: "s", ...notebook(twin) }],
    continuous: { pause_status: "UNPAUSED" },
  });
  estate.pool({ instance_pool_name: "warm", node_type_id: "Standard_DS3_v2", max_capacity: 3 });
  estate.call("POST", "/api/2.0/workspace/mkdirs", { path: "/Shared/team" });
  const content = Buffer.from(`-- Databricks notebook source\nSELECT '${planted}-in-notebook'`).toString("base64");
  const team = { path: "/Shared/team/load", format: "SOURCE", language: "SQL", content };
  estate.call("POST", "/api/2.0/workspace/import", team);
  const id = estate.read("folder", "/api/2.0/workspace/get-status?path=/Shared/team", "object_id");
  estate.call("PUT", `/api/2.0/permissions/directories/${id}`, {
    access_control_list: [{ group_name: "users", permission_level: "CAN_RUN" }],
  });
  estate.job({ name: "doomed", tasks: [{ task_key: "d", ...notebook(twin) }] });
  estate.python(
    { ...node, cluster_name: "mounting", num_workers: 1 },
    `dbutils.fs.mount(source="wasbs://raw@acmelake.blob.core.windows.net", mount_point="/mnt/raw", extra_configs={"fs.azure.account.key.acmelake.blob.core.windows.net": "${planted}-in-mount"})\nprint("done")`,
  );
  return estate.calls;
}

/** What stands on the standby already: the secret for its mounts, and objects of its own. */
export function standbyEstate(): readonly EstateCall[] {
  const estate = new EstateBuilder();
  estate.call("POST", "/api/2.0/secrets/scopes/create", { scope: "lake" });
  estate.call("POST", "/api/2.0/secrets/put", { scope: "lake", key: "key", string_value: `${planted}-of-the-standby` });
  estate.cluster({ ...node, cluster_name: "their own", num_workers: 1 });
  estate.job({ name: "their own", tasks: [{ task_key: "t", notebook_task: { notebook_path: "/Shared/t" } }] });
  estate.dbfsFile("/databricks/init/their-own.sh", "echo theirs\n");
  return estate.calls;
}
