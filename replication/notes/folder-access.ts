import { ApiError, isNotFound } from "../client/errors.js";
import { idOf, type JsonObject, objectsOf } from "../client/json.js";
import type { WorkspaceClient } from "../client/workspace-client.js";
import { notesFolder } from "../notes-folder.js";

/**
 * Looks who may write or read the notes beside administrators, and with `close` takes it from them.
 * https://docs.databricks.com/api/azure/workspace/permissions
 *
 * @returns what a person should know: undefined where administrators alone have access, or there is no folder yet.
 */
export async function notesFolderAccess(
  client: WorkspaceClient,
  me: string,
  close: boolean,
): Promise<string | undefined> {
  try {
    const path = await pathOfAccessList(client);
    if (path === undefined) return undefined;
    let list = await client.get(path);
    if (close && others(list, me, false).length > 0) {
      await client.put(path, { access_control_list: [] });
      list = await client.get(path);
    }
    const left = [...new Set([...others(list, me, false), ...others(list, me, true)])];
    if (left.length === 0) return undefined;
    return `${left.join(", ")} may use ${notesFolder} as well; ${
      close ? "the access comes from the folder above: take it away there" : "the next up takes it away"
    }. Notes that are altered are refused`;
  } catch (error) {
    if (error instanceof ApiError && error.errorCode === "FEATURE_DISABLED")
      return `this tier has no access control, so every user may write to ${notesFolder}. Notes that are altered are refused`;
    const why = error instanceof Error ? error.message : String(error);
    return `who may write to ${notesFolder} could not be checked (${why}). Notes that are altered are refused`;
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
