import type { Context } from "hono";
import { ApiError, jsonBody, reply } from "../../http/app.js";
import type { JsonObject } from "../../http/json.js";
import { callerOf } from "../identity/caller.js";
import { invalidParameter } from "../http/errors.js";
import * as formats from "./notebook-formats.js";
import { isWithin, join, nameOf, parentOf, type PathNode } from "../storage/path-tree.js";
import type { Service } from "../service.js";
import { optionalString } from "../http/request-fields.js";
import { noSuchPath, typeOf, workspacePath, type WorkspaceObject, WorkspaceTree } from "./tree.js";
import { WorkspaceAccess } from "./permissions.js";
import { readZip, writeZip } from "./zip-archive.js";

/** https://docs.databricks.com/api/azure/workspace/workspace/import; Jupyter notebooks may be larger. */
const MAX_BYTES = 10 * 2 ** 20;
const MAX_JUPYTER_BYTES = 100 * 2 ** 20;

/** The workspace's tree 2.0: https://docs.databricks.com/api/azure/workspace/workspace */
export const workspaceObjects: Service = {
  name: "workspace",
  mount(app, workspace) {
    const tree = new WorkspaceTree(workspace);
    tree.furnish();
    const api = "/api/2.0/workspace";
    const access = (c: Context): WorkspaceAccess => new WorkspaceAccess(workspace, tree, callerOf(c));

    app.get(`${api}/get-status`, (c) => {
      const { path, asked } = workspacePath(c.req.query("path"));
      const node = tree.find(path);
      if (!node) throw noSuchPath(asked(path));
      access(c).read(path, asked(path));
      const exportInfo = c.req.query("return_export_info") === "true" && node.info.notebook;
      return reply(c, {
        ...objectInfo(asked(path), node),
        ...(exportInfo && { repos_export_format: exportInfo.format }),
      });
    });

    app.get(`${api}/list`, (c) => {
      const { path, asked } = workspacePath(c.req.query("path"));
      if (!tree.find(path)) throw noSuchPath(asked(path));
      const may = access(c);
      may.read(path, asked(path));
      const since = Number(c.req.query("notebooks_modified_after") ?? 0);
      const objects = tree
        .list(path)
        .filter(([child, { info }]) => (!info.notebook || info.modifiedAt >= since) && may.mayRead(child))
        .map(([child, node]) => objectInfo(asked(child), node));
      return reply(c, objects.length === 0 ? {} : { objects });
    });

    app.post(`${api}/mkdirs`, async (c) => {
      const { path } = workspacePath((await jsonBody(c)).path);
      // A folder that is there already is no error, and needs no more than to be seen.
      if (!tree.find(path)?.children || !access(c).mayRead(path)) access(c).write(path);
      new WorkspaceTree(workspace, callerOf(c)).makeFolders(path);
      return reply(c);
    });

    app.post(`${api}/delete`, async (c) => {
      const body = await jsonBody(c);
      const { path } = workspacePath(body.path);
      access(c).remove(path);
      tree.delete(path, body.recursive === true);
      return reply(c);
    });

    app.post(`${api}/import`, async (c) => {
      const request = await importRequest(c);
      const limit = request.format === "JUPYTER" ? MAX_JUPYTER_BYTES : MAX_BYTES;
      if (request.content.length > limit)
        throw tooLarge(`File size imported is (${request.content.length} bytes), exceeded max size (${limit} bytes)`);
      access(c).write(request.path);
      importObject(new WorkspaceTree(workspace, callerOf(c)), request);
      return reply(c);
    });

    app.get(`${api}/export`, (c) => {
      const { path, asked } = workspacePath(c.req.query("path"));
      const node = tree.find(path);
      if (!node) throw noSuchPath(asked(path));
      access(c).read(path, asked(path));
      const format = c.req.query("format") || "SOURCE";
      const { content, type } = exported(tree, path, node, format);
      const limit = format === "JUPYTER" ? MAX_JUPYTER_BYTES : MAX_BYTES;
      if (content.length > limit)
        throw tooLarge(`Size (${content.length} bytes) of ${asked(path)} exceeds the limit of ${limit} bytes`);
      if (c.req.query("direct_download") === "true")
        return new Response(new Uint8Array(content), {
          headers: {
            "content-type": "application/octet-stream",
            "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(nameOf(path) + "." + type)}`,
          },
        });
      return reply(c, { content: content.toString("base64"), file_type: type });
    });
  },
};

