/** One part of the API that has a limit of its own, in requests a second for each workspace. */
export interface Family {
  readonly name: string;
  readonly path: RegExp;
  readonly method?: RegExp;
  readonly perSecond: number;
}

const api = String.raw`^/api/2\.\d/`;
const at = (path: string): RegExp => new RegExp(api + path);
const read = /^(GET|HEAD)$/;
const minute = 60;

/**
 * The documented limits; the first that fits a request counts.
 * https://learn.microsoft.com/azure/databricks/resources/limits#api-rate-limits
 */
const documented: readonly Family[] = [
  { name: "runs-get", path: at("jobs/runs/get$"), perSecond: 100 },
  { name: "runs-list", path: at("jobs/runs/list$"), perSecond: 30 },
  { name: "runs-submit", path: at("jobs/runs/submit$"), perSecond: 35 },
  { name: "runs-get-output", path: at("jobs/runs/get-output$"), perSecond: 20 },
  { name: "runs-export", path: at("jobs/runs/export$"), perSecond: 20 },
  { name: "runs-delete", path: at("jobs/runs/delete$"), perSecond: 20 },
  { name: "runs-cancel", path: at("jobs/runs/cancel$"), perSecond: 10 },
  { name: "runs-cancel-all", path: at("jobs/runs/cancel-all$"), perSecond: 5 },
  { name: "runs-repair", path: at("jobs/runs/repair$"), perSecond: 5 },
  { name: "jobs-create", path: at("jobs/create$"), perSecond: 20 },
  { name: "jobs-get", path: at("jobs/get$"), perSecond: 20 },
  { name: "jobs-list", path: at("jobs/list$"), perSecond: 20 },
  { name: "jobs-reset", path: at("jobs/reset$"), perSecond: 20 },
  { name: "jobs-run-now", path: at("jobs/run-now$"), perSecond: 20 },
  { name: "jobs-update", path: at("jobs/update$"), perSecond: 10 },
  { name: "jobs-delete", path: at("jobs/delete$"), perSecond: 10 },
  { name: "pipelines-read", path: at("pipelines(/|$)"), method: read, perSecond: 150 },
  { name: "pipelines-write", path: at("pipelines(/|$)"), perSecond: 50 },
  { name: "dbfs", path: at("dbfs/"), perSecond: 30 },
  { name: "repos", path: at("repos(/|$)"), perSecond: 10 },
  { name: "git-credentials", path: at("git-credentials(/|$)"), perSecond: 10 },
  {
    name: "model-registry",
    path: at(
      "(preview/)?mlflow/(databricks/)?(registered-models|model-versions|transition-requests|registry-webhooks)/",
    ),
    perSecond: 40,
  },
  { name: "mlflow-search", path: at("(preview/)?mlflow/.*(search|list)[^/]*$"), perSecond: 7 },
  { name: "mlflow", path: at("(preview/)?mlflow/"), perSecond: 120 },
  { name: "query-history", path: at("sql/history/"), perSecond: 10 },
  { name: "permissions-read", path: at("(preview/)?permissions/"), method: read, perSecond: 100 },
  { name: "permissions-write", path: at("(preview/)?permissions/"), perSecond: 30 },
  { name: "workspace-list", path: at("workspace/list$"), perSecond: 50 },
  { name: "workspace-export", path: at("workspace/export$"), perSecond: 60 },
  { name: "workspace-import", path: at("workspace(-files)?/import"), perSecond: 30 },
  { name: "workspace-mkdirs", path: at("workspace/mkdirs$"), perSecond: 20 },
  { name: "workspace-delete", path: at("workspace/delete$"), perSecond: 2 },
  { name: "scim-read", path: at("(preview/)?scim/"), method: read, perSecond: 255 / minute },
  { name: "scim-patch", path: at("(preview/)?scim/"), method: /^PATCH$/, perSecond: 10 / minute },
  { name: "scim-write", path: at("(preview/)?scim/"), perSecond: 35 / minute },
  { name: "secrets", path: at("secrets/"), perSecond: 1100 / minute },
  { name: "token-management", path: at("token-management/"), perSecond: 40 },
];

/** APIs without a documented limit begin here, each on its own, and find theirs. */
const unknownFamily = "other";
const unknownPerSecond = 20;

/** The names that `rateLimits` takes. */
export const rateLimitFamilies: readonly string[] = [...documented.map(({ name }) => name), unknownFamily];

/** Which limit a request falls under. An API of which no limit is known has a family of its own: `other clusters`. */
export interface FamilyOfRequest {
  readonly name: string;
  /** The name by which it is configured. */
  readonly configured: string;
  readonly perSecond: number;
  readonly isKnown: boolean;
}

export function familyOf(method: string, path: string): FamilyOfRequest {
  const found = documented.find((each) => each.path.test(path) && (each.method?.test(method) ?? true));
  if (found) return { name: found.name, configured: found.name, perSecond: found.perSecond, isKnown: true };
  const service = /^\/api\/\d\.\d\/(?:preview\/)?([^/]+)/.exec(path)?.[1] ?? "api";
  return {
    name: `${unknownFamily} ${service}`,
    configured: unknownFamily,
    perSecond: unknownPerSecond,
    isKnown: false,
  };
}
