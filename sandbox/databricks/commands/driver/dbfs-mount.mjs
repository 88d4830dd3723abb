// @ts-check
// DBFS under /dbfs, as every Databricks driver has it, so that open() and os reach the workspace's files.
// https://learn.microsoft.com/azure/databricks/files/ (POSIX-style paths)

/** WASI's numbers, which Emscripten's file system speaks. */
const ERRNO = { EEXIST: 20, EIO: 29, EINVAL: 28, ENOENT: 44 };
const FOLDER = 0o40777;
const FILE = 0o100666;
const O_TRUNC = 0o1000;

/**
 * @typedef {{ isFolder: boolean, size: number, modifiedAt: number }} Status
 * @typedef {{ id: number, name: string, mode: number, parent: Node, content?: Buffer, dirty?: boolean }} Node
 * @typedef {{ node: Node, flags: number, position: number }} Stream
 */

/**
 * Files are read whole when they are opened, and written whole when they are closed.
 * @param {any} FS Pyodide's
 * @param {(name: string, args: object) => any} call a `dbutils` call; throws what it failed with
 */
export function mountDbfs(FS, call) {
  /** @param {keyof typeof ERRNO} code */
  const failure = (code) => new FS.ErrnoError(ERRNO[code]);
  /** @param {Node} node @returns {string} */
  const pathOf = (node) => (node.parent === node ? "" : `${pathOf(node.parent)}/${node.name}`);
  /** @param {string} name @param {object} args */
  const attempt = (name, args) => {
    try {
      return call(name, args);
    } catch (cause) {
      throw failure(String(cause).includes("FileAlreadyExists") ? "EEXIST" : "EIO");
    }
  };
  /** @param {string} path @returns {Status} */
  const statusOf = (path) => {
    const status = attempt("fs.status", { path: path || "/" });
    if (!status) throw failure("ENOENT");
    return status;
  };
  /** @param {Node} node */
  const load = (node) => {
    node.content ??= Buffer.from(attempt("fs.read", { path: pathOf(node) }), "base64");
    return node.content;
  };
  /** @param {string} path @param {Buffer} content */
  const store = (path, content) => attempt("fs.write", { path, data: content.toString("base64"), overwrite: true });
  /** @param {Node | null} parent @param {string} name @param {number} mode */
  const newNode = (parent, name, mode) => Object.assign(FS.createNode(parent, name, mode, 0), { node_ops, stream_ops });

  const node_ops = {
    /** @param {Node} node */
    getattr(node) {
      const status = statusOf(pathOf(node));
      const size = node.content?.length ?? status.size;
      const time = new Date(status.modifiedAt);
      const mode = status.isFolder ? FOLDER : FILE;
      return {
        ...{ dev: 1, ino: node.id, mode, nlink: 1, uid: 0, gid: 0, rdev: 0, size },
        ...{ atime: time, mtime: time, ctime: time, blksize: 4096, blocks: Math.ceil(size / 4096) },
      };
    },
    /** @param {Node} node @param {{ size?: number }} attributes */
    setattr(node, { size }) {
      if (size === undefined) return;
      const resized = Buffer.alloc(size);
      load(node).copy(resized);
      node.content = resized;
      store(pathOf(node), resized);
    },
    /** @param {Node} parent @param {string} name */
    lookup(parent, name) {
      return newNode(parent, name, statusOf(`${pathOf(parent)}/${name}`).isFolder ? FOLDER : FILE);
    },
    /** @param {Node} parent @param {string} name @param {number} mode */
    mknod(parent, name, mode) {
      const path = `${pathOf(parent)}/${name}`;
      if (FS.isDir(mode)) attempt("fs.mkdirs", { path });
      else store(path, Buffer.alloc(0));
      return newNode(parent, name, mode);
    },
    /** @param {Node} node @param {Node} folder @param {string} name */
    rename(node, folder, name) {
      attempt("fs.mv", { source: pathOf(node), target: `${pathOf(folder)}/${name}`, recurse: true });
      node.parent = folder;
      node.name = name;
    },
    /** @param {Node} parent @param {string} name */
    unlink(parent, name) {
      attempt("fs.rm", { path: `${pathOf(parent)}/${name}`, recurse: false });
    },
    /** @param {Node} parent @param {string} name */
    rmdir(parent, name) {
      attempt("fs.rm", { path: `${pathOf(parent)}/${name}`, recurse: false });
    },
    /** @param {Node} node */
    readdir(node) {
      const entries = attempt("fs.ls", { path: pathOf(node) || "/" });
      return [".", "..", ...entries.map((/** @type {string[]} */ entry) => entry[1]?.replace(/\/$/, ""))];
    },
  };

  const stream_ops = {
    /** @param {Stream} stream */
    open({ node, flags }) {
      if (FS.isDir(node.mode)) return;
      node.content = flags & O_TRUNC ? Buffer.alloc(0) : undefined;
      load(node);
    },
    /** @param {Stream} stream */
    close({ node }) {
      if (node.dirty) store(pathOf(node), load(node));
      node.content = undefined;
      node.dirty = false;
    },
    /** @param {Stream} stream @param {Uint8Array} into @param {number} at @param {number} length @param {number} from */
    read({ node }, into, at, length, from) {
      const piece = load(node).subarray(from, from + length);
      into.set(piece, at);
      return piece.length;
    },
    /** @param {Stream} stream @param {Uint8Array} bytes @param {number} at @param {number} length @param {number} to */
    write({ node }, bytes, at, length, to) {
      const before = load(node);
      const after = Buffer.alloc(Math.max(before.length, to + length));
      before.copy(after);
      after.set(bytes.subarray(at, at + length), to);
      node.content = after;
      node.dirty = true;
      return length;
    },
    /** @param {Stream} stream @param {number} offset @param {number} whence 0 start, 1 here, 2 end */
    llseek({ node, position }, offset, whence) {
      const target = offset + (whence === 1 ? position : whence === 2 ? load(node).length : 0);
      if (target < 0) throw failure("EINVAL");
      return target;
    },
  };

  FS.mkdirTree("/dbfs");
  FS.mount({ mount: () => newNode(null, "/", FOLDER) }, {}, "/dbfs");
}
