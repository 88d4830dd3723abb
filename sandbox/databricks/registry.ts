import type { Hono } from "hono";
import { commandExecution } from "./command-execution.js";
import { dbfs } from "./dbfs.js";
import { secrets } from "./secrets.js";
import { clusterPolicies } from "./cluster-policies.js";
import { clusters } from "./clusters.js";
import { instancePools } from "./instance-pools.js";
import { libraries } from "./libraries.js";
import { permissions } from "./permissions.js";
import { scim } from "./scim.js";
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
  clusterPolicies,
  clusters,
  instancePools,
  libraries,
  permissions,
  scim,
];
