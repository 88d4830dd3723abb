import { permissionDenied } from "../http/errors.js";
import { grantsOn, type Grant } from "./row.js";
import { permissionTypes } from "./types.js";
import { findGroup, findPrincipal, principalTable } from "../identity/principal-row.js";
import { isObject } from "../http/request-fields.js";
import type { Workspace } from "../workspace.js";

/** A caller with the groups it is in, directly or through other groups. */
export interface Subject {
  readonly name: string;
  readonly groups: ReadonlySet<string>;
  readonly isAdmin: boolean;
}

/** Who a token's holder is to the access lists; one that is in `admins`, directly or not, may do everything. */
export function subjectOf(workspace: Workspace, caller: string): Subject {
  const groups = new Set<string>();
  const ids = [String(findPrincipal(workspace, caller)?.["id"] ?? "")];
  for (let id = ids.pop(); id !== undefined; id = ids.pop())
    for (const group of principalTable(workspace, "Groups").values()) {
      const name = String(group["displayName"]);
      if (groups.has(name) || !Array.isArray(group["members"])) continue;
      if (!group["members"].some((member) => isObject(member) && member["value"] === id)) continue;
      groups.add(name);
      ids.push(String(group["id"]));
    }
  return { name: caller, groups, isAdmin: groups.has("admins") };
}

/** A workspace of the Standard tier has no access lists: in it, every user may do what they ask for. */
export function hasAccessLists(workspace: Workspace): boolean {
  return workspace.options.tier !== "standard";
}

/** Whether a grant is for that caller, by name or through a group. */
export function concerns(subject: Subject, { kind, name }: Grant): boolean {
  return kind === "group_name" ? subject.groups.has(name) : name.toLowerCase() === subject.name.toLowerCase();
}

/** Whether a user, service principal or one of its groups has been given an entitlement. */
export function isEntitled(workspace: Workspace, subject: Subject, entitlement: string): boolean {
  if (subject.isAdmin) return true;
  const holders = [
    findPrincipal(workspace, subject.name),
    ...[...subject.groups].map((group) => findGroup(workspace, group)),
  ];
  return holders.some((holder) => {
    const entitlements = holder?.["entitlements"];
    return Array.isArray(entitlements) && entitlements.some((each) => isObject(each) && each["value"] === entitlement);
  });
}

/** Whether the caller has that level, or a stronger one, on an object. */
export function hasLevel(workspace: Workspace, subject: Subject, type: string, id: string, level: string): boolean {
  if (subject.isAdmin || !hasAccessLists(workspace)) return true;
  const kind = permissionTypes.get(type);
  if (!kind) return false;
  const rank = (name: string): number => kind.levels.findIndex(([known]) => known === name);
  const inherited = kind.inherited?.(workspace, id).map(({ grant }) => grant) ?? [];
  return [...grantsOn(workspace, type, id), ...inherited].some(
    (grant) => concerns(subject, grant) && rank(grant.level) >= rank(level),
  );
}

/** Refuses a caller without that level on an object; one that does not exist is the handler's to name. */
export function requireLevel(workspace: Workspace, caller: string, type: string, id: string, level: string): void {
  const kind = permissionTypes.get(type);
  if (!kind?.exists(workspace, id) || hasLevel(workspace, subjectOf(workspace, caller), type, id, level)) return;
  throw permissionDenied(
    `User ${caller} does not have ${level} permission on ${kind.noun.toLowerCase()} ${id}. Ask its owner or a workspace administrator.`,
  );
}

/** Whether the caller sees an object of that type in a listing. */
export function visibleTo(workspace: Workspace, caller: string, type: string): (id: string) => boolean {
  const subject = subjectOf(workspace, caller);
  const weakest = permissionTypes.get(type)?.levels[0]?.[0] ?? "";
  return (id) => hasLevel(workspace, subject, type, id, weakest);
}
