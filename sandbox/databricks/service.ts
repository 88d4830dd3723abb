import type { Hono } from "hono";
import type { Workspace } from "./workspace.js";

/** One emulated API family: its routes, over one workspace. */
export interface Service {
  readonly name: string;
  mount(app: Hono, workspace: Workspace): void;
}
