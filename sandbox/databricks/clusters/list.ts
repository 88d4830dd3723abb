import type { Context } from "hono";
import type { JsonObject } from "../../http/json.js";
import { visibleTo } from "../permissions/access-control.js";
import { callerOf } from "../identity/caller.js";
import { clusterTable, isPurged, type ClusterRow } from "./row.js";
import { clusterDetails } from "./view.js";
import { invalidParameter } from "../http/errors.js";
import { pageOf } from "../http/page-token.js";
import { isObject, queryInteger } from "../http/request-fields.js";
import type { Workspace } from "../workspace.js";

const stateOrder = ["RUNNING", "RESIZING", "RESTARTING", "PENDING", "TERMINATING", "ERROR", "TERMINATED", "UNKNOWN"];
const nameOf = (row: ClusterRow): string => String(row.spec["cluster_name"] ?? "");

/** By state, then pinned ones, then name; the documented default of `sort_by`. */
function usualOrder(a: ClusterRow, b: ClusterRow): number {
  return (
    stateOrder.indexOf(a.state) - stateOrder.indexOf(b.state) ||
    Number(b.pinnedBy !== undefined) - Number(a.pinnedBy !== undefined) ||
    nameOf(a).localeCompare(nameOf(b)) ||
    a.id.localeCompare(b.id)
  );
}

function orderBy(context: Context): (a: ClusterRow, b: ClusterRow) => number {
  const field = context.req.query("sort_by.field");
  const turn = context.req.query("sort_by.direction") === "DESC" ? -1 : 1;
  if (field === undefined || field === "DEFAULT") return (a, b) => turn * usualOrder(a, b);
  if (field !== "CLUSTER_NAME") throw invalidParameter(`Invalid sort_by field: ${field}`);
  return (a, b) => turn * (nameOf(a).localeCompare(nameOf(b)) || a.id.localeCompare(b.id));
}

function filterBy(context: Context): (row: ClusterRow) => boolean {
  const many = (name: string): string[] =>
    (context.req.queries(`filter_by.${name}`) ?? []).flatMap((value) => value.split(","));
  const sources = many("cluster_sources");
  const states = many("cluster_states");
  const pinned = context.req.query("filter_by.is_pinned");
  const policy = context.req.query("filter_by.policy_id");
  return (row) =>
    (sources.length === 0 || sources.includes(row.source)) &&
    (states.length === 0 || states.includes(row.state)) &&
    (pinned === undefined || (row.pinnedBy !== undefined) === (pinned === "true")) &&
    (policy === undefined || row.spec["policy_id"] === policy);
}

/** `can_use_client` (2.0, deprecated) keeps clusters whose workload type lets notebooks or jobs attach. */
function usableBy(client: string | undefined): (row: ClusterRow) => boolean {
  if (!client) return () => true;
  if (client !== "NOTEBOOKS" && client !== "JOBS") throw invalidParameter(`Invalid can_use_client: ${client}`);
  return (row) => {
    const workload = row.spec["workload_type"];
    const clients = isObject(workload) ? workload["clients"] : undefined;
    return !isObject(clients) || clients[client.toLowerCase()] !== false;
  };
}

/**
 * What 2.0 without paging shows of the terminated: up to 150 all-purpose and 30 job clusters, the newest ones, and all
 * that are pinned. https://docs.databricks.com/dev-tools/api/latest/clusters.html (List)
 */
function recentOnly(rows: readonly ClusterRow[]): ClusterRow[] {
  const kept = new Set<ClusterRow>();
  const gone: ClusterRow[] = [];
  for (const row of rows) {
    if (row.state !== "TERMINATED" || row.pinnedBy !== undefined) kept.add(row);
    else gone.push(row);
  }
  gone.sort((a, b) => (b.terminatedAt ?? 0) - (a.terminatedAt ?? 0));
  const allPurpose = gone.filter((row) => row.source === "UI" || row.source === "API");
  const jobs = gone.filter((row) => row.source !== "UI" && row.source !== "API");
  for (const row of [...allPurpose.slice(0, 150), ...jobs.slice(0, 30)]) kept.add(row);
  return rows.filter((row) => kept.has(row));
}

/** https://docs.databricks.com/api/azure/workspace/clusters/list */
export function listClusters(workspace: Workspace, context: Context, version: string): JsonObject {
  const visible = visibleTo(workspace, callerOf(context), "clusters");
  const rows = [...clusterTable(workspace).values()]
    .filter((row) => !isPurged(workspace, row) && visible(row.id))
    .filter(filterBy(context))
    .filter(usableBy(context.req.query("can_use_client")))
    .sort(orderBy(context));
  const asked = context.req.query("page_size") !== undefined || context.req.query("page_token") !== undefined;
  if (version === "2.0" && !asked)
    return rows.length === 0 ? {} : { clusters: recentOnly(rows).map((row) => clusterDetails(workspace, row)) };
  // "The server may further constrain the maximum number of results returned in a single page."
  const size = Math.min(queryInteger(context, "page_size", { fallback: 20, min: 0, max: 10_000 }) || 20, 100);
  const query = new URLSearchParams(new URL(context.req.url).search);
  for (const name of ["page_token", "page_size"]) query.delete(name);
  const page = pageOf(rows, size, context.req.query("page_token"), `clusters ${query.toString()}`);
  return {
    ...(page.items.length > 0 && { clusters: page.items.map((row) => clusterDetails(workspace, row)) }),
    next_page_token: page.next ?? "",
    prev_page_token: page.previous ?? "",
  };
}
