import type { MiddlewareHandler } from "hono";
import { ApiError } from "../http/app.js";

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

/**
 * Limits per workspace, from https://learn.microsoft.com/azure/databricks/resources/limits (API rate limits). The first
 * that fits a request counts. An API with no line of its own has no documented limit and gets none here.
 */
export const documentedRateLimits: readonly RateLimit[] = [
  { family: "dbfs", path: /^\/api\/2\.0\/dbfs\//, count: 30, perMs: second },
  { family: "jobs/create", path: /^\/api\/2\.\d\/jobs\/create$/, count: 20, perMs: second },
  { family: "jobs/run-now", path: /^\/api\/2\.\d\/jobs\/run-now$/, count: 20, perMs: second },
  { family: "jobs/runs/submit", path: /^\/api\/2\.\d\/jobs\/runs\/submit$/, count: 35, perMs: second },
  { family: "jobs/runs/get", path: /^\/api\/2\.\d\/jobs\/runs\/get$/, count: 100, perMs: second },
  { family: "permissions/get", methods: ["GET"], path: /^\/api\/2\.0\/permissions\//, count: 100, perMs: second },
  {
    family: "permissions/write",
    methods: ["PUT", "PATCH"],
    path: /^\/api\/2\.0\/permissions\//,
    count: 30,
    perMs: second,
  },
  {
    family: "scim/get",
    methods: ["GET"],
    path: /^\/api\/2\.0\/(preview\/|account\/)?scim\/v2\//,
    count: 255,
    perMs: minute,
  },
  { family: "secrets", path: /^\/api\/2\.0\/secrets\//, count: 1_100, perMs: minute },
  { family: "token-management", path: /^\/api\/2\.0\/token-management\//, count: 40, perMs: second },
  { family: "workspace/export", path: /^\/api\/2\.0\/workspace\/export$/, count: 60, perMs: second },
  { family: "workspace/import", path: /^\/api\/2\.0\/workspace\/import$/, count: 30, perMs: second },
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
