import { documentedRateLimits } from "../sandbox/databricks/http/rate-limits.js";
import type { WorkspaceServer } from "../sandbox/databricks/server.js";

/** What one workspace has answered so far. */
export interface Answered {
  /** By `METHOD route`. */
  readonly counts: Readonly<Record<string, number>>;
  /** By family: answered 429. They are in `counts` as well. */
  readonly refused: Readonly<Record<string, number>>;
}

export function answeredBy({ traffic, limits }: WorkspaceServer): Answered {
  return { counts: traffic.log.counts(), refused: limits.refused() };
}

/** What was answered from one moment to another. */
export function between(before: Answered, after: Answered): Answered {
  const grown = (olds: Record<string, number>, news: Record<string, number>): Record<string, number> =>
    Object.fromEntries(Object.entries(news).map(([key, count]) => [key, count - (olds[key] ?? 0)]));
  return { counts: grown(before.counts, after.counts), refused: grown(before.refused, after.refused) };
}

export function callsIn({ counts }: Answered): number {
  return sum(Object.values(counts));
}

export function refusedIn({ refused }: Answered): number {
  return sum(Object.values(refused));
}

/**
 * The least seconds in which one workspace could have answered these calls under its documented limits: families do not
 * wait for each other, and the first period's worth passes at once.
 */
export function leastSeconds({ counts, refused }: Answered): number {
  const families = new Map<string, number>();
  for (const [key, count] of Object.entries(counts)) {
    const [method = "", route = ""] = key.split(" ");
    const limit = documentedRateLimits.find(
      ({ methods, path }) => (!methods || methods.includes(method)) && path.test(route),
    );
    if (limit) families.set(limit.family, (families.get(limit.family) ?? 0) + count);
  }
  const seconds = documentedRateLimits.map(({ family, count, perMs }) => {
    const answered = (families.get(family) ?? 0) - (refused[family] ?? 0);
    return (Math.max(0, answered - count) / count) * (perMs / 1000);
  });
  return Math.max(...seconds);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
