import { ApiError } from "../http/app.js";
import { alreadyExists, doesNotExist, invalidParameter } from "./errors.js";
import type { Notebook } from "./notebook-formats.js";
import { NotAFolderError, PathTree, parentOf, type PathNode } from "./path-tree.js";
import type { Workspace } from "./workspace.js";

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

/** Folders that every workspace has and that cannot be removed. */
const PROTECTED = ["/", "/Users", "/Shared", "/Repos"];

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

/** Notebooks, files and folders of one workspace. */
export class WorkspaceTree {
  readonly #tree: PathTree<WorkspaceObject>;

  constructor(private readonly workspace: Workspace) {
    const now = (): number => workspace.clock.now();
    this.#tree = new PathTree(workspace.table("workspace-objects"), (path) => ({
      id: path === "/" ? 0n : workspace.newId(),
      createdAt: now(),
      modifiedAt: now(),
    }));
  }

  /** The folders of a new workspace; a user's own comes with the user. */
  furnish(): void {
    for (const path of PROTECTED) this.#tree.makeFolders(path);
    this.makeHome(this.workspace.adminUserName);
  }

  makeHome(userName: string): void {
    this.#tree.makeFolders(`/Users/${userName}`);
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
    this.#tree.put(path, { id, createdAt: before?.info.createdAt ?? now, modifiedAt: now, ...content });
  }

  delete(path: string, recursive: boolean): void {
    const { children } = this.get(path);
    if (PROTECTED.includes(path))
      throw new ApiError(400, "DIRECTORY_PROTECTED", `Folder (${path}) is protected and cannot be deleted.`);
    if (children?.size && !recursive) throw new ApiError(400, "DIRECTORY_NOT_EMPTY", `Folder (${path}) is not empty`);
    this.#tree.remove(path);
  }
}
