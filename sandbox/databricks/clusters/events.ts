import type { Json, JsonObject } from "../../http/json.js";
import { invalidParameter } from "../http/errors.js";
import { pageOf } from "../http/page-token.js";
import type { Workspace } from "../workspace.js";

interface ClusterEvent {
  readonly cluster_id: string;
  readonly timestamp: number;
  readonly type: string;
  readonly details: JsonObject;
}

const tableOf = (workspace: Workspace): Map<string, ClusterEvent[]> => workspace.table("cluster-events");

export function recordEvent(
  workspace: Workspace,
  clusterId: string,
  type: string,
  details: JsonObject = {},
  timestamp = workspace.clock.now(),
): void {
  const events = tableOf(workspace);
  const list = events.get(clusterId) ?? [];
  events.set(clusterId, list);
  list.push({ cluster_id: clusterId, timestamp, type, details });
}

export function forgetEvents(workspace: Workspace, clusterId: string): void {
  tableOf(workspace).delete(clusterId);
}

const integer = (value: Json | undefined, fallback: number): number =>
  value === undefined || value === null ? fallback : Number(value);

/**
 * https://docs.databricks.com/api/azure/workspace/clusters/events, with `offset`/`limit` and with page tokens. Either way
 * `next_page` is there while there is more: it is all that the SDKs go by.
 * https://github.com/databricks/databricks-sdk-go/blob/main/service/compute/impl.go (Events)
 */
export function listEvents(workspace: Workspace, clusterId: string, request: JsonObject): JsonObject {
  const order = request["order"] ?? "DESC";
  if (order !== "ASC" && order !== "DESC") throw invalidParameter(`Invalid order: ${String(order)}`);
  const types = Array.isArray(request["event_types"]) ? request["event_types"] : [];
  const from = integer(request["start_time"], 0);
  const to = integer(request["end_time"], Number.POSITIVE_INFINITY);
  const events = (tableOf(workspace).get(clusterId) ?? []).filter(
    (event) => event.timestamp >= from && event.timestamp <= to && (types.length === 0 || types.includes(event.type)),
  );
  if (order === "DESC") events.reverse();

  if (request["page_size"] !== undefined || request["page_token"] !== undefined) {
    const size = Math.min(integer(request["page_size"], 50) || 50, 500);
    const token = request["page_token"];
    const page = pageOf(events, size, typeof token === "string" ? token : undefined, `events ${clusterId} ${order}`);
    return {
      events: page.items as unknown as Json[],
      ...(page.next && { next_page: { ...request, page_token: page.next } }),
      next_page_token: page.next,
      prev_page_token: page.previous,
      total_count: 0,
    };
  }
  const offset = integer(request["offset"], 0);
  const limit = integer(request["limit"], 50);
  if (limit < 0 || limit > 500) throw invalidParameter("The limit must be between 0 and 500.");
  const more = offset + limit < events.length;
  return {
    events: events.slice(offset, offset + limit) as unknown as Json[],
    ...(more && { next_page: { ...request, offset: offset + limit } }),
    total_count: events.length,
  };
}
