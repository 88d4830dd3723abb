import { ApiError, jsonBody, reply } from "../../http/app.js";
import type { JsonObject } from "../../http/json.js";
import { type DbfsEntry, DbfsFiles, dbfsPath } from "./dbfs-files.js";
import type { Service } from "../service.js";

const MIB = 2 ** 20;
/** A handle that nothing is added to for so long is gone. https://docs.databricks.com/api/workspace/dbfs/create */
const HANDLE_IDLE_MS = 10 * 60_000;
const DEFAULT_READ = MIB / 2;

interface Handle {
  readonly path: string;
  usedAt: number;
}

/** DBFS 2.0: https://docs.databricks.com/api/workspace/dbfs */
export const dbfs: Service = {
  name: "dbfs",
  mount(app, workspace) {
    const files = new DbfsFiles(workspace);
    const handles = workspace.table<Handle>("dbfs-handles");
    const api = "/api/2.0/dbfs";

    app.get(`${api}/get-status`, (c) => reply(c, fileInfo(files.status(dbfsPath(c.req.query("path"))))));

    app.get(`${api}/list`, (c) => {
      const entries = files.list(dbfsPath(c.req.query("path")));
      return reply(c, entries.length === 0 ? {} : { files: entries.map(fileInfo) });
    });

    app.get(`${api}/read`, (c) => {
      const path = dbfsPath(c.req.query("path"));
      const offset = wholeNumber(c.req.query("offset"), "offset", 0);
      const length = wholeNumber(c.req.query("length"), "length", DEFAULT_READ);
      if (length > MIB)
        throw new ApiError(400, "MAX_READ_SIZE_EXCEEDED", `The max read size is ${MIB} bytes, asked for ${length}.`);
      const data = files.read(path, offset, length);
      return reply(c, { bytes_read: data.length, data: data.toString("base64") });
    });

    app.post(`${api}/mkdirs`, async (c) => {
      files.makeFolders(dbfsPath((await jsonBody(c)).path));
      return reply(c);
    });

    app.post(`${api}/move`, async (c) => {
      const body = await jsonBody(c);
      files.move(dbfsPath(body.source_path), dbfsPath(body.destination_path));
      return reply(c);
    });

    app.post(`${api}/delete`, async (c) => {
      const body = await jsonBody(c);
      files.delete(dbfsPath(body.path), body.recursive === true);
      return reply(c);
    });

    app.post(`${api}/put`, async (c) => {
      const multipart = c.req.header("content-type")?.startsWith("multipart/form-data");
      if (multipart) {
        // A form streams past the 1 MB limit, which is for `contents` in JSON. Its file has whatever name the client gave
        // it: curl's examples say `contents`, the legacy CLI `file`, and Python's clients say True for true.
        // https://github.com/databricks/databricks-cli/blob/main/databricks_cli/sdk/service.py (DbfsService.put)
        const form = await c.req.formData();
        const file = [...form.values()].find((value) => value instanceof Blob);
        const bytes = file ? await file.arrayBuffer() : Buffer.from(String(form.get("contents") ?? ""), "base64");
        const overwrite = /^true$/i.test(String(form.get("overwrite")));
        files.write(dbfsPath(form.get("path")), [new Uint8Array(bytes)], overwrite);
        return reply(c);
      }
      const body = await jsonBody(c);
      files.write(dbfsPath(body.path), [block(body.contents)], body.overwrite === true);
      return reply(c);
    });

    app.post(`${api}/create`, async (c) => {
      const body = await jsonBody(c);
      const path = dbfsPath(body.path);
      files.write(path, [], body.overwrite === true);
      const handle = workspace.newId();
      handles.set(String(handle), { path, usedAt: workspace.clock.now() });
      return reply(c, { handle });
    });

    const opened = (body: JsonObject): Handle => {
      const key = String(body.handle);
      const handle = handles.get(key);
      if (handle && workspace.clock.now() - handle.usedAt <= HANDLE_IDLE_MS) return handle;
      handles.delete(key);
      throw new ApiError(404, "RESOURCE_DOES_NOT_EXIST", `No open file handle: ${key}`);
    };

    app.post(`${api}/add-block`, async (c) => {
      const body = await jsonBody(c);
      const handle = opened(body);
      files.append(handle.path, block(body.data));
      handle.usedAt = workspace.clock.now();
      return reply(c);
    });

    app.post(`${api}/close`, async (c) => {
      const body = await jsonBody(c);
      files.refuseIfDisabled(opened(body).path);
      handles.delete(String(body.handle));
      return reply(c);
    });
  },
};

function fileInfo(entry: DbfsEntry): JsonObject {
  return {
    path: entry.path,
    is_dir: entry.isFolder,
    file_size: entry.isFolder ? 0 : entry.size,
    modification_time: entry.modifiedAt,
  };
}

function wholeNumber(text: string | undefined, name: string, otherwise: number): number {
  if (text === undefined || text === "") return otherwise;
  if (!/^-?\d+$/.test(text) || Number(text) < 0)
    throw new ApiError(400, "INVALID_PARAMETER_VALUE", `${name} must be a non-negative integer, was ${text}`);
  return Number(text);
}

function block(data: unknown): Buffer {
  if (data !== undefined && (typeof data !== "string" || !/^[A-Za-z0-9+/\-_\s]*={0,2}\s*$/.test(data)))
    throw new ApiError(400, "INVALID_PARAMETER_VALUE", "Could not decode the data as base64");
  const bytes = Buffer.from(data ?? "", "base64");
  if (bytes.length > MIB)
    throw new ApiError(400, "MAX_BLOCK_SIZE_EXCEEDED", `The max block size is ${MIB} bytes, got ${bytes.length}.`);
  return bytes;
}
