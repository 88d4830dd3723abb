import { AsyncLocalStorage } from "node:async_hooks";

const current = new AsyncLocalStorage<string>();
const counts = new Map<string, number>();

/** Does the work with every request of it counted for that purpose, whoever sends it. */
export function countedFor<T>(purpose: string, work: () => Promise<T>): Promise<T> {
  return current.run(purpose, work);
}

export function countCall(): void {
  const purpose = current.getStore();
  if (purpose !== undefined) counts.set(purpose, (counts.get(purpose) ?? 0) + 1);
}

/** Requests sent for a purpose since the last time that this was asked, retries included. */
export function takeCallCount(purpose: string): number {
  const count = counts.get(purpose) ?? 0;
  counts.delete(purpose);
  return count;
}
