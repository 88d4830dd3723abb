import type { Hono } from "hono";
import { commandExecution } from "./command-execution.js";
import { dbfs } from "./dbfs.js";
import { secrets } from "./secrets.js";
import { clusterPolicies } from "./cluster-policies.js";
import { clusters } from "./clusters.js";
import { instancePools } from "./instance-pools.js";
import { jobRuns } from "./job-runs.js";
import { jobs } from "./jobs.js";
import { libraries } from "./libraries.js";
import { notificationDestinations } from "./notification-destinations.js";
import { permissions } from "./permissions.js";
import { sqlWarehouses } from "./sql-warehouses.js";
import { scim } from "./scim.js";
import { globalInitScripts } from "./global-init-scripts.js";
import { tokens } from "./tokens.js";
import { unityCatalog } from "./unity-catalog.js";
import { volumeFiles } from "./volume-files.js";
import { workspaceFiles } from "./workspace-files.js";
import { workspaceObjects } from "./workspace-objects.js";
import type { Workspace } from "./workspace.js";

/** One emulated API family: its routes, over one workspace. */
export interface Service {
  readonly name: string;
  mount(app: Hono, workspace: Workspace): void;
}

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