const tooLarge = (message: string): ApiError => new ApiError(400, "MAX_NOTEBOOK_SIZE_EXCEEDED", message);

/**
 * https://docs.databricks.com/api/azure/workspace/workspace/getstatus gives times for files only, but they come for notebooks, too:
 * https://github.com/databricks/terraform-provider-databricks (exporter, incremental mode).
 */
function objectInfo(path: string, node: PathNode<WorkspaceObject>): JsonObject {
  const { id, notebook, file, createdAt, modifiedAt } = node.info;
  return {
    object_type: typeOf(node),
    path,
    ...(notebook && { language: notebook.language }),
    ...((file ?? notebook) && { created_at: createdAt, modified_at: modifiedAt }),
    ...(file && { size: file.length }),
    object_id: id,
    resource_id: String(id),
  };
}

interface ImportRequest {
  readonly path: string;
  readonly format: string;
  readonly language: string | undefined;
  readonly overwrite: boolean;
  readonly content: Buffer;
}

/** JSON with base64, or a form with the bytes as they are, which is what the SDKs' `upload` sends. */
async function importRequest(c: Context): Promise<ImportRequest> {
  if (!c.req.header("content-type")?.startsWith("multipart/form-data")) {
    const body = await jsonBody(c);
    return {
      path: workspacePath(body.path).path,
      format: optionalString(body, "format") ?? "SOURCE",
      language: optionalString(body, "language"),
      overwrite: body.overwrite === true,
      content: Buffer.from(optionalString(body, "content") ?? "", "base64"),
    };
  }
  const form = await c.req.formData();
  const text = (name: string): string | undefined => {
    const value = form.get(name);
    return typeof value === "string" ? value : undefined;
  };
  const content = form.get("content");
  return {
    path: workspacePath(form.get("path")).path,
    format: text("format") ?? "SOURCE",
    language: text("language"),
    overwrite: text("overwrite")?.toLowerCase() === "true",
    content: content instanceof Blob ? Buffer.from(await content.arrayBuffer()) : Buffer.from(content ?? "", "base64"),
  };
}

function importObject(tree: WorkspaceTree, request: ImportRequest): void {
  const { path, format, content, overwrite } = request;
  const notebook = (made: formats.Notebook, at = path): void =>
    tree.put(at, { notebook: { ...made, content: new Uint8Array(made.content) } }, overwrite);
  switch (format) {
    case "SOURCE":
      if (request.language === undefined) return importArchive(tree, path, content, "SOURCE", overwrite);
      if (!formats.isLanguage(request.language)) throw invalidParameter(`Unknown language ${request.language}`);
      return notebook({ language: request.language, format, content });
    case "JUPYTER":
      return notebook({ language: formats.jupyterLanguage(content), format, content });
    case "HTML":
      return notebook(formats.fromHtml(content));
    case "DBC":
      if (overwrite) throw invalidParameter("Overwrite is not supported for DBC imports");
      return importArchive(tree, path, content, "DBC", false);
    case "RAW":
      return tree.put(path, { file: new Uint8Array(content) }, overwrite);
    case "AUTO":
      return importByContent(tree, path, content, overwrite);
    default:
      throw invalidParameter(`Invalid value for format: ${format}`);
  }
}

