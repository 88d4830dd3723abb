import type { JsonObject } from "../../http/json.js";
import { invalidParameter } from "../http/errors.js";
import type { Workspace } from "../workspace.js";

export interface InstancePoolRow {
  readonly id: string;
  /** The request's fields, unknown ones too, with the defaults filled in. */
  spec: JsonObject;
  readonly creator: string;
}

export function poolTable(workspace: Workspace): Map<string, InstancePoolRow> {
  return workspace.table<InstancePoolRow>("instance-pools");
}

/** The node types of pools that are no more: a cluster keeps its own after its pool has gone. */
export function deletedPools(workspace: Workspace): Map<string, string> {
  return workspace.table<string>("deleted-instance-pools");
}

/** The pool of that id; a cluster that names an unknown one is refused. */
export function instancePool(workspace: Workspace, id: string): InstancePoolRow {
  const pool = poolTable(workspace).get(id);
  if (!pool) throw invalidParameter(`Can't find an instance pool with id: ${id}`);
  return pool;
}
