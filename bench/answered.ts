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

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
