import type { Context, MiddlewareHandler } from "hono";
import { parseJson, type Json, type JsonObject } from "../../http/json.js";
import { isEntitled, requireLevel, subjectOf, type Subject } from "./access-control.js";
import { callerOf } from "../identity/caller.js";
import { clusterTable } from "../clusters/row.js";
import { permissionDenied } from "../http/errors.js";
import { jobTable } from "../jobs/row.js";
import { ownerOf } from "./row.js";
import { isObject, objectList } from "../http/request-fields.js";
import { runTable } from "../runs/row.js";
import { ScimError } from "../identity/scim-error.js";
import { mayUseScope, secretScopes } from "../secrets/secrets.js";
import type { Workspace } from "../workspace.js";

/** One request of a caller who is no administrator. */
interface PlainRequest {
  readonly workspace: Workspace;
  readonly subject: Subject;
  readonly context: Context;
  readonly body: JsonObject;
  /** A field of the query or of the body, as text; empty where it is not given. */
  field(name: string): string;
}

/** What a caller who is no administrator needs for some routes; `check` throws where it is missing. */
interface AccessRule {
  readonly methods?: readonly string[];
  readonly path: RegExp;
  check(request: PlainRequest): void;
}

const writes = ["POST", "PUT", "PATCH", "DELETE"];
const anybody = (): void => undefined;

function adminsOnly({ subject, context }: PlainRequest): void {
  throw permissionDenied(
    `User ${subject.name} must be a workspace administrator for ${context.req.method} ${context.req.path}`,
  );
}

/** A level on the object whose id is in a field. */
const level =
  (type: string, field: string, wanted: string) =>
  (request: PlainRequest): void =>
    requireLevel(request.workspace, request.subject.name, type, request.field(field), wanted);

/** A level on the object whose id is a part of the path. */
const levelAt =
  (type: string, segment: number, wanted: string) =>
  (request: PlainRequest): void => {
    const id = request.context.req.path.split("/")[segment] ?? "";
    requireLevel(request.workspace, request.subject.name, type, id, wanted);
  };

const entitled =
  (entitlement: string, what: string) =>
  ({ workspace, subject }: PlainRequest): void => {
    if (isEntitled(workspace, subject, entitlement)) return;
    throw permissionDenied(`You are not authorized to create ${what}. Please contact your administrator.`);
  };

/** A cluster of one's own takes the entitlement, or a policy that one may use; a pool must be one's to attach to. */
function mayHaveCluster({ workspace, subject }: PlainRequest, spec: JsonObject): void {
  const policy = spec["policy_id"];
  if (typeof policy === "string" && policy !== "")
    requireLevel(workspace, subject.name, "cluster-policies", policy, "CAN_USE");
  else if (!isEntitled(workspace, subject, "allow-cluster-create"))
    throw permissionDenied("You are not authorized to create clusters. Please contact your administrator.");
  for (const field of ["instance_pool_id", "driver_instance_pool_id"])
    if (typeof spec[field] === "string")
      requireLevel(workspace, subject.name, "instance-pools", spec[field], "CAN_ATTACH_TO");
}

function mayEditCluster(request: PlainRequest): void {
  level("clusters", "cluster_id", "CAN_MANAGE")(request);
  if (clusterTable(request.workspace).has(request.field("cluster_id")))
    mayHaveCluster(request, isObject(request.body["cluster"]) ? request.body["cluster"] : request.body);
}

/** Whom a job runs as and belongs to is theirs alone to say: https://docs.databricks.com/aws/en/jobs/privileges */
function maySetJob(request: PlainRequest, settings: Json | undefined, owner: string): void {
  const { subject } = request;
  if (!isObject(settings)) return;
  const runAs = settings["run_as"];
  if (isObject(runAs)) {
    const name = runAs["user_name"] ?? runAs["service_principal_name"] ?? runAs["group_name"];
    const self = String(name).toLowerCase() === subject.name.toLowerCase();
    const group = runAs["group_name"] !== undefined && subject.groups.has(String(name));
    if (!self && !group)
      throw permissionDenied(`User ${subject.name} is not allowed to set run_as to ${String(name)}.`);
  }
  refuseOtherOwner(subject, settings["access_control_list"], owner);
  const tasks = objectList(settings, "tasks");
  const inner = tasks.map((task) => task["for_each_task"]).filter(isObject);
  for (const holder of [
    settings,
    ...tasks,
    ...objectList(settings, "job_clusters"),
    ...inner.map((each) => each["task"]).filter(isObject),
  ])
    if (isObject(holder["new_cluster"])) mayHaveCluster(request, holder["new_cluster"]);
}

