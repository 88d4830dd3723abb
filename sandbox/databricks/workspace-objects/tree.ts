import { ApiError } from "../../http/app.js";
import { alreadyExists, directoryProtected, doesNotExist, invalidParameter } from "../http/errors.js";
import type { Notebook } from "./notebook-formats.js";
import { NotAFolderError, PathTree, parentOf, type PathNode } from "../storage/path-tree.js";
import { grantCreator, grantsOn, revokeAll, setGrants } from "../permissions/row.js";
import type { Workspace } from "../workspace.js";

/** One object of the workspace's tree: a folder, a notebook or a file. Times are ms since 1970. */
export interface WorkspaceObject {
  /** Beyond 2^53, as in old workspaces. */
  readonly id: bigint;
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly notebook?: Notebook;
  readonly file?: Uint8Array;
}

export type ObjectType = "DIRECTORY" | "NOTEBOOK" | "FILE";

/** Folders that every workspace has, that everybody sees, and that cannot be removed. */
export const PROTECTED = ["/", "/Users", "/Shared", "/Repos"];

export const noSuchPath = (path: string): ApiError => doesNotExist(`Path (${path}) doesn't exist.`);

/**
 * A path as the tree knows it. `/Workspace/Users/a` and `/Users/a` are one object; answers name it in the caller's way.
 * https://docs.databricks.com/aws/en/files/workspace
 */
export interface WorkspacePath {
  readonly path: string;
  readonly asked: (path: string) => string;
}

export function workspacePath(text: unknown): WorkspacePath {
  if (typeof text !== "string" || text === "") throw invalidParameter("Missing required field: path");
  if (!text.startsWith("/")) throw invalidParameter(`Path (${text}) doesn't start with '/'`);
  const plain = text.replace(/\/{2,}/g, "/").replace(/(.)\/$/, "$1");
  if (plain !== "/Workspace" && !plain.startsWith("/Workspace/")) return { path: plain, asked: (path) => path };
  return {
    path: plain.slice("/Workspace".length) || "/",
    asked: (path) => (path === "/" ? "/Workspace" : `/Workspace${path}`),
  };
}

export function typeOf(node: PathNode<WorkspaceObject>): ObjectType {
  return node.children ? "DIRECTORY" : node.info.notebook ? "NOTEBOOK" : "FILE";
}

/** The permissions API's name for objects of a type. */
export function permissionTypeOf(node: PathNode<WorkspaceObject>): "directories" | "notebooks" | "files" {
  return ({ DIRECTORY: "directories", NOTEBOOK: "notebooks", FILE: "files" } as const)[typeOf(node)];
}

/** Notebooks, files and folders of one workspace. */
export class WorkspaceTree {
  readonly #tree: PathTree<WorkspaceObject>;
  /** Where each object was put last, by id. */
  readonly #paths: Map<string, string>;

