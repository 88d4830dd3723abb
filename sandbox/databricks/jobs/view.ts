import type { Context } from "hono";
import type { Json, JsonObject } from "../../http/json.js";
import { visibleTo } from "../permissions/access-control.js";
import { callerOf } from "../identity/caller.js";
import { invalidParameter } from "../http/errors.js";
import { withShownClusters } from "./cluster-view.js";
import { settingsIn } from "./format.js";
import { jobTable, type JobRow } from "./row.js";
import { deletedPrincipals } from "../identity/principal-row.js";
import { pageOf } from "../http/page-token.js";
import { ownerOf } from "../permissions/row.js";
import { isObject, queryFlag, queryInteger } from "../http/request-fields.js";
import type { Workspace } from "../workspace.js";

/** The arrays that 2.2 hands out 100 elements at a time. */
const pagedArrays = ["tasks", "job_clusters", "parameters", "environments"];
const arrayLimit = 100;

/** Whom a job runs as: the explicit `run_as`, or its owner. */
export function runAsOf(workspace: Workspace, row: JobRow): string | undefined {
  const runAs = row.settings["run_as"];
  const explicit = isObject(runAs) ? (runAs["user_name"] ?? runAs["service_principal_name"]) : undefined;
  return typeof explicit === "string" ? explicit : ownerOf(workspace, "jobs", row.id.toString());
}

/** The first or a later stretch of an object's long arrays, and whether there is more of any. */
export function cutArrays(
  holder: JsonObject,
  names: readonly string[],
  offset: number,
): { readonly cut: JsonObject; readonly more: boolean } {
  const cut = { ...holder };
  let more = false;
  for (const name of names) {
    const list = holder[name];
    if (!Array.isArray(list)) continue;
    cut[name] = list.slice(offset, offset + arrayLimit);
    more ||= list.length > offset + arrayLimit;
  }
  return { cut, more };
}

const tokenFor = (offset: number): string => Buffer.from(`arrays:${offset}`).toString("base64url");

/** Where a `page_token` of `jobs/get` or `runs/get` goes on. */
export function arrayOffset(token: string | undefined): number {
  if (!token) return 0;
  const [kind, start] = Buffer.from(token, "base64url").toString().split(":");
  const offset = Number(start);
  if (kind !== "arrays" || !Number.isSafeInteger(offset) || offset <= 0)
    throw invalidParameter(`Invalid page token: ${token}`);
  return offset;
}

export function nextArrayToken(offset: number): string {
  return tokenFor(offset + arrayLimit);
}

/** The creator is left out once that user has been deleted. */
function header(workspace: Workspace, row: JobRow): JsonObject {
  const gone = deletedPrincipals(workspace).has(row.creator);
  return { job_id: row.id, ...(!gone && { creator_user_name: row.creator }) };
}

/** https://docs.databricks.com/api/azure/workspace/jobs/get */
export function jobDetails(
  workspace: Workspace,
  row: JobRow,
  version: string,
  pageToken: string | undefined,
): JsonObject {
  const offset = version === "2.2" ? arrayOffset(pageToken) : 0;
  const { cut, more } = cutArrays(withShownClusters(workspace, settingsIn(version, row)), pagedArrays, offset);
  return {
    ...header(workspace, row),
    run_as_user_name: runAsOf(workspace, row),
    settings: cut,
    created_time: row.createdAt,
    ...(version === "2.2" && more && { next_page_token: nextArrayToken(offset), has_more: true }),
  };
}

function listed(workspace: Workspace, row: JobRow, version: string, expand: boolean): JsonObject {
  let settings = withShownClusters(workspace, settingsIn(version, row));
  const { cut, more } = cutArrays(settings, pagedArrays, 0);
  settings = cut;
  if (!expand && settings["format"] === "MULTI_TASK")
    for (const field of ["tasks", "job_clusters", "environments", "parameters"]) delete settings[field];
  return {
    ...header(workspace, row),
    settings,
    created_time: row.createdAt,
    ...(version === "2.2" && expand && more && { has_more: true }),
  };
}

/**
 * https://docs.databricks.com/api/azure/workspace/jobs/list: the newest first. 2.0 gives all at once; 2.1 and 2.2 page,
 * and `offset` is gone from 2.2.
 */
export function listJobs(workspace: Workspace, context: Context, version: string): JsonObject {
  const name = context.req.query("name")?.toLowerCase();
  const expand = queryFlag(context, "expand_tasks");
  const visible = visibleTo(workspace, callerOf(context), "jobs");
  const rows = [...jobTable(workspace).values()]
    .reverse()
    .filter((row) => visible(row.id.toString()))
    .filter((row) => name === undefined || String(row.settings["name"]).toLowerCase() === name);
  const shown = (row: JobRow): JsonObject => listed(workspace, row, version, expand);
  const empty: Json[] = [];
  if (version === "2.0" && context.req.query("limit") === undefined && context.req.query("offset") === undefined)
    return rows.length > 0 ? { jobs: rows.map(shown), has_more: false } : { has_more: false };

  const explain = "limit must be greater than 0 and less or equal to 100.";
  const limit = queryInteger(context, "limit", { fallback: 20, min: 1, max: 100, explain });
  const offset = queryInteger(context, "offset", { fallback: 0, min: 0, max: 1_000_000 });
  if (offset > 0 && version === "2.2")
    throw invalidParameter("offset is not supported in API 2.2; use page_token instead.");
  if (offset > 0 && context.req.query("page_token"))
    throw invalidParameter("Only one of offset and page_token can be specified.");
  const page = pageOf(
    rows.slice(offset),
    limit,
    context.req.query("page_token"),
    `jobs ${version} ${name ?? ""} ${expand}`,
  );
  const jobs = page.items.length > 0 ? page.items.map(shown) : empty;
  return {
    ...(jobs.length > 0 && { jobs }),
    has_more: page.next !== undefined,
    ...(page.next && offset === 0 && { next_page_token: page.next }),
    ...(page.previous && { prev_page_token: page.previous }),
  };
}
