export interface PolicyFamily {
  readonly policy_family_id: string;
  readonly name: string;
  readonly description: string;
  readonly definition: string;
}

const auto = { type: "unlimited", defaultValue: "auto:latest-lts" };
const nodes = { type: "unlimited", defaultValue: "Standard_DS3_v2", isOptional: true };

/** https://learn.microsoft.com/azure/databricks/admin/clusters/policy-families */
export const policyFamilies: readonly PolicyFamily[] = [
  {
    policy_family_id: "personal-vm",
    name: "Personal Compute",
    description: "Use with small-to-medium data or libraries like pandas and scikit-learn. Spark runs in local mode.",
    definition: JSON.stringify({
      node_type_id: { type: "unlimited", defaultValue: "Standard_DS3_v2" },
      spark_version: { type: "unlimited", defaultValue: "auto:latest-ml" },
      num_workers: { type: "fixed", value: 0, hidden: true },
      "spark_conf.spark.databricks.cluster.profile": { type: "fixed", value: "singleNode", hidden: true },
      "spark_conf.spark.master": { type: "fixed", value: "local[*, 4]", hidden: true },
      autotermination_minutes: { type: "unlimited", defaultValue: 4320, isOptional: true },
      data_security_mode: { type: "allowlist", values: ["SINGLE_USER"], defaultValue: "SINGLE_USER" },
    }),
  },
  {
    policy_family_id: "shared-compute",
    name: "Shared Compute",
    description: "Use with larger data and multiple users.",
    definition: JSON.stringify({
      node_type_id: nodes,
      spark_version: auto,
      data_security_mode: { type: "fixed", value: "USER_ISOLATION", hidden: true },
      "autoscale.max_workers": { type: "unlimited", defaultValue: 10, isOptional: true },
    }),
  },
  {
    policy_family_id: "power-user",
    name: "Power User Compute",
    description: "Use with larger data or in multi-node environments for a single user.",
    definition: JSON.stringify({ node_type_id: nodes, spark_version: auto }),
  },
  {
    policy_family_id: "job-cluster",
    name: "Job Compute",
    description: "Use with automated workloads. Create and terminate with each job run.",
    definition: JSON.stringify({
      cluster_type: { type: "fixed", value: "job" },
      node_type_id: nodes,
      spark_version: auto,
    }),
  },
];
