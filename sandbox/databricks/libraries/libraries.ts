import type { Hono } from "hono";
import { jsonBody, reply } from "../../http/app.js";
import type { JsonObject } from "../../http/json.js";
import { visibleTo } from "../permissions/access-control.js";
import { callerOf } from "../identity/caller.js";
import { clusterTable, isPurged } from "../clusters/row.js";
import { clusterOf } from "../clusters/clusters.js";
import { invalidParameter } from "../http/errors.js";
import { addLibraries, libraryTable, sameLibrary } from "./row.js";
import type { Service } from "../service.js";
import { objectList, requiredString } from "../http/request-fields.js";
import type { Workspace } from "../workspace.js";

function statusesOf(workspace: Workspace, clusterId: string): JsonObject[] {
  return (libraryTable(workspace).get(clusterId) ?? []).map(({ library, status }) => ({
    library,
    status,
    is_library_for_all_clusters: false,
  }));
}

/** Checks the libraries of a request; each names exactly one of the kinds a cluster can install. */
function librariesOf(body: JsonObject): JsonObject[] {
  const kinds = ["jar", "egg", "whl", "pypi", "maven", "cran", "requirements"];
  const libraries = objectList(body, "libraries");
  if (libraries.length === 0) throw invalidParameter("Missing required field: libraries");
  for (const library of libraries)
    if (kinds.filter((kind) => library[kind] !== undefined).length !== 1)
      throw invalidParameter(`Library specification must have exactly one of: ${kinds.join(", ")}`);
  return libraries;
}

/** https://docs.databricks.com/api/azure/workspace/libraries */
export const libraries: Service = {
  name: "libraries",
  mount(app: Hono, workspace: Workspace): void {
    const path = (name: string): string => `/api/2.0/libraries/${name}`;
    app.get(path("all-cluster-statuses"), (context) => {
      const visible = visibleTo(workspace, callerOf(context), "clusters");
      const statuses = [...libraryTable(workspace).keys()]
        .filter((id) => {
          const row = clusterTable(workspace).get(id);
          return row && !isPurged(workspace, row) && visible(id);
        })
        .map((id) => ({ cluster_id: id, library_statuses: statusesOf(workspace, id) }));
      return reply(context, statuses.length > 0 ? { statuses } : {});
    });
    app.get(path("cluster-status"), (context) => {
      const { id } = clusterOf(workspace, requiredString({ ...context.req.query() }, "cluster_id"));
      const statuses = statusesOf(workspace, id);
      return reply(context, { cluster_id: id, ...(statuses.length > 0 && { library_statuses: statuses }) });
    });
    app.post(path("install"), async (context) => {
      const body = await jsonBody(context);
      const row = clusterOf(workspace, requiredString(body, "cluster_id"));
      addLibraries(workspace, row, librariesOf(body));
      return reply(context);
    });
    // The library stays until the next restart; one that is not installed is ignored.
    app.post(path("uninstall"), async (context) => {
      const body = await jsonBody(context);
      const row = clusterOf(workspace, requiredString(body, "cluster_id"));
      const gone = librariesOf(body);
      for (const each of libraryTable(workspace).get(row.id) ?? [])
        if (gone.some((library) => sameLibrary(library, each.library))) each.status = "UNINSTALL_ON_RESTART";
      return reply(context);
    });
  },
};
