import type { Hono } from "hono";
import { commandExecution } from "./command-execution.js";
import { dbfs } from "./dbfs.js";
import { secrets } from "./secrets.js";
import type { Workspace } from "./workspace.js";

/** One emulated API family: its routes, over one workspace. */
export interface Service {
  readonly name: string;
  mount(app: Hono, workspace: Workspace): void;
}

/** Every emulated service; a route that none of them mounts answers 501. */
export const services: readonly Service[] = [commandExecution, dbfs, secrets];
