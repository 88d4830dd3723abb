import type { Context } from "hono";
import { ApiError, reply } from "../../http/app.js";
import { callerOf } from "../identity/caller.js";
import { asSource } from "./notebook-formats.js";
import type { Service } from "../service.js";
import { importByContent } from "./workspace-objects.js";
import { WorkspaceAccess } from "./permissions.js";
import { noSuchPath, workspacePath, WorkspaceTree } from "./tree.js";

/** https://docs.databricks.com/aws/en/files/workspace (file size limit) */
const MAX_BYTES = 500 * 2 ** 20;

/**
 * Files of the workspace's tree as raw bytes, past the 10 MB of import and export. Undocumented, but what Databricks'
 * CLI writes with: https://github.com/databricks/cli/blob/main/libs/filer/workspace_files_client.go
 */
export const workspaceFiles: Service = {
  name: "workspace-files",
  mount(app, workspace) {
    const tree = new WorkspaceTree(workspace);
    const api = "/api/2.0/workspace-files";

    app.post(`${api}/import-file/:path{.+}`, async (c) => {
      const path = pathAfter(c, `${api}/import-file/`);
      const content = Buffer.from(await c.req.arrayBuffer());
      if (content.length > MAX_BYTES)
        throw new ApiError(
          400,
          "MAX_FILE_SIZE_EXCEEDED",
          `${path} has ${content.length} bytes, ${MAX_BYTES} is the most`,
        );
      new WorkspaceAccess(workspace, tree, callerOf(c)).write(path);
      try {
        importByContent(new WorkspaceTree(workspace, callerOf(c)), path, content, c.req.query("overwrite") === "true");
      } catch (cause) {
        // Where a file is in the way this API answers 409; where a notebook is, 400 as import does.
        if (cause instanceof ApiError && cause.errorCode === "RESOURCE_ALREADY_EXISTS" && tree.find(path)?.info.file)
          throw new ApiError(409, cause.errorCode, cause.message);
        throw cause;
      }
      return reply(c);
    });

    app.get(`${api}/:path{.+}`, (c) => {
      const path = pathAfter(c, `${api}/`);
      const info = tree.find(path)?.info;
      if (!info?.file && !info?.notebook) throw noSuchPath(path);
      new WorkspaceAccess(workspace, tree, callerOf(c)).read(path);
      return new Response(new Uint8Array(info.notebook ? asSource(info.notebook) : (info.file ?? [])), {
        headers: { "content-type": "application/octet-stream" },
      });
    });
  },
};

function pathAfter(c: Context, prefix: string): string {
  const path = decodeURIComponent(new URL(c.req.url).pathname.slice(prefix.length));
  return workspacePath(`/${path}`).path;
}