/** What AUTO and workspace-files make of a file: a notebook where extension and first line say so, without its extension. */
export function importByContent(tree: WorkspaceTree, path: string, content: Buffer, overwrite: boolean): void {
  const bare = path.replace(/\.[^./]*$/, "");
  if (path.toLowerCase().endsWith(".ipynb")) {
    const notebook = {
      language: formats.jupyterLanguage(content),
      format: "JUPYTER",
      content: new Uint8Array(content),
    } as const;
    return tree.put(bare, { notebook }, overwrite);
  }
  const language = formats.languageOfPath(path);
  if (language && formats.isNotebookSource(language, content))
    return tree.put(bare, { notebook: { language, format: "SOURCE", content: new Uint8Array(content) } }, overwrite);
  tree.put(path, { file: new Uint8Array(content) }, overwrite);
}

function importArchive(
  tree: WorkspaceTree,
  path: string,
  content: Buffer,
  format: "SOURCE" | "DBC",
  overwrite: boolean,
): void {
  const files = readZip(content);
  if (!files)
    throw invalidParameter(
      "The zip file may not be valid or may be an unsupported version. Hint: Objects imported using format=SOURCE are " +
        "expected to be zip encoded databricks source notebook(s) by default. Please specify a language using the " +
        "?language= query parameter if you are trying to import a single uncompressed notebook.",
    );
  if (format === "DBC" && tree.find(path))
    throw new ApiError(400, "RESOURCE_ALREADY_EXISTS", `Path (${path}) already exists.`);
  for (const [name, bytes] of files) {
    const target = join(path, name);
    tree.makeFolders(parentOf(target));
    if (format === "SOURCE") importByContent(tree, target, bytes, overwrite);
    else if (/\.(python|scala|sql|r)$/.test(name))
      tree.put(target.replace(/\.[^.]*$/, ""), { notebook: formats.fromArchiveModel(bytes.toString("utf8")) }, false);
    else tree.put(target, { file: new Uint8Array(bytes) }, false);
  }
}

function exported(
  tree: WorkspaceTree,
  path: string,
  node: PathNode<WorkspaceObject>,
  format: string,
): { content: Buffer; type: string } {
  const { notebook, file } = node.info;
  const name = nameOf(path);
  if (node.children) {
    if (format === "DBC" || format === "AUTO") return { content: archive(tree, path, "DBC"), type: "dbc" };
    if (format === "SOURCE") return { content: archive(tree, path, "SOURCE"), type: "zip" };
    throw invalidParameter(`Directories can only be exported as DBC or SOURCE, not ${format}`);
  }
  if (!notebook) {
    if (format === "JUPYTER" || format === "HTML" || format === "DBC")
      throw invalidParameter(`Cannot export file ${path} as ${format}; use AUTO, RAW or SOURCE`);
    return { content: Buffer.from(file ?? []), type: "file" };
  }
  switch (format) {
    case "AUTO":
      if (notebook.format === "JUPYTER") return { content: formats.asJupyter(notebook, name), type: "ipynb" };
      return { content: formats.asSource(notebook), type: formats.extensionOf(notebook.language).slice(1) };
    case "SOURCE":
    case "RAW":
      return { content: formats.asSource(notebook), type: formats.extensionOf(notebook.language).slice(1) };
    case "JUPYTER":
      return { content: formats.asJupyter(notebook, name), type: "ipynb" };
    case "HTML":
      return { content: formats.asHtml(notebook, name), type: "html" };
    case "DBC":
      return { content: archive(tree, path, "DBC"), type: "dbc" };
    default:
      throw invalidParameter(`Invalid value for format: ${format}`);
  }
}

function archive(tree: WorkspaceTree, root: string, format: "SOURCE" | "DBC"): Buffer {
  const base = tree.get(root).children ? root : parentOf(root);
  const entries = [...tree.walk(root)].filter(([path, { children }]) => !children && isWithin(path, base));
  return writeZip(
    entries.map(([path, { info }]) => {
      const name = path.slice(base === "/" ? 1 : base.length + 1);
      if (!info.notebook) return [name, info.file ?? new Uint8Array()];
      const { language } = info.notebook;
      if (format === "SOURCE") return [name + formats.extensionOf(language), formats.asSource(info.notebook)];
      return [`${name}.${language.toLowerCase()}`, Buffer.from(formats.archiveModel(info.notebook, nameOf(path)))];
    }),
  );
}
