import type { EstateCall } from "../sandbox/estate.js";
import { documentedRateLimits } from "../sandbox/databricks/http/rate-limits.js";
import { countsOf } from "../sandbox/estates/generate.js";

/** Calls of one side by family, as the limits name them. */
type Calls = Readonly<Record<string, number>>;

const perPage = 100;

/**
 * The fewest calls that can make a first copy of an estate: each object is read where no listing shows it, written once with what
 * it needs, and proven by one more listing.
 */
export function leastCalls(
  objects: number,
  estate: readonly EstateCall[],
): { readonly source: Calls; readonly target: Calls } {
  const { notebooks, folders, jobs, clusters, scripts, pools, policies } = countsOf(objects);
  const granted = estate.filter(({ method, path }) => method === "PUT" && path.includes("/permissions/")).length;
  return {
    source: {
      "workspace/list": folders + 1,
      "workspace/export": notebooks,
      "permissions/get": notebooks + folders + jobs + clusters + pools + policies,
      "jobs/list": Math.ceil(jobs / perPage),
      "jobs/get": jobs,
      dbfs: scripts,
    },
    target: {
      "workspace/list": folders + 1,
      "workspace/mkdirs": leavesOf(estate),
      "workspace/import": notebooks,
      // A job is made with its grants, which are then read back; what answers a PUT needs no reading.
      "permissions/get": jobs,
      "permissions/write": granted,
      "jobs/list": Math.ceil(jobs / perPage),
      "jobs/create": jobs,
      dbfs: scripts,
    },
  };
}

/** Seconds in which these calls can be answered at least, each family at its limit and all of them side by side. */
export function boundSeconds({ source, target }: ReturnType<typeof leastCalls>): number {
  const seconds = [source, target].flatMap((calls) =>
    Object.entries(calls).map(([family, count]) => {
      const limit = documentedRateLimits.find((each) => each.family === family);
      if (!limit) throw new Error(`no limit is known of ${family}`);
      return (Math.max(0, count - limit.count) / limit.count) * (limit.perMs / 1000);
    }),
  );
  return Math.max(...seconds);
}

/** Folders that no other is in: making one makes those above it. */
function leavesOf(estate: readonly EstateCall[]): number {
  const paths = estate.flatMap(({ path, body }) =>
    path.endsWith("/mkdirs") && typeof body === "object" ? [String(body.path)] : [],
  );
  const parents = new Set(paths.map((path) => path.slice(0, path.lastIndexOf("/"))));
  return paths.filter((path) => !parents.has(path)).length;
}
