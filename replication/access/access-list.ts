import { ApiError, meansGone } from "../client/errors.js";
import type { WorkspaceClient } from "../client/workspace-client.js";
import type { Item, Permissions } from "../kinds/kind.js";
import type { AccessRecord } from "../notes/record.js";
import type { Changes } from "../values/changes.js";
import { fingerprint } from "../values/fingerprint.js";
import { type JsonObject, objectsOf } from "../values/json.js";

const sorts = ["user_name", "group_name", "service_principal_name"] as const;

/** What one principal was given on one object, and did not inherit. */
export interface Grant {
  readonly sort: (typeof sorts)[number];
  readonly name: string;
  /** `CAN_RUN`, `IS_OWNER`, … */
  readonly level: string;
}

/** What has an access list. */
export type AccessHolder = Pick<Item, "id" | "accessId">;

/** The direct grants of an object, in one order. */
export type AccessList = readonly Grant[];

/** What is to be done about the access list of one copy. */
export interface PlannedAccess {
  /** To be written; absent where it is right already. */
  readonly wanted?: AccessList;
  /** What is known of it once that is done. */
  readonly record: AccessRecord;
}

export const owner = "IS_OWNER";

/** A workspace of the Standard tier has no access lists. */
export function isWithoutAccessLists(error: unknown): boolean {
  return error instanceof ApiError && error.errorCode === "FEATURE_DISABLED";
}

/** https://docs.databricks.com/api/azure/workspace/permissions. Undefined where the object is gone. */
export async function readAccess(
  client: WorkspaceClient,
  permissions: Permissions,
  holder: AccessHolder,
): Promise<AccessList | undefined> {
  const answer = await client.get(pathOf(permissions, holder)).catch((error: unknown) => {
    if (isWithoutAccessLists(error) || !meansGone(error)) throw error;
    return undefined;
  });
  return answer && grantsIn(answer);
}

/** Replaces the direct grants, and gives those that the workspace shows afterwards. */
export async function writeAccess(
  client: WorkspaceClient,
  permissions: Permissions,
  holder: AccessHolder,
  list: AccessList,
): Promise<AccessList> {
  return grantsIn(await client.put(pathOf(permissions, holder), { access_control_list: entriesOf(list) }));
}

/** As requests have them. */
export function entriesOf(list: AccessList): JsonObject[] {
  return list.map(({ sort, name, level }) => ({ [sort]: name, permission_level: level }));
}

export function accessFingerprint(list: AccessList): string {
  return fingerprint(list.map(textOf));
}

export function sameAccess(a: AccessList, b: AccessList): boolean {
  return accessFingerprint(a) === accessFingerprint(b);
}

/** `access.bob@example.com: CAN_RUN → CAN_MANAGE` */
export function accessChanges(before: AccessList, after: AccessList): Changes {
  const levels = (list: AccessList): Map<string, string> => {
    const byName = new Map<string, string>();
    for (const { name, level } of list)
      byName.set(name.toLowerCase(), [...(byName.get(name.toLowerCase())?.split(", ") ?? []), level].sort().join(", "));
    return byName;
  };
  const [olds, news] = [levels(before), levels(after)];
  const names = [...new Set([...olds.keys(), ...news.keys()])].sort();
  return Object.fromEntries(
    names.flatMap((name) => {
      const [was, is] = [olds.get(name) ?? "(none)", news.get(name) ?? "(none)"];
      return was === is ? [] : [[`access.${name}`, `${was} → ${is}`] as const];
    }),
  );
}

function pathOf({ type }: Permissions, { id, accessId = id }: AccessHolder): string {
  return `/api/2.0/permissions/${type}/${encodeURIComponent(accessId)}`;
}

function grantsIn({ access_control_list }: JsonObject): AccessList {
  const grants = objectsOf(access_control_list).flatMap((entry) => {
    const sort = sorts.find((each) => typeof entry[each] === "string");
    if (!sort) return [];
    return objectsOf(entry.all_permissions)
      .filter(({ inherited }) => inherited !== true)
      .map(({ permission_level }): Grant => ({ sort, name: String(entry[sort]), level: String(permission_level) }));
  });
  return sorted(grants);
}

export function sorted(list: AccessList): AccessList {
  return [...list].sort((a, b) => (textOf(a) < textOf(b) ? -1 : 1));
}

/** User names are folded to lower case by the workspace. */
function textOf({ sort, name, level }: Grant): string {
  return `${sort} ${sort === "user_name" ? name.toLowerCase() : name} ${level}`;
}
