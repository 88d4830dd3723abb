import type { WorkspaceClient } from "../client/workspace-client.js";
import { type NotesFile, readNotesFile, removeNotesFile, writeNotesFile } from "../notes/notes-file.js";
import { publicKeyOf } from "../notes/signing.js";
import type { Endpoint, Role } from "../settings.js";
import { isObject, type JsonObject, parseJson, stringifyJson } from "../values/json.js";
import { sideOf } from "../inventory/side.js";

/** What a workspace says of its own role: kept beside the notes, for the day that the stack's state is lost or old. */
export interface RoleRecord {
  readonly role: Role;
  /** ISO 8601. */
  readonly since: string;
  /** Whether it has ever been a standby, so that it must have notes on its copies. */
  readonly wasStandby: boolean;
  /** Why it may not be ours. */
  readonly doubt?: string;
}

const file = "role";

/** Set for one run by whoever means it: the act of changing a role. */
const permit = "DR_CHANGE_ROLE";

export function mayChangeRole(to: Role): boolean {
  return process.env[permit] === to;
}

/** What is said to a configuration that contradicts the role in force. */
export function roleRefusal(stack: string, configured: Role, inForce: Role, since?: string): string {
  return [
    `stack ${stack} is ${inForce}${since ? ` since ${since}` : ""}, and its configuration says ${configured}; nothing is done`,
    `  → if the configuration is of before the change: pulumi config set databricks-dr:role ${inForce} --stack ${stack}, and commit Pulumi.${stack}.yaml`,
    `  → to change the role on purpose (docs/runbook.md): npx dr role ${stack} ${configured}`,
  ].join("\n");
}

/** The role that a workspace says it has; undefined where it says nothing. */
export async function readRole(client: WorkspaceClient, publicKey?: string): Promise<RoleRecord | undefined> {
  const workspaceId = await client.workspaceId();
  const notes = await readNotesFile(client, file, { workspaceId, ...(publicKey === undefined ? {} : { publicKey }) });
  const record = recordIn(notes);
  if (!record || !isRole(record.role)) return undefined;
  return {
    role: record.role,
    since: String(record.since),
    wasStandby: record.wasStandby === true,
    ...(notes?.doubt === undefined ? {} : { doubt: notes.doubt }),
  };
}

/** Writes the role that a workspace has from now on, unless it says so already. */
export async function writeRole(client: WorkspaceClient, role: Role, privateKey: string): Promise<void> {
  const workspaceId = await client.workspaceId();
  const before = await readNotesFile(client, file, { workspaceId, publicKey: publicKeyOf(privateKey) });
  const record = recordIn(before);
  if (before?.doubt === undefined && record?.role === role) return;
  const wasStandby = role === "standby" || record?.wasStandby === true;
  const writtenAt = new Date().toISOString();
  const records = new Map([[file, stringifyJson({ name: file, role, since: writtenAt, wasStandby })]]);
  const serial = (before?.serial ?? 0) + 1;
  await writeNotesFile(client, { kind: file, workspaceId, serial, writtenAt, records }, before, privateKey);
}

function recordIn(notes: NotesFile | undefined): JsonObject | undefined {
  const text = notes?.records.get(file);
  const record = text === undefined ? undefined : parseJson(text);
  return isObject(record) ? record : undefined;
}

function isRole(value: unknown): value is Role {
  return value === "active" || value === "standby" || value === "held";
}

/**
 * The role that a stack's own workspace has on record; undefined where it has none, or does not answer: then the stack's state
 * alone tells.
 */
export async function roleOnRecord(local: Endpoint, privateKey: string | undefined): Promise<RoleRecord | undefined> {
  try {
    const publicKey = privateKey === undefined ? local.notesKey : publicKeyOf(privateKey);
    return await readRole(clientOf(local), publicKey);
  } catch {
    return undefined;
  }
}

export async function recordRole(local: Endpoint, role: Role, privateKey: string): Promise<void> {
  await writeRole(clientOf(local), role, privateKey);
}

/** The stack is destroyed: its workspace has no role any more. */
export async function forgetRole(local: Endpoint, privateKey: string | undefined): Promise<void> {
  const client = clientOf(local);
  const publicKey = privateKey === undefined ? {} : { publicKey: publicKeyOf(privateKey) };
  const notes = await readNotesFile(client, file, { workspaceId: await client.workspaceId(), ...publicKey });
  if (notes) await removeNotesFile(client, notes);
}

function clientOf(local: Endpoint): WorkspaceClient {
  return sideOf(local, {}).client;
}