/** Only an administrator gives a job, pipeline or warehouse another owner. */
function refuseOtherOwner(subject: Subject, list: Json | undefined, owner: string): void {
  if (!Array.isArray(list)) return;
  for (const entry of list.filter(isObject)) {
    const name = entry["user_name"] ?? entry["service_principal_name"] ?? entry["group_name"];
    if (entry["permission_level"] === "IS_OWNER" && String(name).toLowerCase() !== owner.toLowerCase())
      throw permissionDenied(`User ${subject.name} is not allowed to change the owner to ${String(name)}.`);
  }
}

/** A run is its job's, a submitted one its creator's. */
const runLevel =
  (wanted: string) =>
  (request: PlainRequest): void => {
    const { workspace, subject } = request;
    const id = request.field("run_id");
    const run =
      runTable(workspace).get(id) ??
      [...runTable(workspace).values()].find((each) => each.tasks.some((task) => task.runId.toString() === id));
    if (!run) return;
    if (jobTable(workspace).has(run.jobId)) requireLevel(workspace, subject.name, "jobs", run.jobId, wanted);
    else if (run.creator !== subject.name)
      throw permissionDenied(`User ${subject.name} does not have ${wanted} permission on run ${id}.`);
  };

const scopeLevel =
  (wanted: "READ" | "WRITE" | "MANAGE") =>
  ({ workspace, subject, field }: PlainRequest): void => {
    const scope = secretScopes(workspace).get(field("scope"));
    if (scope && !mayUseScope(workspace, subject.name, scope, wanted))
      throw permissionDenied(`User ${subject.name} does not have ${wanted} permission on scope ${scope.name}`);
  };

/** The permissions API: a list is seen by those who see the object and changed by those who manage it. */
function permissionsCheck(request: PlainRequest): void {
  const { workspace, subject, context } = request;
  const [type = "", id = ""] = context.req.path.split("/permissions/")[1]?.split("/") ?? [];
  if (context.req.method === "GET") return requireLevel(workspace, subject.name, type, id, weakestOf(type));
  requireLevel(workspace, subject.name, type, id, managing(type));
  refuseOtherOwner(subject, request.body["access_control_list"], ownerOf(workspace, type, id) ?? "");
}

const weakest: Readonly<Record<string, string>> = {
  clusters: "CAN_ATTACH_TO",
  "instance-pools": "CAN_ATTACH_TO",
  "cluster-policies": "CAN_USE",
  jobs: "CAN_VIEW",
  warehouses: "CAN_VIEW",
};
const weakestOf = (type: string): string => weakest[type] ?? "CAN_READ";
/** The weakest level that manages: a job's owner stands below CAN_MANAGE in the list of levels, and manages it. */
const managing = (type: string): string => (type === "jobs" ? "IS_OWNER" : "CAN_MANAGE");

const jobsApi = String.raw`^/api/2\.\d/jobs/`;
const clustersApi = String.raw`^/api/2\.\d/clusters/`;
const under = (base: string, names: string): RegExp => new RegExp(`${base}(${names})$`);

/**
 * What the service lets a user do who is no administrator, route by route; the first that fits counts. Listings show what
 * the caller may see, and the workspace's tree looks after itself, in their own files. A write that no rule names is for
 * administrators.
 */
