import { type Json, type JsonObject, parseJson, stringifyJson } from "../../replication/values/json.js";
import { notesFolder } from "../../replication/notes/notes-folder.js";
import type { TestWorkspace } from "../replication/pair.js";

/** Every file of the notes' folder, by path; what is not there has none. */
export async function notesFiles(at: TestWorkspace, folder: string = notesFolder): Promise<Map<string, string>> {
  const { objects = [] } = await at.get(`/api/2.0/workspace/list?path=${folder}`).catch(() => ({ objects: [] }));
  const paths = (objects as JsonObject[]).map(({ path }) => String(path)).sort();
  const files = new Map<string, string>();
  for (const path of paths) {
    const { content } = await at.get(`/api/2.0/workspace/export?path=${encodeURIComponent(path)}&format=AUTO`);
    files.set(path, Buffer.from(String(content), "base64").toString());
  }
  return files;
}

export async function putFile({ post }: TestWorkspace, path: string, text: string): Promise<void> {
  const content = Buffer.from(text).toString("base64");
  await post("/api/2.0/workspace/import", { path, content, format: "AUTO", overwrite: true });
}

export async function putFiles(at: TestWorkspace, files: ReadonlyMap<string, string>): Promise<void> {
  for (const [path, text] of files) await putFile(at, path, text);
}

export async function removeFolder({ post }: TestWorkspace, path: string = notesFolder): Promise<void> {
  await post("/api/2.0/workspace/delete", { path, recursive: true });
}

/** Changes each record in the parts of a kind's notes, as somebody who may write there. */
export async function changeRecords(
  at: TestWorkspace,
  kind: string,
  change: (record: JsonObject) => JsonObject,
): Promise<void> {
  for (const [path, text] of await notesFiles(at)) {
    if (!path.startsWith(`${notesFolder}/${kind}.`) || path === indexOf(kind)) continue;
    const { records } = parseJson(text) as { records: JsonObject };
    const changed = Object.entries(records).map(([origin, record]) => [origin, change(record as JsonObject)]);
    await putFile(at, path, stringifyJson({ records: Object.fromEntries(changed) as JsonObject }));
  }
}

/** The path of a kind's index. */
export function indexOf(kind: string): string {
  return `${notesFolder}/${kind}.json`;
}

/** An answer, whatever its status. */
export interface Answer {
  readonly status: number;
  readonly body: JsonObject;
}

export type Caller = (method: string, path: string, body?: Json) => Promise<Answer>;

/** A user of that workspace who is no administrator. */
export async function userOf(at: TestWorkspace, userName: string): Promise<Caller> {
  await at.post("/api/2.0/preview/scim/v2/Users", { userName }).catch(() => undefined);
  const token = `dapi-fake-${userName}`;
  at.server.workspace.acceptToken(token, userName);
  return async (method, path, body) => {
    const response = await fetch(`${at.endpoint.host}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: stringifyJson(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: (text === "" ? {} : parseJson(text)) as JsonObject };
  };
}

export async function notesFolderId({ get }: TestWorkspace): Promise<string> {
  return String((await get(`/api/2.0/workspace/get-status?path=${notesFolder}`)).object_id);
}

/** Gives somebody a level on a folder, as an administrator does. */
export async function giveAccess(at: TestWorkspace, folderId: string, entry: JsonObject): Promise<void> {
  const answer = await fetch(`${at.endpoint.host}/api/2.0/permissions/directories/${folderId}`, {
    method: "PATCH",
    headers: { authorization: `Bearer ${at.server.workspace.options.token}` },
    body: stringifyJson({ access_control_list: [entry] }),
  });
  if (!answer.ok) throw new Error(await answer.text());
}

/** Who has access to the notes' folder, beside administrators and the replication itself. */
export async function othersWithAccess(at: TestWorkspace): Promise<string[]> {
  const { access_control_list = [] } = await at.get(`/api/2.0/permissions/directories/${await notesFolderId(at)}`);
  return (access_control_list as JsonObject[])
    .map((entry) => String(entry.group_name ?? entry.user_name ?? entry.service_principal_name))
    .filter((name) => name !== "admins" && name !== at.server.workspace.adminUserName);
}
