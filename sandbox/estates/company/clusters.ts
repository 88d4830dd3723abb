import type { JsonObject } from "../../http/json.js";
import { plantedSecret, type CompanyPlatform } from "./platform.js";
import type { ClusterSpec, EstateBuilder } from "../estate-builder.js";

/** Clusters that jobs of the company refer to. */
export interface CompanyClusters {
  readonly etl: string;
  readonly science: string;
  readonly reporting: string;
  readonly twins: readonly [string, string];
  /** Deleted for good after the jobs are made. */
  readonly gone: string;
  readonly teams: readonly string[];
}

const runtime = "15.4.x-scala2.12";

/** About forty all-purpose clusters; each trap has a comment. */
export function buildClusters(estate: EstateBuilder, platform: CompanyPlatform): CompanyClusters {
  const plain = (cluster_name: string, more: JsonObject = {}): ClusterSpec => ({
    cluster_name,
    spark_version: runtime,
    ...("instance_pool_id" in more || "node_type_id" in more ? {} : { node_type_id: "Standard_D4ds_v5" }),
    ...("autoscale" in more || "num_workers" in more || "is_single_node" in more ? {} : { num_workers: 2 }),
    autotermination_minutes: 60,
    ...more,
  });

  const etl = estate.cluster(
    plain("etl-main", {
      num_workers: 8,
      spark_conf: {
        "spark.sql.shuffle.partitions": "800",
        "fs.azure.account.key.companylake.dfs.core.windows.net": "{{secrets/lake/account-key}}",
      },
      // A password in clear, as people do: it must reach the copy and nothing else.
      spark_env_vars: {
        PYSPARK_PYTHON: "/databricks/python3/bin/python3",
        ERP_PASSWORD: plantedSecret("cluster-env-erp-password"),
      },
      init_scripts: [
        { dbfs: { destination: "dbfs:/init-scripts/erp-driver.sh" } },
        { workspace: { destination: "/Shared/init/proxy.sh" } },
      ],
      cluster_log_conf: { dbfs: { destination: "dbfs:/cluster-logs" } },
      custom_tags: { cost_center: "4711", owner: "data-platform" },
      ssh_public_keys: ["ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQfake etl@example.com"],
    }),
    { pinned: true },
  );

  // Two objects with one name stay two.
  const twins = [
    estate.cluster(plain("analytics-shared", { autoscale: { min_workers: 1, max_workers: 4 } }), { pinned: true }),
    estate.cluster(
      plain("analytics-shared", { autoscale: { min_workers: 2, max_workers: 16 }, node_type_id: "Standard_E8ds_v4" }),
    ),
  ] as const;

  const science = estate.cluster(
    plain("science-gpu", {
      spark_version: "15.4.x-gpu-ml-scala2.12",
      // Listed in West US, but a launch there fails: the configuration is kept all the same.
      node_type_id: "Standard_NC6s_v3",
      num_workers: 0,
      spark_conf: { "spark.databricks.cluster.profile": "singleNode", "spark.master": "local[*, 4]" },
      custom_tags: { ResourceClass: "SingleNode" },
      single_user_name: "dana.lee@example.com",
      data_security_mode: "SINGLE_USER",
    }),
  );

  const reporting = estate.cluster(
    plain("reporting", { instance_pool_id: platform.generalPool, driver_instance_pool_id: platform.driverPool }),
  );

  // West US does not know this node type: mapped by config, or named in the ledger.
  estate.cluster(plain("delta-cache", { node_type_id: "Standard_L16s_v3", driver_node_type_id: "Standard_L8s_v3" }));
  // Its pool is in the primary only.
  estate.cluster(plain("storage-heavy", { instance_pool_id: platform.storagePool }));
  // Its policy is in the primary only.
  estate.cluster(plain("audit", { policy_id: platform.auditPolicy, data_security_mode: "USER_ISOLATION" }));
  // The policy fills in what is not given.
  estate.cluster(plain("team-default", { policy_id: platform.teamPolicy, apply_policy_default_values: true }));

  estate.cluster(plain("never-stops", { autotermination_minutes: 0 }));
  estate.cluster(plain("photon", { runtime_engine: "PHOTON", node_type_id: "Standard_E8ads_v5" }));
  estate.cluster(plain("isolated", { data_security_mode: "USER_ISOLATION" }));
  // A runtime past its end of life.
  estate.cluster(plain("legacy-spark-2", { spark_version: "6.4.x-scala2.11", node_type_id: "Standard_DS3_v2" }));
  estate.cluster(
    plain("container", {
      docker_image: {
        url: "registry.example.com/spark/base:2024.1",
        basic_auth: { username: "puller", password: plantedSecret("cluster-docker-password") },
      },
    }),
  );
  estate.cluster(
    plain("spot", {
      azure_attributes: { availability: "SPOT_WITH_FALLBACK_AZURE", first_on_demand: 1, spot_bid_max_price: -1 },
      enable_elastic_disk: true,
      enable_local_disk_encryption: true,
    }),
  );
  estate.cluster(plain("notebooks-only", { workload_type: { clients: { jobs: false, notebooks: true } } }));
  // Scripts in every store; those on abfss:// are not ours to copy.
  estate.cluster(
    plain("all-init-stores", {
      init_scripts: [
        { dbfs: { destination: "dbfs:/init-scripts/nested/deep/with space.sh" } },
        { workspace: { destination: "/Shared/init/größe & co.sh" } },
        { volumes: { destination: "/Volumes/main/platform/scripts/volume-init.sh" } },
        { abfss: { destination: "abfss://scripts@companylake.dfs.core.windows.net/init/lake.sh" } },
      ],
    }),
  );
  // Fields of a later API version are carried through.
  estate.cluster(
    plain("from-the-future", { thermal_profile: { cooling: "quiet", levels: [1, 2, 3] }, is_carbon_aware: true }),
  );
  estate.cluster(
    plain(`name with "quotes", ünïcode and 日本語`, { custom_tags: { "key with space": "value, with: punctuation" } }),
  );
  // Its name is no safe file name, and no valid JSON number.
  estate.cluster(plain("../007"));

  // A job refers to it, and it will be gone.
  const gone = estate.cluster(plain("retired"));

  const teams = [
    "finance",
    "marketing",
    "logistics",
    "risk",
    "hr",
    "supply",
    "pricing",
    "web",
    "crm",
    "iot",
    "labs",
    "bi",
  ];
  const teamClusters = teams.flatMap((team, index) => [
    estate.cluster(
      plain(`${team}-dev`, {
        custom_tags: { cost_center: String(1000 + index), team },
        ...(index % 3 === 0 ? { policy_id: platform.teamPolicy } : {}),
        ...(index % 4 === 1 ? { instance_pool_id: platform.generalPool } : {}),
      }),
      { pinned: index % 2 === 0 },
    ),
    ...(index < 8
      ? [estate.cluster(plain(`${team}-adhoc`, { autoscale: { min_workers: 1, max_workers: 2 + index } }))]
      : []),
  ]);
  return { etl, science, reporting, twins, gone, teams: teamClusters };
}
