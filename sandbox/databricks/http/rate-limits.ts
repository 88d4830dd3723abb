import type { MiddlewareHandler } from "hono";
import { ApiError } from "../../http/app.js";

/** One documented limit of a workspace's REST API: `count` requests in each `perMs`. */
export interface RateLimit {
  readonly family: string;
  readonly methods?: readonly string[];
  readonly path: RegExp;
  readonly count: number;
  readonly perMs: number;
}

const second = 1_000;
const minute = 60_000;

const perSecond = (family: string, path: RegExp, count: number, methods?: readonly string[]): RateLimit => ({
  family,
  path,
  count,
  perMs: second,
  ...(methods && { methods }),
});
const perMinute = (family: string, path: RegExp, count: number, methods?: readonly string[]): RateLimit => ({
  ...perSecond(family, path, count, methods),
  perMs: minute,
});
const jobs = (names: string): RegExp => new RegExp(String.raw`^/api/2\.\d/jobs/${names}$`);
const tree = (name: string): RegExp => new RegExp(`^/api/2\\.0/workspace/${name}$`);
const permissions = /^\/api\/2\.0\/(preview\/)?permissions\//;
const scim = /^\/api\/2\.0\/(preview\/)?scim\/v2\//;
const accountScim = /^\/api\/2\.0\/account\/scim\/v2\//;
const pipelines = /^\/api\/2\.0\/pipelines/;
const mlflow = (names: string): RegExp => new RegExp(String.raw`^/api/2\.0/(preview/)?mlflow/${names}`);

/**
 * Limits per workspace as of July 2026, second-hand, from
 * https://learn.microsoft.com/azure/databricks/resources/limits (API rate limits). The first that fits a request counts. An
 * API with no line of its own has no documented limit and gets none here.
 */
export const documentedRateLimits: readonly RateLimit[] = [
  perSecond("jobs/create", jobs("create"), 20),
  perSecond("jobs/get", jobs("get"), 20),
  perSecond("jobs/list", jobs("list"), 20),
  perSecond("jobs/reset", jobs("reset"), 20),
  perSecond("jobs/run-now", jobs("run-now"), 20),
  perSecond("jobs/update", jobs("update"), 10),
  perSecond("jobs/delete", jobs("delete"), 10),
  perSecond("jobs/runs/get", jobs("runs/get"), 100),
  perSecond("jobs/runs/list", jobs("runs/list"), 30),
  perSecond("jobs/runs/submit", jobs("runs/submit"), 35),
  perSecond("jobs/runs/get-output", jobs("runs/get-output"), 20),
  perSecond("jobs/runs/export", jobs("runs/export"), 20),
  perSecond("jobs/runs/delete", jobs("runs/delete"), 20),
  perSecond("jobs/runs/cancel", jobs("runs/cancel"), 10),
  perSecond("jobs/runs/cancel-all", jobs("runs/cancel-all"), 5),
  perSecond("jobs/runs/repair", jobs("runs/repair"), 5),
  perSecond("pipelines/get", pipelines, 150, ["GET"]),
  perSecond("pipelines/write", pipelines, 50, ["POST", "PUT", "PATCH", "DELETE"]),
  perSecond("dbfs", /^\/api\/2\.0\/dbfs\//, 30),
  perSecond("repos", /^\/api\/2\.0\/repos/, 10),
  perSecond("git-credentials", /^\/api\/2\.0\/git-credentials/, 10),
  perSecond("model-registry", mlflow("(databricks/)?(registered-models|model-versions|transition-requests)"), 40),
  perSecond("mlflow/search", mlflow("[a-z-]+/(search|list)"), 7),
  perSecond("mlflow/tracking", mlflow(""), 120),
  perMinute("scim/get", scim, 255, ["GET"]),
  perMinute("scim/patch", scim, 10, ["PATCH"]),
  perMinute("scim/write", scim, 35, ["POST", "PUT", "DELETE"]),
  perMinute("account-scim/list", /^\/api\/2\.0\/account\/scim\/v2\/[^/]+$/, 240, ["GET"]),
  perSecond("account-scim/get", accountScim, 20, ["GET"]),
  perSecond("account-scim/patch", accountScim, 2, ["PATCH"]),
  perSecond("account-scim/write", accountScim, 5, ["POST", "PUT", "DELETE"]),
  perMinute("secrets", /^\/api\/2\.0\/secrets\//, 1_100),
  perSecond("permissions/get", permissions, 100, ["GET"]),
  perSecond("permissions/write", permissions, 30, ["PUT", "PATCH"]),
  perSecond("workspace/list", tree("list"), 50),
  perSecond("workspace/export", tree("export"), 60),
  perSecond("workspace/import", tree("import"), 30),
  perSecond("workspace/mkdirs", tree("mkdirs"), 20),
  perSecond("workspace/delete", tree("delete"), 2),
  perSecond("token-management", /^\/api\/2\.0\/token-management\//, 40),
  perSecond("query-history", /^\/api\/2\.0\/sql\/history\//, 10),
  perSecond("delta-sharing", /^\/api\/2\.\d\/delta-sharing\//, 400),
];

interface Bucket {
  tokens: number;
  filledAt: number;
}

/** Token buckets on real time, one for each family, each as deep as one period's count. Off until `enabled`. */
export class RateLimiter {
  enabled = false;
  /** Whether a 429 carries `Retry-After`; real workspaces do not promise it. */
  retryAfter = true;
  limits: readonly RateLimit[] = documentedRateLimits;
  readonly #buckets = new Map<string, Bucket>();
  readonly #refused = new Map<string, number>();

  /** How many requests of each family were refused. */
  refused(): Record<string, number> {
    return Object.fromEntries(this.#refused);
  }

  readonly middleware: MiddlewareHandler = async (context, next) => {
    if (this.enabled) this.#take(context.req.method, new URL(context.req.url).pathname);
    await next();
  };

  #take(method: string, path: string): void {
    const limit = this.limits.find(
      (candidate) => (!candidate.methods || candidate.methods.includes(method)) && candidate.path.test(path),
    );
    if (!limit) return;
    const now = performance.now();
    const bucket = this.#buckets.get(limit.family) ?? { tokens: limit.count, filledAt: now };
    this.#buckets.set(limit.family, bucket);
    bucket.tokens = Math.min(limit.count, bucket.tokens + ((now - bucket.filledAt) * limit.count) / limit.perMs);
    bucket.filledAt = now;
    if (bucket.tokens >= 1) {
      bucket.tokens--;
      return;
    }
    this.#refused.set(limit.family, (this.#refused.get(limit.family) ?? 0) + 1);
    const waitMs = ((1 - bucket.tokens) * limit.perMs) / limit.count;
    throw new ApiError(
      429,
      "REQUEST_LIMIT_EXCEEDED",
      `Current request has to be retried, because the rate limit for ${limit.family} (${limit.count} requests per ${limit.perMs / 1_000} s) has been exceeded.`,
      this.retryAfter ? { "Retry-After": String(Math.ceil(waitMs / 1_000)) } : {},
    );
  }
}
