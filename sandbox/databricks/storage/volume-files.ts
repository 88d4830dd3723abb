import type { Context } from "hono";
import { ApiError, reply } from "../../http/app.js";
import { isWithin, nameOf, NotAFolderError, PathTree, type PathNode } from "./path-tree.js";
import { pageOf } from "../http/page-token.js";
import type { Service } from "../service.js";
import { queryInteger } from "../http/request-fields.js";
import type { StoredFile } from "./storage-accounts.js";
import { noSecurable, securables } from "../unity-catalog.js";
import type { Workspace } from "../workspace.js";

const notFound = (message: string): ApiError => new ApiError(404, "NOT_FOUND", message);

/** Files of Unity Catalog volumes, 2.0: https://docs.databricks.com/api/azure/workspace/files */
export const volumeFiles: Service = {
  name: "files",
  mount(app, workspace) {
    const tree = new PathTree<StoredFile>(workspace.table("volume-files"), () => ({
      blocks: [],
      size: 0,
      modifiedAt: workspace.clock.now(),
    }));
    const files = "/api/2.0/fs/files";
    const folders = "/api/2.0/fs/directories";

    const fileAt = (path: string): PathNode<StoredFile> => {
      const node = tree.get(path);
      if (!node || node.children) throw notFound(`The file being accessed is not found: ${path}`);
      return node;
    };
    const isFolder = (path: string, volume: string): boolean => path === volume || tree.isFolder(path);
    const folderAt = (c: Context): { path: string; volume: string } => {
      const at = volumePath(c, folders, workspace);
      if (!isFolder(at.path, at.volume)) throw notFound(`The directory being accessed is not found: ${at.path}`);
      return at;
    };

    app.put(`${files}/:path{.+}`, async (c) => {
      const { path, volume } = volumePath(c, files, workspace);
      const node = tree.get(path);
      if (path === volume || node?.children)
        throw new ApiError(409, "ALREADY_EXISTS", `A directory stands at the path: ${path}`);
      if (node && c.req.query("overwrite") !== "true")
        throw new ApiError(409, "ALREADY_EXISTS", `The file being created already exists: ${path}`);
      const content = new Uint8Array(await c.req.arrayBuffer());
      asConflict(() => tree.put(path, { blocks: [content], size: content.length, modifiedAt: workspace.clock.now() }));
      return c.body(null, 204);
    });

    app.get(`${files}/:path{.+}`, (c) => {
      const { path } = volumePath(c, files, workspace);
      const { info } = fileAt(path);
      const headers = fileHeaders(info);
      // Hono sends a HEAD request here, and drops the body.
      if (c.req.method === "HEAD") return new Response(null, { headers });
      const content = Buffer.concat(info.blocks);
      const range = /^bytes=(\d+)-(\d*)$/.exec(c.req.header("range") ?? "");
      if (!range) return new Response(new Uint8Array(content), { headers });
      const start = Number(range[1]);
      const end = Math.min(range[2] ? Number(range[2]) : Infinity, content.length - 1);
      if (start > end)
        return new Response(null, { status: 416, headers: { "content-range": `bytes */${content.length}` } });
      const part = content.subarray(start, end + 1);
      return new Response(new Uint8Array(part), {
        status: 206,
        headers: {
          ...headers,
          "content-length": String(part.length),
          "content-range": `bytes ${start}-${end}/${content.length}`,
        },
      });
    });

    app.delete(`${files}/:path{.+}`, (c) => {
      const { path } = volumePath(c, files, workspace);
      fileAt(path);
      tree.remove(path);
      return c.body(null, 204);
    });

    app.put(`${folders}/:path{.+}`, (c) => {
      const { path } = volumePath(c, folders, workspace);
      asConflict(() => tree.makeFolders(path));
      return c.body(null, 204);
    });

    app.get(`${folders}/:path{.+}`, (c) => {
      const { path } = folderAt(c);
      if (c.req.method === "HEAD") return new Response(null);
      const size = queryInteger(c, "page_size", { fallback: 1000, min: 0, max: 1000 }) || 1000;
      const page = pageOf(tree.list(path), size, c.req.query("page_token"), path);
      const contents = page.items.map(([child, node]) => ({
        path: child,
        name: nameOf(child),
        is_directory: node.children !== undefined,
        ...(!node.children && { file_size: node.info.size, last_modified: node.info.modifiedAt }),
      }));
      return reply(c, {
        ...(contents.length > 0 && { contents }),
        ...(page.next && { next_page_token: page.next }),
      });
    });

    app.delete(`${folders}/:path{.+}`, (c) => {
      const { path, volume } = folderAt(c);
      if (path === volume) throw new ApiError(400, "INVALID_PARAMETER_VALUE", `Cannot delete a volume's root: ${path}`);
      if (tree.list(path).length > 0)
        throw new ApiError(400, "INVALID_PARAMETER_VALUE", `The directory is not empty: ${path}`, {}, [
          {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            reason: "FILES_API_DIRECTORY_IS_NOT_EMPTY",
            domain: "filesystem.databricks.com",
          },
        ]);
      tree.remove(path);
      return c.body(null, 204);
    });
  },
};

/** The path after the route's own, and the volume it is in, which must exist. */
function volumePath(c: Context, route: string, workspace: Workspace): { path: string; volume: string } {
  const rest = decodeURIComponent(new URL(c.req.url).pathname.slice(route.length));
  const path = rest.replace(/\/{2,}/g, "/").replace(/(.)\/$/, "$1");
  const [, root, catalog = "", schema = "", name = ""] = path.split("/");
  if (root !== "Volumes" || !name)
    throw new ApiError(
      400,
      "INVALID_PARAMETER_VALUE",
      `Invalid path: ${path}; expected /Volumes/<catalog>/<schema>/<volume>/...`,
    );
  const fullName = `${catalog}.${schema}.${name}`.toLowerCase();
  if (securables(workspace).get(fullName)?.level !== "volume") throw noSecurable("volume", fullName);
  const volume = `/Volumes/${fullName.replaceAll(".", "/")}`;
  const lower = volume + path.slice(volume.length);
  if (!isWithin(lower, volume)) throw noSecurable("volume", fullName);
  return { path: lower, volume };
}

function fileHeaders(info: StoredFile): Record<string, string> {
  return {
    "content-type": "application/octet-stream",
    "content-length": String(info.size),
    "last-modified": new Date(info.modifiedAt).toUTCString(),
    "accept-ranges": "bytes",
  };
}

function asConflict(write: () => void): void {
  try {
    write();
  } catch (cause) {
    if (!(cause instanceof NotAFolderError)) throw cause;
    throw new ApiError(409, "ALREADY_EXISTS", `A file stands at the path: ${cause.path}`);
  }
}
