import type { Workspace } from "../workspace.js";

/** One direct grant; a principal has at most one on an object. */
export interface Grant {
  readonly kind: "user_name" | "group_name" | "service_principal_name";
  readonly name: string;
  readonly level: string;
}

const keyOf = (type: string, id: string): string => `${type}/${id}`;

const tableOf = (workspace: Workspace): Map<string, Grant[]> => workspace.table<Grant[]>("permissions");

/** The direct grants on an object, the oldest first. */
export function grantsOn(workspace: Workspace, type: string, id: string): readonly Grant[] {
  return tableOf(workspace).get(keyOf(type, id)) ?? [];
}

export function setGrants(workspace: Workspace, type: string, id: string, grants: readonly Grant[]): void {
  tableOf(workspace).set(keyOf(type, id), [...grants]);
}

export function revokeAll(workspace: Workspace, type: string, id: string): void {
  tableOf(workspace).delete(keyOf(type, id));
}

/** Whoever makes an object may manage it; jobs, pipelines and warehouses have an owner. */
export function grantCreator(workspace: Workspace, type: string, id: string, creator: string): void {
  const kind = creator.includes("@") ? "user_name" : "service_principal_name";
  const level = ["jobs", "pipelines", "warehouses"].includes(type) ? "IS_OWNER" : "CAN_MANAGE";
  setGrants(workspace, type, id, [{ kind, name: creator, level }]);
}

export function ownerOf(workspace: Workspace, type: string, id: string): string | undefined {
  return grantsOn(workspace, type, id).find((grant) => grant.level === "IS_OWNER")?.name;
}

/** Takes a deleted principal out of every list, even where it was the owner: a job may be left with none.
 * https://github.com/databrickslabs/migrate/issues/168 */
export function revokePrincipal(workspace: Workspace, name: string): void {
  for (const [key, grants] of tableOf(workspace))
    if (grants.some((grant) => grant.name === name))
      tableOf(workspace).set(
        key,
        grants.filter((grant) => grant.name !== name),
      );
}
