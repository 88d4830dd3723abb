import { ApiError } from "../../http/app.js";
import { concerns, hasAccessLists, subjectOf, type Subject } from "../permissions/access-control.js";
import { invalidParameter, permissionDenied } from "../http/errors.js";
import { parentOf } from "../storage/path-tree.js";
import { grantsOn, type Grant } from "../permissions/row.js";
import { permissionTypes, type InheritedGrant, type PermissionType } from "../permissions/types.js";
import { noSuchPath, permissionTypeOf, PROTECTED, typeOf, WorkspaceTree } from "./tree.js";
import type { Workspace } from "../workspace.js";

const levels = ["CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"] as const;
type Level = (typeof levels)[number];

/** Grants on the folders above a path, the nearest first. */
function grantsAbove(tree: WorkspaceTree, workspace: Workspace, path: string): InheritedGrant[] {
  const found: InheritedGrant[] = [];
  for (let folder = path; folder !== "/";) {
    folder = parentOf(folder);
    const id = tree.find(folder)?.info.id.toString();
    if (id === undefined) continue;
    for (const grant of grantsOn(workspace, "directories", id)) found.push({ grant, from: `/directories/${id}` });
  }
  return found;
}

/** The root keeps its administrators, and nobody changes `/Shared`: both in the service's words, of
 * https://github.com/databricks/terraform-provider-databricks/issues/1241 and …/2269 */
function refuse(workspace: Workspace, id: string, grants: readonly Grant[]): void {
  const path = new WorkspaceTree(workspace).pathOf(id);
  const keepsAdmins = grants.some(
    ({ kind, name, level }) => kind === "group_name" && name === "admins" && level === "CAN_MANAGE",
  );
  if (path === "/" && !keepsAdmins) throw invalidParameter("Cannot remove admins's CAN_MANAGE permission on 0");
  if (path === "/Shared") throw new ApiError(400, "BAD_REQUEST", `Cannot modify permissions of directory ${id}`);
}

const typesByName = { directories: "directory", notebooks: "notebook", files: "file" } as const;

for (const [name, objectType] of Object.entries(typesByName) as [keyof typeof typesByName, string][]) {
  const verbs = { CAN_READ: "view", CAN_RUN: "run", CAN_EDIT: "edit", CAN_MANAGE: "manage" };
  const type: PermissionType = {
    objectType,
    levels: levels.map((level) => [level, `Can ${verbs[level]} the ${objectType}`]),
    adminLevel: "CAN_MANAGE",
    hasOwner: false,
    noun: objectType.charAt(0).toUpperCase() + objectType.slice(1),
    exists: (workspace, id) => {
      const tree = new WorkspaceTree(workspace);
      const path = tree.pathOf(id);
      return path !== undefined && permissionTypeOf(tree.get(path)) === name;
    },
    inherited: (workspace, id) => {
      const tree = new WorkspaceTree(workspace);
      return grantsAbove(tree, workspace, tree.pathOf(id) ?? "/");
    },
    refuse,
  };
  permissionTypes.set(name, type);
}

/** What the caller may do in the workspace's tree; folders pass their access lists on to what they hold. */
export class WorkspaceAccess {
  readonly #subject: Subject;

  constructor(
    private readonly workspace: Workspace,
    private readonly tree: WorkspaceTree,
    caller: string,
  ) {
    this.#subject = subjectOf(workspace, caller);
  }

  mayRead(path: string): boolean {
    return PROTECTED.includes(path) || this.#has(path, "CAN_READ");
  }

  /** What one may not read looks like what is not there. */
  read(path: string, asked = path): void {
    if (!this.mayRead(path)) throw noSuchPath(asked);
  }

  /** To make something takes managing the folder that it comes into, to write over it editing it. */
  write(path: string): void {
    if (this.#subject.isAdmin) return;
    if (this.tree.find(path)) return this.#require(path, "CAN_EDIT");
    let folder = parentOf(path);
    while (!this.tree.find(folder)) folder = parentOf(folder);
    this.#require(folder, "CAN_MANAGE");
  }

  remove(path: string): void {
    if (this.tree.find(path)) {
      this.read(path);
      this.#require(path, "CAN_MANAGE");
    }
  }

  #require(path: string, level: Level): void {
    if (this.#has(path, level)) return;
    const object = typeOf(this.tree.get(path)).toLowerCase();
    throw permissionDenied(`User ${this.#subject.name} does not have ${level} permission on ${object} ${path}.`);
  }

  #has(path: string, level: Level): boolean {
    if (this.#subject.isAdmin || !hasAccessLists(this.workspace)) return true;
    const node = this.tree.find(path);
    if (!node) return false;
    const direct = grantsOn(this.workspace, permissionTypeOf(node), node.info.id.toString());
    const above = grantsAbove(this.tree, this.workspace, path).map(({ grant }) => grant);
    return [...direct, ...above].some(
      (grant) => concerns(this.#subject, grant) && levels.indexOf(grant.level as Level) >= levels.indexOf(level),
    );
  }
}
