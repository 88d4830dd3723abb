import type { ReferenceField } from "./references.js";

/** What a cluster refers to, wherever one is described. https://docs.databricks.com/api/azure/workspace/clusters/create */
export const computeReferences: readonly ReferenceField[] = [
  { field: "instance_pool_id", kind: "instance-pools" },
  { field: "driver_instance_pool_id", kind: "instance-pools" },
  { field: "policy_id", kind: "cluster-policies" },
  {
    field: "single_user_name",
    kind: "principals",
    optional: "the cluster is nobody else's to use: its copy keeps the name, and says that it cannot start",
  },
];
