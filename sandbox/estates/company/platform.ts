import type { EstateBuilder } from "../estate-builder.js";

/** What clusters and jobs of the company refer to. */
export interface CompanyPlatform {
  /** Pools and policies are in the primary only. */
  readonly generalPool: string;
  readonly driverPool: string;
  readonly storagePool: string;
  readonly teamPolicy: string;
  readonly jobPolicy: string;
  readonly auditPolicy: string;
  readonly warehouse: string;
  /** In the primary only. */
  readonly auditWarehouse: string;
  /** A notification destination. */
  readonly oncall: string;
  /** Application id of the service principal that nightly jobs run as. */
  readonly etlPrincipal: string;
}

/** A value that must never be seen outside the workspaces. Tests search for this text. */
export function plantedSecret(name: string): string {
  return `PLANTED-SECRET-${name}`;
}

/** Pools and policies, which a standby gets by being copied. */
function buildCompute(
  estate: EstateBuilder,
): Pick<CompanyPlatform, "generalPool" | "driverPool" | "storagePool" | "teamPolicy" | "jobPolicy" | "auditPolicy"> {
  return {
    generalPool: estate.pool({
      instance_pool_name: "general",
      node_type_id: "Standard_D4ds_v5",
      min_idle_instances: 0,
      max_capacity: 60,
      idle_instance_autotermination_minutes: 20,
      preloaded_spark_versions: ["15.4.x-scala2.12"],
    }),
    driverPool: estate.pool({
      instance_pool_name: "drivers",
      node_type_id: "Standard_E4ds_v4",
      min_idle_instances: 0,
      idle_instance_autotermination_minutes: 15,
    }),
    storagePool: estate.pool({
      instance_pool_name: "storage-optimized",
      node_type_id: "Standard_L8s_v3",
      min_idle_instances: 0,
      idle_instance_autotermination_minutes: 10,
    }),
    teamPolicy: estate.policy(
      "team-shared",
      {
        "custom_tags.cost_center": { type: "unlimited", defaultValue: "unassigned" },
        autotermination_minutes: { type: "range", minValue: 10, maxValue: 240, defaultValue: 60 },
      },
      { description: "What a team may start by itself", max_clusters_per_user: 5 },
    ),
    jobPolicy: estate.policy("jobs", {
      "spark_conf.spark.databricks.delta.preview.enabled": { type: "fixed", value: "true" },
    }),
    auditPolicy: estate.policy("audit", { data_security_mode: { type: "fixed", value: "USER_ISOLATION" } }),
  };
}

/** Principals, warehouses and secret scopes, and on the primary pools and policies, as the platform team makes them. */
export function buildPlatform(estate: EstateBuilder, side: "primary" | "standby"): CompanyPlatform {
  const none = { generalPool: "", driverPool: "", storagePool: "", teamPolicy: "", jobPolicy: "", auditPolicy: "" };
  const compute = side === "primary" ? buildCompute(estate) : none;
  const warehouse = buildWarehouse(estate, "reporting");
  const auditWarehouse = side === "primary" ? buildWarehouse(estate, "audit") : "";
  const oncall = estate.create("destination", "/api/2.0/notification-destinations", "id", {
    display_name: "on-call",
    config: { slack: { url: `https://hooks.slack.com/services/${plantedSecret(`${side}-slack-hook`)}` } },
  });
  for (const scope of ["lake", "erp"]) estate.call("POST", "/api/2.0/secrets/scopes/create", { scope });
  const secret = (scope: string, key: string): void =>
    estate.call("POST", "/api/2.0/secrets/put", { scope, key, string_value: plantedSecret(`${side}-${scope}-${key}`) });
  secret("lake", "account-key");
  secret("lake", "sp-secret");
  secret("erp", "password");
  estate.call("POST", "/api/2.0/preview/scim/v2/ServicePrincipals", {
    schemas: ["urn:ietf:params:scim:schemas:core:2.0:ServicePrincipal"],
    applicationId: "5f1c2b1e-7a58-4b58-9f51-0e6a0c0ffee1",
    displayName: "etl-runner",
  });
  estate.call("POST", "/api/2.0/preview/scim/v2/Users", {
    schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"],
    userName: "dana.lee@example.com",
  });
  return {
    ...compute,
    warehouse,
    auditWarehouse,
    oncall,
    etlPrincipal: "5f1c2b1e-7a58-4b58-9f51-0e6a0c0ffee1",
  };
}

/** A warehouse starts when it is made; it is stopped at once. */
function buildWarehouse(estate: EstateBuilder, name: string): string {
  const id = estate.create("warehouse", "/api/2.0/sql/warehouses", "id", {
    name,
    cluster_size: "Small",
    auto_stop_mins: 10,
    max_num_clusters: 2,
  });
  estate.call("POST", `/api/2.0/sql/warehouses/${id}/stop`, {});
  return id;
}
