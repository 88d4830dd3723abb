import type { EstateCall } from "../estate.js";
import type { JsonObject } from "../http/json.js";
import { EstateBuilder } from "./estate-builder.js";

/**
 * The workspace of the 2018 guide: clusters with the twelve fields that its script copied, jobs of the one-task form with
 * schedules, scripts in `dbfs:/databricks/init`, and a WASB mount.
 */
export function guideEstate(): readonly EstateCall[] {
  const estate = new EstateBuilder();

  const etl = estate.cluster({
    cluster_name: "etl",
    spark_version: "4.2.x-scala2.11",
    spark_conf: { "spark.speculation": "true", "spark.sql.shuffle.partitions": "400" },
    node_type_id: "Standard_DS3_v2",
    driver_node_type_id: "Standard_DS4_v2",
    num_workers: 4,
    custom_tags: { team: "data-engineering" },
    cluster_log_conf: { dbfs: { destination: "dbfs:/cluster-logs/etl" } },
    spark_env_vars: { PYSPARK_PYTHON: "/databricks/python3/bin/python3" },
    autotermination_minutes: 60,
    enable_elastic_disk: true,
  });
  const science = estate.cluster({
    cluster_name: "data science",
    spark_version: "4.2.x-scala2.11",
    spark_conf: {},
    node_type_id: "Standard_DS13_v2",
    autoscale: { min_workers: 2, max_workers: 8 },
    custom_tags: { team: "data-science" },
    spark_env_vars: { PYSPARK_PYTHON: "/databricks/python3/bin/python3" },
    autotermination_minutes: 120,
    enable_elastic_disk: false,
  });
  estate.cluster({
    cluster_name: "reporting",
    spark_version: "4.1.x-scala2.11",
    node_type_id: "Standard_DS3_v2",
    num_workers: 1,
    autotermination_minutes: 30,
  });

  estate.call("POST", "/api/2.0/dbfs/mkdirs", { path: "/databricks/init/etl" });
  estate.dbfsFile("/databricks/init/install-monitoring.sh", "#!/bin/bash\napt-get install -y sysstat\n");
  estate.dbfsFile("/databricks/init/etl/set-timezone.sh", "#!/bin/bash\ntimedatectl set-timezone UTC\n");

  const job = (name: string, cluster: string, task: JsonObject, cron?: string): void => {
    estate.job(
      {
        name,
        existing_cluster_id: cluster,
        ...task,
        ...(cron ? { schedule: { quartz_cron_expression: cron, timezone_id: "UTC" } } : {}),
        email_notifications: { on_failure: ["oncall@example.com"] },
        max_retries: 1,
        timeout_seconds: 3600,
      },
      "2.0",
    );
  };
  job("load orders", etl, { notebook_task: { notebook_path: "/Shared/load-orders" } }, "0 15 1 * * ?");
  job(
    "build reports",
    etl,
    { spark_python_task: { python_file: "dbfs:/jobs/reports.py", parameters: ["--day", "yesterday"] } },
    "0 0 4 * * ?",
  );
  job("train model", science, { notebook_task: { notebook_path: "/Shared/train", base_parameters: { depth: "8" } } });
  estate.job(
    {
      name: "clean up",
      new_cluster: { spark_version: "4.2.x-scala2.11", node_type_id: "Standard_DS3_v2", num_workers: 2 },
      spark_jar_task: { main_class_name: "com.example.Cleanup", parameters: ["--older-than", "30d"] },
      libraries: [{ jar: "dbfs:/jars/cleanup.jar" }],
      schedule: { quartz_cron_expression: "0 0 22 ? * SUN", timezone_id: "America/New_York" },
    },
    "2.0",
  );

  estate.python(
    {
      cluster_name: "mounting",
      spark_version: "4.2.x-scala2.11",
      node_type_id: "Standard_DS3_v2",
      num_workers: 1,
      autotermination_minutes: 10,
    },
    [
      "dbutils.fs.mount(",
      '  source = "wasbs://data@guideprimarystorage.blob.core.windows.net/",',
      '  mount_point = "/mnt/data",',
      '  extra_configs = {"fs.azure.account.key.guideprimarystorage.blob.core.windows.net": "ZmFrZS1rZXktb2YtdGhlLWd1aWRl"})',
      'print("mounted")',
    ].join("\n"),
  );
  return estate.calls;
}
