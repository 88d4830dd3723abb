import type { Inventory, SideName } from "../kinds/kind.js";
import { isNotFound } from "../client/errors.js";
import { objectsOf } from "../values/json.js";

/** When each key of a secret scope was last written, in ms since 1970; undefined when there is no such scope. */
export function secretStamps(
  scope: string,
  end: SideName,
  run: Inventory,
): Promise<ReadonlyMap<string, number> | undefined> {
  const side = run[end];
  if (!side) return Promise.resolve(undefined);
  return run.once(`secrets ${end} ${scope}`, async () => {
    try {
      const { secrets } = await side.client.get("/api/2.0/secrets/list", { scope });
      return new Map(
        objectsOf(secrets).map(({ key, last_updated_timestamp: at }) => [String(key), Number(at ?? 0)] as const),
      );
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  });
}
