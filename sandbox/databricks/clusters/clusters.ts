import type { Context, Hono } from "hono";
import { jsonBody, reply } from "../../http/app.js";
import type { Json, JsonObject } from "../../http/json.js";
import { callerOf } from "../identity/caller.js";
import { forgetEvents, listEvents, recordEvent } from "./events.js";
import {
  createCluster,
  expectState,
  rearmClusters,
  resizeCluster,
  restartCluster,
  startCluster,
  terminateByUser,
} from "./lifecycle.js";
import { listClusters } from "./list.js";
import { clusterTable, isPurged, type ClusterRow, type ClusterSource } from "./row.js";
import { askedSpec, checkedSpec, refuseDbfsInitScripts } from "./spec.js";
import { clusterWithSpec } from "./view.js";
import { applyMask } from "../http/field-mask.js";
import { invalidParameter, invalidState, quotaExceeded } from "../http/errors.js";
import { addLibraries, libraryTable } from "../libraries/row.js";
import { NodeTypes } from "./node-types.js";
import { grantCreator, revokeAll } from "../permissions/row.js";
import { findPrincipal } from "../identity/principal-row.js";
import type { Service } from "../service.js";
import { objectField, requiredString } from "../http/request-fields.js";
import { sparkVersions } from "./spark-versions.js";
import type { Workspace } from "../workspace.js";

/** https://learn.microsoft.com/azure/databricks/compute/clusters-manage (Pin a compute) */
const maxPins = 100;

/** The cluster of that id; unknown ones are 400 and not 404, as SDKs know:
 * https://github.com/databricks/databricks-sdk-go/blob/main/apierr/error_overrides.go */
export function clusterOf(workspace: Workspace, id: string): ClusterRow {
  const row = clusterTable(workspace).get(id);
  if (!row) throw invalidParameter(`Cluster ${id} does not exist`);
  if (isPurged(workspace, row))
    throw invalidState(`Cannot access cluster ${id} that was terminated or unpinned more than 30 days ago.`);
  return row;
}

function editableOf(workspace: Workspace, id: string, verb: string): ClusterRow {
  const row = clusterOf(workspace, id);
  if (row.source === "JOB") throw invalidState(`Clusters created by the Databricks Jobs service cannot be ${verb}.`);
  return row;
}

function create(workspace: Workspace, body: JsonObject, caller: string): JsonObject {
  const spec = checkedSpec(workspace, body);
  refuseDbfsInitScripts(workspace, spec);
  const { clone_from: _, ...asked } = askedSpec(body);
  const row = createCluster(workspace, spec, { by: caller, source: "API", asked });
  grantCreator(workspace, "clusters", row.id, caller);
  const from = objectField(body, "clone_from")?.["source_cluster_id"];
  if (typeof from === "string")
    addLibraries(
      workspace,
      row,
      libraryTable(workspace)
        .get(from)
        ?.map((each) => each.library) ?? [],
    );
  return { cluster_id: row.id };
}

/** Puts a new specification in place; a running cluster restarts to take it up. */
function respecify(workspace: Workspace, row: ClusterRow, request: JsonObject, user: string): void {
  expectState(row, "RUNNING", "TERMINATED");
  const spec = checkedSpec(workspace, request);
  refuseDbfsInitScripts(workspace, spec);
  recordEvent(workspace, row.id, "EDITED", { user, previous_attributes: row.spec, attributes: spec });
  row.spec = spec;
  row.asked = askedSpec(request);
  if (row.state === "RUNNING") restartCluster(workspace, row, user);
}

function update(workspace: Workspace, row: ClusterRow, body: JsonObject, user: string): void {
  const changes = objectField(body, "cluster") ?? {};
  const mask = requiredString(body, "update_mask");
  const spec = applyMask(row.asked, changes, mask);
  // One of the two ways to size a cluster replaces the other when the mask names only it.
  if (mask.includes("num_workers") && spec["num_workers"] !== undefined && !mask.includes("autoscale"))
    delete spec["autoscale"];
  if (mask.includes("autoscale") && spec["autoscale"] !== undefined && !mask.includes("num_workers"))
    delete spec["num_workers"];
  respecify(workspace, row, spec, user);
}

function pin(workspace: Workspace, row: ClusterRow, user: string): void {
  if (row.pinnedBy !== undefined) return;
  const pinned = [...clusterTable(workspace).values()].filter((each) => each.pinnedBy !== undefined).length;
  if (pinned >= maxPins)
    throw quotaExceeded(`The maximum number of pinned clusters (${maxPins}) has been reached. Unpin a cluster first.`);
  row.pinnedBy = user;
  recordEvent(workspace, row.id, "PINNED", { user });
}

