import { ApiError, isNotFound } from "../client/errors.js";
import { idOf, type JsonObject, objectsOf } from "../values/json.js";
import type { WorkspaceClient } from "../client/workspace-client.js";
import { notesFolder } from "./notes-folder.js";

/** Who may use the notes' folder beside administrators. */
export interface FolderAccess {
  /** Somebody was given access to it: an up takes that away. */
  readonly isOpen: boolean;
  /** What a person should know. */
  readonly told: readonly string[];
}

const unharmed = "Notes that are altered are refused";

/**
 * Looks who may write or read the notes beside administrators, and with `close` takes it from them. Where there is no folder yet,
 * nobody can. https://docs.databricks.com/api/azure/workspace/permissions
 */
export async function notesFolderAccess(client: WorkspaceClient, me: string, close: boolean): Promise<FolderAccess> {
  try {
    const path = await pathOfAccessList(client);
    if (path === undefined) return { isOpen: false, told: [] };
    let list = await client.get(path);
    const given = others(list, me, false);
    if (close && given.length > 0) {
      await client.put(path, { access_control_list: [] });
      list = await client.get(path);
    }
    const left = others(list, me, false);
    const inherited = others(list, me, true);
    const told = [
      ...(left.length > 0
        ? [
            `${left.join(", ")} may use ${notesFolder}; ${close ? "it cannot be taken away" : "the next up takes it away"}`,
          ]
        : []),
      ...(close && left.length === 0 && given.length > 0
        ? [`${given.join(", ")} could use ${notesFolder}; it is taken away`]
        : []),
      ...(inherited.length > 0
        ? [`${inherited.join(", ")} may use ${notesFolder} by the folder above; take it away there`]
        : []),
    ];
    return { isOpen: left.length > 0, told: told.map((each) => `${each}. ${unharmed}`) };
  } catch (error) {
    if (error instanceof ApiError && error.errorCode === "FEATURE_DISABLED")
      return {
        isOpen: false,
        told: [`this tier has no access control, so every user may write to ${notesFolder}. ${unharmed}`],
      };
    const why = error instanceof Error ? error.message : String(error);
    return { isOpen: false, told: [`who may write to ${notesFolder} could not be checked (${why}). ${unharmed}`] };
  }
}

async function pathOfAccessList(client: WorkspaceClient): Promise<string | undefined> {
  try {
    const { object_id } = await client.get("/api/2.0/workspace/get-status", { path: notesFolder });
    return `/api/2.0/permissions/directories/${idOf(object_id)}`;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Who has access beside administrators and the replication itself, with the level: `group users (CAN_MANAGE)`. */
function others(list: JsonObject, me: string, inherited: boolean): string[] {
  return objectsOf(list.access_control_list).flatMap((entry) => {
    if (entry.group_name === "admins" || [entry.user_name, entry.service_principal_name].includes(me)) return [];
    const levels = objectsOf(entry.all_permissions).filter((each) => (each.inherited === true) === inherited);
    const who =
      typeof entry.group_name === "string"
        ? `group ${entry.group_name}`
        : String(entry.user_name ?? entry.service_principal_name);
    return levels.map(({ permission_level }) => `${who} (${String(permission_level)})`);
  });
}