export const accessRules: readonly AccessRule[] = [
  { path: under(clustersApi, "create"), check: (request) => mayHaveCluster(request, request.body) },
  { path: under(clustersApi, "edit|update"), check: mayEditCluster },
  { path: under(clustersApi, "start|restart|delete"), check: level("clusters", "cluster_id", "CAN_RESTART") },
  { path: under(clustersApi, "resize|permanent-delete"), check: level("clusters", "cluster_id", "CAN_MANAGE") },
  { path: under(clustersApi, "get|events"), check: level("clusters", "cluster_id", "CAN_ATTACH_TO") },
  { path: /^\/api\/1\.2\/(contexts|commands)\//, check: level("clusters", "clusterId", "CAN_ATTACH_TO") },
  { path: /^\/api\/2\.0\/libraries\/(un)?install$/, check: level("clusters", "cluster_id", "CAN_MANAGE") },
  { path: /^\/api\/2\.0\/libraries\/cluster-status$/, check: level("clusters", "cluster_id", "CAN_ATTACH_TO") },

  { path: under(jobsApi, "create"), check: (request) => maySetJob(request, request.body, request.subject.name) },
  { path: under(jobsApi, "runs/submit"), check: (request) => maySetJob(request, request.body, request.subject.name) },
  {
    path: under(jobsApi, "reset|update"),
    check: (request) => {
      level("jobs", "job_id", "IS_OWNER")(request);
      if (jobTable(request.workspace).has(request.field("job_id")))
        maySetJob(request, request.body["new_settings"], "");
    },
  },
  { path: under(jobsApi, "delete"), check: level("jobs", "job_id", "IS_OWNER") },
  { path: under(jobsApi, "get"), check: level("jobs", "job_id", "CAN_VIEW") },
  { path: under(jobsApi, "run-now"), check: level("jobs", "job_id", "CAN_MANAGE_RUN") },
  {
    path: under(jobsApi, "runs/cancel-all"),
    check: (request) =>
      request.field("job_id") === "" ? adminsOnly(request) : level("jobs", "job_id", "CAN_MANAGE_RUN")(request),
  },
  { path: under(jobsApi, "runs/(cancel|repair)"), check: runLevel("CAN_MANAGE_RUN") },
  { path: under(jobsApi, "runs/delete"), check: runLevel("IS_OWNER") },
  { path: under(jobsApi, "runs/(get|get-output)"), check: runLevel("CAN_VIEW") },

  {
    path: /^\/api\/2\.0\/instance-pools\/create$/,
    check: entitled("allow-instance-pool-create", "instance pools"),
  },
  {
    path: /^\/api\/2\.0\/instance-pools\/(edit|delete)$/,
    check: level("instance-pools", "instance_pool_id", "CAN_MANAGE"),
  },
  { path: /^\/api\/2\.0\/instance-pools\/get$/, check: level("instance-pools", "instance_pool_id", "CAN_ATTACH_TO") },
  { path: /^\/api\/2\.0\/policies\/clusters\/get$/, check: level("cluster-policies", "policy_id", "CAN_USE") },

  { methods: ["POST"], path: /^\/api\/2\.0\/sql\/warehouses$/, check: entitled("allow-cluster-create", "warehouses") },
  { path: /^\/api\/2\.0\/sql\/warehouses\/[^/]+\/(start|stop)$/, check: levelAt("warehouses", 5, "CAN_USE") },
  { methods: writes, path: /^\/api\/2\.0\/sql\/warehouses\/[^/]+/, check: levelAt("warehouses", 5, "CAN_MANAGE") },
  { path: /^\/api\/2\.0\/sql\/warehouses\/[^/]+$/, check: levelAt("warehouses", 5, "CAN_VIEW") },

  { path: /^\/api\/2\.0\/secrets\/scopes\/(create|list)$/, check: anybody },
  { path: /^\/api\/2\.0\/secrets\/(scopes\/delete|acls\/.*)$/, check: scopeLevel("MANAGE") },
  { path: /^\/api\/2\.0\/secrets\/(put|delete)$/, check: scopeLevel("WRITE") },
  { path: /^\/api\/2\.0\/secrets\/(get|list)$/, check: scopeLevel("READ") },

  // A personal token shows and takes its holder's only, and the tree's own file knows who may do what there.
  { path: /^\/api\/2\.0\/token\//, check: anybody },
  { path: /^\/api\/2\.0\/(workspace|workspace-files)\//, check: anybody },
  // The DBFS root knows no access lists: https://docs.databricks.com/aws/en/dbfs/root-locations
  { path: /^\/api\/2\.0\/dbfs\//, check: anybody },

  { path: /^\/api\/2\.0\/(preview\/)?permissions\//, check: permissionsCheck },
  {
    methods: writes,
    path: /^\/api\/2\.0\/preview\/scim\//,
    check: ({ subject }) => {
      throw new ScimError(403, `User ${subject.name} must be a workspace administrator to change principals.`);
    },
  },
  { path: /^\/api\/2\.0\/global-init-scripts/, check: adminsOnly },
  // Unity Catalog's grants are not emulated: who is no administrator has none.
  { path: /^\/api\/2\.0\/fs\//, check: adminsOnly },
  { methods: writes, path: /^\/api\//, check: adminsOnly },
];

/** Holds a caller who is no administrator to `accessRules`. */
export function holdToRights(workspace: Workspace): MiddlewareHandler {
  return async (context, next) => {
    const { method } = context.req;
    // The router takes a path with a slash at its end for the one without.
    const path = context.req.path.replace(/(.)\/+$/, "$1");
    const rule = accessRules.find((each) => (!each.methods || each.methods.includes(method)) && each.path.test(path));
    if (rule && rule.check !== anybody) {
      const subject = subjectOf(workspace, callerOf(context));
      if (!subject.isAdmin) rule.check(await plainRequest(workspace, subject, context));
    }
    await next();
  };
}

async function plainRequest(workspace: Workspace, subject: Subject, context: Context): Promise<PlainRequest> {
  const reads = context.req.method === "GET" || context.req.method === "HEAD";
  const body = reads ? {} : bodyOf(await context.req.text());
  // Where the handlers look: a write's fields are its body's, whatever its address says besides.
  const field = (name: string): string => {
    const text = String((reads ? context.req.query(name) : body[name]) ?? "");
    return /^(job_id|run_id)$/.test(name) && /^-?\d{1,19}$/.test(text) ? BigInt(text).toString() : text;
  };
  return { workspace, subject, context, body, field };
}

/** The body as far as it is a JSON object; what it is otherwise is the handler's to refuse. */
function bodyOf(text: string): JsonObject {
  try {
    const body = parseJson(text);
    return isObject(body) ? body : {};
  } catch {
    return {};
  }
}
