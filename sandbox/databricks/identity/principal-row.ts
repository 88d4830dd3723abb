import type { JsonObject } from "../../http/json.js";
import type { Workspace } from "../workspace.js";

export type PrincipalKind = "Users" | "Groups" | "ServicePrincipals";

/** SCIM resources by id, as they are sent: `userName` or `displayName`, `members` and so on. */
export type PrincipalTable = Map<string, JsonObject>;

const seedKey = "principals";

/** The principals of one kind. The administrator and the built-in groups `admins` and `users` are there from the start. */
export function principalTable(workspace: Workspace, kind: PrincipalKind): PrincipalTable {
  const seeded = workspace.table<boolean>("seeded");
  if (!seeded.has(seedKey)) {
    seeded.set(seedKey, true);
    const admin = addPrincipal(workspace, "Users", {
      userName: workspace.adminUserName,
      displayName: workspace.adminUserName,
      active: true,
    });
    for (const displayName of ["admins", "users"])
      addPrincipal(workspace, "Groups", {
        displayName,
        meta: { resourceType: "WorkspaceGroup" },
        entitlements:
          displayName === "users" ? [{ value: "workspace-access" }, { value: "databricks-sql-access" }] : [],
        members: [{ value: admin["id"], display: workspace.adminUserName, $ref: `Users/${String(admin["id"])}` }],
      });
    if (workspace.plainUserName !== undefined)
      addPrincipal(workspace, "Users", {
        userName: workspace.plainUserName,
        displayName: "Ordinary User",
        active: true,
      });
  }
  return workspace.table<JsonObject>(`scim-${kind}`);
}

export function addPrincipal(workspace: Workspace, kind: PrincipalKind, resource: JsonObject): JsonObject {
  // SCIM ids are digits too, but sent as strings.
  const row = { ...resource, id: workspace.newId().toString().slice(0, 16) };
  principalTable(workspace, kind).set(row.id, row);
  if (kind !== "Groups") joinUsers(workspace, kind, row);
  return row;
}

/**
 * Everyone in a workspace is in its group `users`: https://learn.microsoft.com/azure/databricks/admin/users-groups/groups.
 * Clients build on it, and fail on a user without a group:
 * https://github.com/databrickslabs/migrate/blob/master/dbclient/ClustersClient.py (log_cluster_configs)
 */
function joinUsers(workspace: Workspace, kind: PrincipalKind, row: JsonObject): void {
  const users = findGroup(workspace, "users");
  if (!users) return;
  const member = {
    value: row["id"],
    display: row["displayName"] ?? row["userName"],
    $ref: `${kind}/${String(row["id"])}`,
  };
  users["members"] = [...(Array.isArray(users["members"]) ? users["members"] : []), member];
}

/** The user of that name, or the service principal of that application id. */
export function findPrincipal(workspace: Workspace, name: string): JsonObject | undefined {
  return findUser(workspace, name) ?? findServicePrincipal(workspace, name);
}

export function findUser(workspace: Workspace, userName: string): JsonObject | undefined {
  const wanted = userName.toLowerCase();
  return [...principalTable(workspace, "Users").values()].find(
    (user) => String(user["userName"]).toLowerCase() === wanted,
  );
}

export function findServicePrincipal(workspace: Workspace, applicationId: string): JsonObject | undefined {
  return [...principalTable(workspace, "ServicePrincipals").values()].find(
    (each) => each["applicationId"] === applicationId,
  );
}

export function findGroup(workspace: Workspace, displayName: string): JsonObject | undefined {
  return [...principalTable(workspace, "Groups").values()].find((group) => group["displayName"] === displayName);
}

/** Names of users and service principals that are no more; what they made no longer tells who did. */
export function deletedPrincipals(workspace: Workspace): Map<string, true> {
  return workspace.table<true>("deleted-principals");
}
