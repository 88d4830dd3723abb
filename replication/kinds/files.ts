import { createHash } from "node:crypto";
import { dirname } from "node:path/posix";
import { isNotFound, mayHaveHappened } from "../client/errors.js";
import { type JsonObject, objectsOf } from "../values/json.js";
import type { WorkspaceClient } from "../client/workspace-client.js";

/** Most bytes of one DBFS call. https://docs.databricks.com/api/azure/workspace/dbfs/read */
const blockSize = 1024 * 1024;

/** Most bytes of a file that is written in one call: as text in JSON it is a third longer, and must stay below 1 MB. */
const mostInOnePut = blockSize / 2;

const writeAttempts = 3;

export interface FileStatus {
  readonly size: number;
  /** Size and time of change: the content is the same while this is. */
  readonly stamp: string;
}

/** One place where a workspace keeps files. Paths are absolute; contents pass through in blocks. */
export interface FileStore {
  status(client: WorkspaceClient, path: string): Promise<FileStatus | undefined>;
  read(client: WorkspaceClient, path: string): AsyncIterable<Uint8Array>;
  /** Replaces the file. `content` is called anew if the write has to begin again. */
  write(client: WorkspaceClient, path: string, content: () => AsyncIterable<Uint8Array>): Promise<void>;
  remove(client: WorkspaceClient, path: string): Promise<void>;
}

const dbfs: FileStore = {
  async status(client, path) {
    const status = await orMissing(() => client.get("/api/2.0/dbfs/get-status", { path }));
    return status && status.is_dir !== true ? statusOf(status) : undefined;
  },

  async *read(client, path) {
    for (let offset = 0; ;) {
      const { bytes_read, data } = await client.get("/api/2.0/dbfs/read", { path, offset, length: blockSize });
      const length = Number(bytes_read);
      if (length > 0) yield Buffer.from(String(data), "base64");
      // Less than was asked for is given only at the file's end.
      if (length < blockSize) return;
      offset += length;
    }
  },

  /**
   * A small file in one call, since DBFS has few to give; a larger one in blocks. Either makes the folders above it. Blocks
   * cannot be resumed: after a lost answer the file begins again, which is as good as the first time.
   * https://github.com/databricks/cli/blob/main/libs/filer/dbfs_client.go (Write)
   */
  async write(client, path, content) {
    for (let attempt = 1; ; attempt++) {
      try {
        return await writeBlocks(client, path, content());
      } catch (error) {
        if (attempt >= writeAttempts || !mayHaveHappened(error)) throw error;
      }
    }
  },

  async remove(client, path) {
    await client.post("/api/2.0/dbfs/delete", { path, recursive: false }, { idempotent: true });
  },
};

async function writeBlocks(client: WorkspaceClient, path: string, content: AsyncIterable<Uint8Array>): Promise<void> {
  const rest = blocks(content);
  const { value: first = Buffer.alloc(0) } = await rest.next();
  if (first.length <= mostInOnePut) {
    const contents = first.toString("base64");
    await client.post("/api/2.0/dbfs/put", { path, contents, overwrite: true }, { idempotent: true });
    return;
  }
  const { handle } = await client.post("/api/2.0/dbfs/create", { path, overwrite: true }, { idempotent: true });
  const add = (block: Buffer): Promise<unknown> =>
    client.post("/api/2.0/dbfs/add-block", { handle, data: block.toString("base64") });
  await add(first);
  for await (const block of rest) await add(block);
  await client.post("/api/2.0/dbfs/close", { handle });
}

const workspaceFiles: FileStore = {
  async status(client, path) {
    const status = await orMissing(() => client.get("/api/2.0/workspace/get-status", { path }));
    // A folder can be exported as well, as an archive of what is in it.
    if (status?.object_type !== "FILE") return undefined;
    return { size: Number(status.size ?? -1), stamp: `${String(status.size)}:${String(status.modified_at)}` };
  },

  async *read(client, path) {
    yield* await client.download("/api/2.0/workspace/export", { path, format: "AUTO", direct_download: true });
  },

  async write(client, path, content) {
    await client.post("/api/2.0/workspace/mkdirs", { path: dirname(path) }, { idempotent: true });
    const url = `/api/2.0/workspace-files/import-file${encodePath(path)}`;
    await client.upload("POST", url, { overwrite: true }, content);
  },

  async remove(client, path) {
    await client.post("/api/2.0/workspace/delete", { path }, { idempotent: true });
  },
};

/** https://docs.databricks.com/api/azure/workspace/files */
const volumes: FileStore = {
  async status(client, path) {
    return orMissing(async () => {
      const headers = await client.head(`/api/2.0/fs/files${encodePath(path)}`);
      const size = Number(headers.get("content-length"));
      return { size, stamp: `${size}:${headers.get("last-modified") ?? ""}` };
    });
  },

  async *read(client, path) {
    yield* await client.download(`/api/2.0/fs/files${encodePath(path)}`);
  },

  async write(client, path, content) {
    await client.upload("PUT", `/api/2.0/fs/directories${encodePath(dirname(path))}`, {}, () => "");
    const url = `/api/2.0/fs/files${encodePath(path)}`;
    await client.upload("PUT", url, { overwrite: true }, content);
  },

  async remove(client, path) {
    await client.delete(`/api/2.0/fs/files${encodePath(path)}`);
  },
};

export const fileStores = { dbfs, workspace: workspaceFiles, volumes } as const;

/** Every file below a DBFS folder, with its status; none when there is no such folder. */
export async function dbfsFilesBelow(client: WorkspaceClient, folder: string): Promise<[string, FileStatus][]> {
  const listing = await orMissing(() => client.get("/api/2.0/dbfs/list", { path: folder }));
  const found = await Promise.all(
    objectsOf(listing?.files).map(async (file): Promise<[string, FileStatus][]> => {
      const path = String(file.path);
      return file.is_dir === true ? dbfsFilesBelow(client, path) : [[path, statusOf(file)]];
    }),
  );
  return found.flat();
}

export async function sha256(content: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash("sha256");
  for await (const block of content) hash.update(block);
  return hash.digest("hex");
}

/** Passes content on while it is hashed, and fails at its end if it is not the content that was announced. */
export async function* proven(
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  expected: string,
): AsyncIterable<Uint8Array> {
  const hash = createHash("sha256");
  for await (const block of content) {
    hash.update(block);
    yield block;
  }
  if (hash.digest("hex") !== expected)
    throw new Error("changed on the source while it was copied; the next run copies it");
}

function statusOf(file: JsonObject): FileStatus {
  return { size: Number(file.file_size), stamp: `${String(file.file_size)}:${String(file.modification_time)}` };
}

async function orMissing<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** The content in blocks of `blockSize`; only the last one is smaller. */
async function* blocks(content: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, undefined> {
  let waiting: Buffer = Buffer.alloc(0);
  for await (const chunk of content) {
    waiting = waiting.length === 0 ? Buffer.from(chunk) : Buffer.concat([waiting, chunk]);
    for (; waiting.length >= blockSize; waiting = waiting.subarray(blockSize)) yield waiting.subarray(0, blockSize);
  }
  if (waiting.length > 0) yield waiting;
  return undefined;
}

export function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}