function unpin(workspace: Workspace, row: ClusterRow, user: string): void {
  if (row.pinnedBy === undefined) return;
  row.pinnedBy = undefined;
  row.unpinnedAt = workspace.clock.now();
  recordEvent(workspace, row.id, "UNPINNED", { user });
}

function resize(workspace: Workspace, row: ClusterRow, body: JsonObject, user: string): void {
  const autoscale = objectField(body, "autoscale");
  const workers = body["num_workers"];
  if ((workers === undefined) === (autoscale === undefined))
    throw invalidParameter("Exactly 1 of virtual_cluster_size, num_workers or autoscale must be specified.");
  resizeCluster(workspace, row, autoscale ? { autoscale } : { num_workers: workers as Json }, user);
}

function changeOwner(workspace: Workspace, row: ClusterRow, body: JsonObject): void {
  const owner = requiredString(body, "owner_username");
  if (!findPrincipal(workspace, owner)) throw invalidParameter(`User ${owner} does not exist.`);
  expectState(row, "TERMINATED");
  row.creator = owner;
}

function remove(workspace: Workspace, id: string): void {
  clusterOf(workspace, id);
  clusterTable(workspace).delete(id);
  libraryTable(workspace).delete(id);
  forgetEvents(workspace, id);
  revokeAll(workspace, "clusters", id);
}

/** A cluster that no public call can make (`SQL`, `PIPELINE`, `UI` …), for estates; it starts like any other. */
export function putCluster(workspace: Workspace, spec: JsonObject, source: ClusterSource, creator: string): string {
  return createCluster(workspace, checkedSpec(workspace, spec), { by: creator, source }).id;
}

type Action = (row: ClusterRow, body: JsonObject, user: string) => void;

/** https://docs.databricks.com/api/azure/workspace/clusters, under its 2.0 and 2.1 paths. */
export const clusters: Service = {
  name: "clusters",
  mount(app: Hono, workspace: Workspace): void {
    workspace.onRestore(() => rearmClusters(workspace));
    const types = new NodeTypes(workspace.options.region);
    for (const version of ["2.0", "2.1"]) {
      const path = (name: string): string => `/api/${version}/clusters/${name}`;
      const action = (name: string, act: Action): void => {
        app.post(path(name), async (context: Context) => {
          const body = await jsonBody(context);
          act(clusterOf(workspace, requiredString(body, "cluster_id")), body, callerOf(context));
          return reply(context);
        });
      };
      app.post(path("create"), async (context) =>
        reply(context, create(workspace, await jsonBody(context), callerOf(context))),
      );
      action("edit", (row, body, user) => respecify(workspace, editableOf(workspace, row.id, "edited"), body, user));
      action("update", (row, body, user) => update(workspace, editableOf(workspace, row.id, "updated"), body, user));
      action("start", (row, _body, user) => {
        refuseDbfsInitScripts(workspace, row.spec);
        startCluster(workspace, editableOf(workspace, row.id, "started"), user);
      });
      action("restart", (row, _body, user) => {
        refuseDbfsInitScripts(workspace, row.spec);
        restartCluster(workspace, row, user);
      });
      action("delete", (row, _body, user) => terminateByUser(workspace, row, user));
      action("permanent-delete", (row) => remove(workspace, row.id));
      action("resize", (row, body, user) => resize(workspace, row, body, user));
      action("pin", (row, _body, user) => pin(workspace, row, user));
      action("unpin", (row, _body, user) => unpin(workspace, row, user));
      action("change-owner", (row, body) => changeOwner(workspace, row, body));
      app.post(path("events"), async (context) => {
        const body = await jsonBody(context);
        const { id } = clusterOf(workspace, requiredString(body, "cluster_id"));
        return reply(context, listEvents(workspace, id, body));
      });
      app.get(path("get"), (context) => {
        const row = clusterOf(workspace, requiredString({ ...context.req.query() }, "cluster_id"));
        return reply(context, clusterWithSpec(workspace, row));
      });
      app.get(path("list"), (context) => reply(context, listClusters(workspace, context, version)));
      app.get(path("list-node-types"), (context) => reply(context, { node_types: types.list() }));
      app.get(path("spark-versions"), (context) => reply(context, { versions: sparkVersions }));
      // Azure names no zones: https://docs.databricks.com/api/azure/workspace/clusters/listzones
      app.get(path("list-zones"), (context) => reply(context, { zones: [], default_zone: "" }));
    }
  },
};