  /** `maker` gets the management of what is made; without one, nobody does beyond what folders pass on. */
  constructor(
    private readonly workspace: Workspace,
    private readonly maker?: string,
  ) {
    const now = (): number => workspace.clock.now();
    this.#paths = workspace.table<string>("workspace-object-paths");
    this.#tree = new PathTree(workspace.table("workspace-objects"), (path) => {
      const id = path === "/" ? 0n : workspace.newId();
      this.#paths.set(id.toString(), path);
      this.#grantMaker("directories", id);
      return { id, createdAt: now(), modifiedAt: now() };
    });
  }

  /**
   * The folders of a new workspace, with their access lists: the root is the administrators', `/Shared` is everybody's. A
   * user's own folder comes with the user. https://docs.databricks.com/aws/en/security/auth/access-control (Folder ACLs)
   */
  furnish(): void {
    for (const path of PROTECTED) this.#tree.makeFolders(path);
    this.#grantOnce("/", "admins");
    this.#grantOnce("/Shared", "users");
    this.makeHome(this.workspace.adminUserName);
    if (this.workspace.plainUserName !== undefined) this.makeHome(this.workspace.plainUserName);
  }

  #grantMaker(type: string, id: bigint): void {
    if (this.maker !== undefined) grantCreator(this.workspace, type, id.toString(), this.maker);
  }

  #grantOnce(path: string, group: string): void {
    const id = this.get(path).info.id.toString();
    if (grantsOn(this.workspace, "directories", id).length === 0)
      setGrants(this.workspace, "directories", id, [{ kind: "group_name", name: group, level: "CAN_MANAGE" }]);
  }

  makeHome(userName: string): void {
    const path = `/Users/${userName}`;
    if (this.find(path)) return;
    this.#tree.makeFolders(path);
    grantCreator(this.workspace, "directories", this.get(path).info.id.toString(), userName);
  }

  /** The path of the object with that id; undefined when there is none. */
  pathOf(id: string): string | undefined {
    const path = this.#paths.get(id);
    return path !== undefined && this.find(path)?.info.id.toString() === id ? path : undefined;
  }

  /** Only a user's coming makes a folder in `/Users`: https://github.com/amesar/mlflow-export-import/issues/24 */
  #refuseNobodysHome(path: string): void {
    const [, top, name] = path.split("/");
    if (top === "Users" && name && !this.#tree.isFolder(`/Users/${name}`))
      throw directoryProtected("Folder Users is protected");
  }

  get(path: string): PathNode<WorkspaceObject> {
    const node = this.#tree.get(path);
    if (!node) throw noSuchPath(path);
    return node;
  }

  find(path: string): PathNode<WorkspaceObject> | undefined {
    return this.#tree.get(path);
  }

  list(path: string): [path: string, node: PathNode<WorkspaceObject>][] {
    const node = this.get(path);
    return node.children ? this.#tree.list(path) : [[path, node]];
  }

  walk(path: string): Generator<[path: string, node: PathNode<WorkspaceObject>]> {
    return this.#tree.walk(path);
  }

  makeFolders(path: string): void {
    this.#refuseNobodysHome(path);
    try {
      this.#tree.makeFolders(path);
    } catch (cause) {
      if (!(cause instanceof NotAFolderError)) throw cause;
      throw alreadyExists(`Path (${cause.path}) already exists and is not a directory.`);
    }
  }

  /** Writes a notebook or file. The folder it goes into must exist; an object of another type is not overwritten. */
  put(path: string, content: Pick<WorkspaceObject, "notebook" | "file">, overwrite: boolean): void {
    const parent = parentOf(path);
    this.#refuseNobodysHome(path);
    if (!this.#tree.isFolder(parent)) throw doesNotExist(`The parent folder (${parent}) does not exist.`);
    const before = this.#tree.get(path);
    const type = content.notebook ? "NOTEBOOK" : "FILE";
    if (before && !overwrite) throw alreadyExists(`Path (${path}) already exists.`);
    if (before && typeOf(before) !== type)
      throw invalidParameter(
        `Cannot overwrite the asset at ${path} due to type mismatch (asked: ${type}, actual: ${typeOf(before)})`,
      );
    const now = this.workspace.clock.now();
    const id = before?.info.id ?? this.workspace.newId();
    this.#paths.set(id.toString(), path);
    if (!before) this.#grantMaker(content.notebook ? "notebooks" : "files", id);
    this.#tree.put(path, { id, createdAt: before?.info.createdAt ?? now, modifiedAt: now, ...content });
  }

  delete(path: string, recursive: boolean): void {
    const { children } = this.get(path);
    if (PROTECTED.includes(path)) throw directoryProtected(`Folder (${path}) is protected and cannot be deleted.`);
    if (children?.size && !recursive) throw new ApiError(400, "DIRECTORY_NOT_EMPTY", `Folder (${path}) is not empty`);
    for (const [, gone] of this.#tree.walk(path)) {
      this.#paths.delete(gone.info.id.toString());
      revokeAll(this.workspace, permissionTypeOf(gone), gone.info.id.toString());
    }
    this.#tree.remove(path);
  }
}
