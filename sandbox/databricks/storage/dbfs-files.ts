import { ApiError } from "../../http/app.js";
import { JavaException, Mounts } from "./mounts.js";
import { NotAFolderError, PathTree, join, type PathNode } from "./path-tree.js";
import type { StoredFile, StoredFiles } from "./storage-accounts.js";
import type { Workspace } from "../workspace.js";

/** One entry as `dbfs/list` and `dbutils.fs.ls` give it; `path` without `dbfs:`. */
export interface DbfsEntry {
  readonly path: string;
  readonly isFolder: boolean;
  readonly size: number;
  readonly modifiedAt: number;
}

/**
 * How many files one delete removes before it answers PARTIAL_DELETE; stands for the 45 seconds that a workspace works
 * before it does so. https://docs.databricks.com/api/workspace/dbfs/delete
 */
export const FILES_A_DELETE = 5000;

/** Absolute, without `dbfs:`, doubled and trailing slashes. */
export function dbfsPath(path: unknown): string {
  if (typeof path !== "string" || path === "")
    throw new ApiError(400, "INVALID_PARAMETER_VALUE", "Missing required field: path");
  const plain = path.replace(/^dbfs:/, "");
  if (!plain.startsWith("/")) throw new ApiError(400, "INVALID_PARAMETER_VALUE", `Path must be absolute: ${path}`);
  return plain.replace(/\/{2,}/g, "/").replace(/(.)\/$/, "$1");
}

const missing = (path: string): ApiError =>
  new ApiError(404, "RESOURCE_DOES_NOT_EXIST", `No file or directory exists on path ${path}.`);
const taken = (path: string): ApiError =>
  new ApiError(400, "RESOURCE_ALREADY_EXISTS", `A file or directory already exists at the input path dbfs:${path}.`);

/** DBFS is shut in this workspace: https://docs.databricks.com/aws/en/dbfs/disable-dbfs-root-mounts */
export class DbfsDisabledError extends ApiError {
  constructor(path: string) {
    super(403, "PERMISSION_DENIED", `Public DBFS root is disabled. Access is denied on path: ${path}`);
  }
}

interface Place {
  readonly tree: PathTree<StoredFile>;
  readonly path: string;
  readonly readOnly: boolean;
  /** Where the tree's own paths begin, seen from DBFS. */
  readonly toDbfs: (path: string) => string;
}

/** DBFS of one workspace: its root, and behind the mount points the containers of storage accounts. */
export class DbfsFiles {
  readonly #mounts: Mounts;
  readonly #root: StoredFiles;

  constructor(private readonly workspace: Workspace) {
    this.#mounts = new Mounts(workspace);
    this.#root = workspace.table("dbfs");
  }

