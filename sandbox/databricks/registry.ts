import { clusterPolicies } from "./cluster-policies/cluster-policies.js";
import { clusters } from "./clusters/clusters.js";
import { commandExecution } from "./commands/command-execution.js";
import { globalInitScripts } from "./global-init-scripts.js";
import { scim } from "./identity/scim.js";
import { tokens } from "./identity/tokens.js";
import { instancePools } from "./instance-pools/instance-pools.js";
import { jobs } from "./jobs/jobs.js";
import { libraries } from "./libraries/libraries.js";
import { notificationDestinations } from "./notification-destinations.js";
import { permissions } from "./permissions/permissions.js";
import { jobRuns } from "./runs/runs.js";
import { secrets } from "./secrets/secrets.js";
import type { Service } from "./service.js";
import { sqlWarehouses } from "./sql-warehouses.js";
import { dbfs } from "./storage/dbfs.js";
import { volumeFiles } from "./storage/volume-files.js";
import { unityCatalog } from "./unity-catalog.js";
import { workspaceFiles } from "./workspace-objects/workspace-files.js";
import { workspaceObjects } from "./workspace-objects/workspace-objects.js";

/** Every emulated service; a route that none of them mounts answers 501. */
export const services: readonly Service[] = [
  commandExecution,
  dbfs,
  secrets,
  globalInitScripts,
  tokens,
  unityCatalog,
  volumeFiles,
  workspaceFiles,
  workspaceObjects,
  clusterPolicies,
  clusters,
  instancePools,
  jobRuns,
  jobs,
  libraries,
  notificationDestinations,
  permissions,
  scim,
  sqlWarehouses,
];
