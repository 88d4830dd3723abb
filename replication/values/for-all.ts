/** Requests are bounded by the limiter; this only bounds the objects held in memory at once. */
const objectsAtOnce = 64;

/** Does the work for each, many at once. Work that can fail has to catch: the first error ends it all. */
export async function forAll<T>(
  objects: readonly T[],
  work: (each: T) => Promise<void>,
  atOnce = objectsAtOnce,
): Promise<void> {
  const queue = objects.values();
  let failed = false;
  const worker = async (): Promise<void> => {
    for (const each of queue) {
      if (failed) return;
      await work(each).catch((error: unknown) => {
        failed = true;
        throw error;
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, objects.length) }, worker));
}

/** What the work gives for each, in their order; otherwise as `forAll`. */
export async function mapAll<T, R>(objects: readonly T[], work: (each: T) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(objects.length);
  await forAll([...objects.entries()], async ([index, each]) => {
    results[index] = await work(each);
  });
  return results;
}

/** What all of them give. Where several fail the first one's error is thrown, not the earliest: the same each time. */
export async function allOrFirst<T extends readonly unknown[]>(work: { [K in keyof T]: Promise<T[K]> }): Promise<T> {
  const results = await Promise.allSettled(work);
  for (const result of results) if (result.status === "rejected") throw result.reason;
  return results.map((result) => (result as PromiseFulfilledResult<unknown>).value) as unknown as T;
}