  status(path: string): DbfsEntry {
    const { tree, path: inTree } = this.#place(path);
    const node = tree.get(inTree);
    if (node) return entryOf(path, node);
    if (this.#isMountOrAbove(path)) return { path, isFolder: true, size: 0, modifiedAt: 0 };
    throw missing(path);
  }

  exists(path: string): boolean {
    const { tree, path: inTree } = this.#place(path);
    return tree.get(inTree) !== undefined || this.#isMountOrAbove(path);
  }

  /** A folder's entries; of a file, the file itself. */
  list(path: string): DbfsEntry[] {
    const { tree, path: inTree, toDbfs } = this.#place(path);
    const node = tree.get(inTree);
    if (node && !node.children) return [entryOf(path, node)];
    const mounted = this.#mounts.namesIn(path);
    if (!node && mounted.length === 0 && !this.#isMountOrAbove(path)) throw missing(path);
    const entries = new Map(tree.list(inTree).map(([child, found]) => [child, entryOf(toDbfs(child), found)]));
    for (const name of mounted) {
      const child = join(path, name);
      if (!entries.has(child)) entries.set(child, { path: child, isFolder: true, size: 0, modifiedAt: 0 });
    }
    return [...entries.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** Up to `length` bytes from `offset` on. */
  read(path: string, offset: number, length: number): Buffer {
    const { tree, path: inTree } = this.#place(path);
    const node = tree.get(inTree);
    if (!node && !this.#isMountOrAbove(path)) throw missing(path);
    if (!node || node.children) throw new ApiError(400, "INVALID_PARAMETER_VALUE", `Cannot read a directory: ${path}`);
    const pieces: Uint8Array[] = [];
    let start = 0;
    for (const block of node.info.blocks) {
      const from = Math.max(0, offset - start);
      const to = Math.min(block.length, offset + length - start);
      if (from < to) pieces.push(block.subarray(from, to));
      start += block.length;
      if (start >= offset + length) break;
    }
    return Buffer.concat(pieces);
  }

  readAll(path: string): Buffer {
    return this.read(path, 0, this.status(path).size);
  }

  write(path: string, blocks: readonly Uint8Array[], overwrite: boolean): void {
    const { tree, path: inTree } = this.#writable(path);
    const node = tree.get(inTree);
    if (node?.children || this.#isMountOrAbove(path) || (node && !overwrite)) throw taken(path);
    const own = blocks.map((block) => new Uint8Array(block));
    const size = own.reduce((sum, block) => sum + block.length, 0);
    asConflict(path, () => tree.put(inTree, { blocks: own, size, modifiedAt: this.workspace.clock.now() }));
  }

  /** Adds a block to a file that `write` made. */
  append(path: string, block: Uint8Array): void {
    const { tree, path: inTree } = this.#writable(path);
    const node = tree.get(inTree);
    if (!node || node.children) throw missing(path);
    node.info.blocks.push(new Uint8Array(block));
    node.info = {
      blocks: node.info.blocks,
      size: node.info.size + block.length,
      modifiedAt: this.workspace.clock.now(),
    };
  }

  makeFolders(path: string): void {
    const { tree, path: inTree } = this.#writable(path);
    asConflict(path, () => tree.makeFolders(inTree));
  }

  move(from: string, to: string): void {
    if (!this.exists(from)) throw missing(from);
    const source = this.#writable(from);
    const target = this.#writable(to);
    if (this.exists(to)) throw taken(to);
    if (source.tree === target.tree) {
      if (target.path.startsWith(`${source.path}/`))
        throw new ApiError(400, "INVALID_PARAMETER_VALUE", `Cannot move ${from} into itself: ${to}`);
      return asConflict(to, () => target.tree.move(source.path, target.path));
    }
    for (const [path, node] of [...source.tree.walk(source.path)]) {
      const moved = target.path + path.slice(source.path.length);
      asConflict(to, () => (node.children ? target.tree.makeFolders(moved) : target.tree.put(moved, node.info)));
    }
    source.tree.remove(source.path);
  }

  /** What is missing is not an error: https://github.com/databricks/cli/blob/main/libs/filer/dbfs_client.go says so. */
  delete(path: string, recursive: boolean, limit = FILES_A_DELETE): void {
    this.refuseIfDisabled(path);
    if (this.#mounts.list().some(({ mountPoint }) => mountPoint === path))
      throw new ApiError(400, "INVALID_PARAMETER_VALUE", `Cannot delete a mount point: ${path}`);
    const { tree, path: inTree } = this.#writable(path);
    const children = tree.get(inTree)?.children;
    if (children?.size && !recursive)
      throw new ApiError(400, "IO_ERROR", `Path is a non-empty directory and recursive is false: dbfs:${path}`);
    const removed = tree.remove(inTree, limit);
    if (tree.get(inTree) && path !== "/")
      throw new ApiError(
        503,
        "PARTIAL_DELETE",
        `The requested operation has deleted ${removed} files. There are more files remaining. ` +
          "You must make another request to delete more.",
      );
  }

  /** @throws DbfsDisabledError where the workspace has DBFS switched off, root and mounts alike. */
  refuseIfDisabled(path: string): void {
    if (this.workspace.controls.dbfsDisabled) throw new DbfsDisabledError(path);
  }

  #isMountOrAbove(path: string): boolean {
    return path === "/" || this.#mounts.holding(path)?.mountPoint === path || this.#mounts.namesIn(path).length > 0;
  }

  readonly #trees = new WeakMap<StoredFiles, PathTree<StoredFile>>();

  #tree(files: StoredFiles): PathTree<StoredFile> {
    let tree = this.#trees.get(files);
    if (!tree) {
      tree = new PathTree(files, () => ({ blocks: [], size: 0, modifiedAt: this.workspace.clock.now() }));
      this.#trees.set(files, tree);
    }
    return tree;
  }

  #place(path: string): Place {
    this.refuseIfDisabled(path);
    const mount = this.#mounts.holding(path);
    if (!mount) return { tree: this.#tree(this.#root), path, readOnly: false, toDbfs: (inTree) => inTree };
    try {
      const { account, files, folder } = this.#mounts.files(mount);
      const base = folder === "/" ? "" : folder;
      return {
        tree: this.#tree(files),
        path: base + path.slice(mount.mountPoint.length) || "/",
        readOnly: account.readOnly,
        toDbfs: (inTree) => mount.mountPoint + inTree.slice(base.length),
      };
    } catch (cause) {
      if (cause instanceof JavaException) throw new ApiError(400, "IO_ERROR", `${cause.javaClass}: ${cause.message}`);
      throw cause;
    }
  }

  #writable(path: string): Place {
    const place = this.#place(path);
    if (place.readOnly)
      throw new ApiError(
        403,
        "PERMISSION_DENIED",
        `Operation failed: "Write operations are not allowed.", 403, PUT, ${path} stands on a read-only secondary endpoint`,
      );
    return place;
  }
}

function entryOf(path: string, node: PathNode<StoredFile>): DbfsEntry {
  return { path, isFolder: node.children !== undefined, size: node.info.size, modifiedAt: node.info.modifiedAt };
}

function asConflict(path: string, write: () => void): void {
  try {
    write();
  } catch (cause) {
    if (cause instanceof NotAFolderError)
      throw new ApiError(
        400,
        "RESOURCE_ALREADY_EXISTS",
        `A file already exists at ${cause.path}, a parent of the input path dbfs:${path}.`,
      );
    throw cause;
  }
}
