/** Requests are bounded by the limiter; this only bounds the objects held in memory at once. */
const objectsAtOnce = 64;

/** Does the work for each, many at once. Work that can fail has to catch: the first error ends it all. */
export async function forAll<T>(objects: readonly T[], work: (each: T) => Promise<void>): Promise<void> {
  const queue = objects.values();
  const worker = async (): Promise<void> => {
    for (const each of queue) await work(each);
  };
  await Promise.all(Array.from({ length: Math.min(objectsAtOnce, objects.length) }, worker));
}
