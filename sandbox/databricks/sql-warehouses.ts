import type { Hono } from "hono";
import { jsonBody, reply } from "../http/app.js";
import type { JsonObject } from "../http/json.js";
import { visibleTo } from "./permissions/access-control.js";
import { callerOf } from "./identity/caller.js";
import { doesNotExist, invalidParameter } from "./http/errors.js";
import { pageOf } from "./http/page-token.js";
import { grantCreator, revokeAll } from "./permissions/row.js";
import { permissionTypes } from "./permissions/types.js";
import type { Service } from "./service.js";
import { queryInteger, requiredString } from "./http/request-fields.js";
import type { Workspace } from "./workspace.js";

interface WarehouseRow {
  readonly id: string;
  spec: JsonObject;
  readonly creator: string;
  /** The last order to start or stop, and when it was given; the state follows from the clock. */
  wanted: "RUNNING" | "STOPPED";
  wantedAt: number;
}

const sizes = [
  "2X-Small",
  "X-Small",
  "Small",
  "Medium",
  "Large",
  "X-Large",
  "2X-Large",
  "3X-Large",
  "4X-Large",
  "5X-Large",
];
const defaults: JsonObject = {
  auto_stop_mins: 120,
  enable_photon: true,
  enable_serverless_compute: false,
  max_num_clusters: 1,
  min_num_clusters: 1,
  spot_instance_policy: "COST_OPTIMIZED",
  tags: {},
  warehouse_type: "CLASSIC",
};

function warehouseTable(workspace: Workspace): Map<string, WarehouseRow> {
  return workspace.table<WarehouseRow>("sql-warehouses");
}

function warehouseOf(workspace: Workspace, id: string): WarehouseRow {
  const row = warehouseTable(workspace).get(id);
  if (!row) throw doesNotExist(`SQL warehouse ${id} does not exist.`);
  return row;
}

/** STARTING, RUNNING until nobody has used it for `auto_stop_mins`, STOPPING, STOPPED. */
function stateOf(workspace: Workspace, { wanted, wantedAt, spec }: WarehouseRow): string {
  const { clusterStartMs, clusterStopMs } = workspace.controls;
  const since = workspace.clock.now() - wantedAt;
  if (wanted === "STOPPED") return since < clusterStopMs ? "STOPPING" : "STOPPED";
  if (since < clusterStartMs) return "STARTING";
  const autoStop = Number(spec["auto_stop_mins"]) * 60_000;
  return autoStop === 0 || since < clusterStartMs + autoStop ? "RUNNING" : "STOPPED";
}

function checkedSpec(workspace: Workspace, body: JsonObject, self?: WarehouseRow): JsonObject {
  const name = requiredString(body, "name");
  for (const row of warehouseTable(workspace).values())
    if (row !== self && row.spec["name"] === name)
      throw invalidParameter(`SQL warehouse with name \`${name}\` already exists`);
  const size = requiredString(body, "cluster_size");
  if (!sizes.includes(size))
    throw invalidParameter(`Invalid cluster_size: ${size}. Must be one of ${sizes.join(", ")}.`);
  const { id: _, ...spec } = body;
  const minutes = spec["auto_stop_mins"];
  if (minutes !== undefined && minutes !== 0 && !(typeof minutes === "number" && minutes >= 10))
    throw invalidParameter("auto_stop_mins must be 0 or at least 10.");
  return { ...defaults, ...spec };
}

function shown(workspace: Workspace, row: WarehouseRow): JsonObject {
  const state = stateOf(workspace, row);
  return {
    ...row.spec,
    id: row.id,
    creator_name: row.creator,
    state,
    num_clusters: state === "RUNNING" ? row.spec["min_num_clusters"] : 0,
    num_active_sessions: 0,
    health: { status: "HEALTHY" },
    odbc_params: { hostname: "127.0.0.1", path: `/sql/1.0/warehouses/${row.id}`, port: 443, protocol: "https" },
  };
}

permissionTypes.set("warehouses", {
  objectType: "warehouses",
  levels: [
    ["CAN_VIEW", "Can view the SQL warehouse"],
    ["CAN_MONITOR", "Can monitor the SQL warehouse"],
    ["CAN_USE", "Can use the SQL warehouse"],
    ["CAN_MANAGE", "Can manage the SQL warehouse"],
    ["IS_OWNER", "Is the owner of the SQL warehouse"],
  ],
  adminLevel: "CAN_MANAGE",
  hasOwner: true,
  noun: "SQL warehouse",
  exists: (workspace, id) => warehouseTable(workspace).has(id),
});

/** https://docs.databricks.com/api/azure/workspace/warehouses; queries are not run. */
export const sqlWarehouses: Service = {
  name: "sql-warehouses",
  mount(app: Hono, workspace: Workspace): void {
    const path = "/api/2.0/sql/warehouses";
    const order = (row: WarehouseRow, wanted: WarehouseRow["wanted"]): void => {
      row.wanted = wanted;
      row.wantedAt = workspace.clock.now();
    };
    app.post(path, async (context) => {
      const creator = callerOf(context);
      const spec = checkedSpec(workspace, await jsonBody(context));
      const id = workspace.newId().toString(16).padStart(16, "0");
      const wantedAt = workspace.clock.now();
      warehouseTable(workspace).set(id, { id, spec, creator, wanted: "RUNNING", wantedAt });
      grantCreator(workspace, "warehouses", id, creator);
      return reply(context, { id });
    });
    app.get(path, (context) => {
      const size = queryInteger(context, "page_size", { fallback: 1_000, min: 1, max: 1_000 });
      const visible = visibleTo(workspace, callerOf(context), "warehouses");
      const rows = [...warehouseTable(workspace).values()].filter(({ id }) => visible(id));
      const page = pageOf(rows, size, context.req.query("page_token"), "warehouses");
      return reply(context, {
        warehouses: page.items.map((row) => shown(workspace, row)),
        ...(page.next && { next_page_token: page.next }),
      });
    });
    app.get(`${path}/:id`, (context) =>
      reply(context, shown(workspace, warehouseOf(workspace, context.req.param("id")))),
    );
    app.post(`${path}/:id/edit`, async (context) => {
      const row = warehouseOf(workspace, context.req.param("id"));
      row.spec = checkedSpec(workspace, { ...row.spec, ...(await jsonBody(context)) }, row);
      return reply(context);
    });
    app.post(`${path}/:id/start`, (context) => {
      const row = warehouseOf(workspace, context.req.param("id"));
      if (!["RUNNING", "STARTING"].includes(stateOf(workspace, row))) order(row, "RUNNING");
      return reply(context);
    });
    app.post(`${path}/:id/stop`, (context) => {
      const row = warehouseOf(workspace, context.req.param("id"));
      if (["RUNNING", "STARTING"].includes(stateOf(workspace, row))) order(row, "STOPPED");
      return reply(context);
    });
    app.delete(`${path}/:id`, (context) => {
      const { id } = warehouseOf(workspace, context.req.param("id"));
      warehouseTable(workspace).delete(id);
      revokeAll(workspace, "warehouses", id);
      return reply(context);
    });
  },
};
