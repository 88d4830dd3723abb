import type { Run } from "../inventory/run.js";
import type { Kind } from "../kinds/kind.js";
import { whyNotReady } from "../readiness/readiness.js";
import { mapAll } from "../values/for-all.js";
import { whyMissing } from "./missing-copies.js";
import type { PlannedCopy, Plans } from "./planned.js";
import type { Resolver } from "./resolver.js";

/** Nothing is called done that cannot work: what stands and cannot start, or be given back what is held, says so. */
export async function withReadiness(
  kind: Kind,
  copies: readonly PlannedCopy[],
  resolver: Resolver,
  run: Run,
  plans: Plans,
): Promise<PlannedCopy[]> {
  const standing = copies.flatMap(({ action, prepared, source: { id } }) =>
    prepared && action !== "skip" && action !== "blocked" ? [{ id, ...prepared }] : [],
  );
  const lines = await whyNotReady(
    kind,
    standing.map(({ id, definition }) => ({
      id,
      definition,
      translated: async () => (await resolver.toShow(definition)).definition,
    })),
    run,
    plans,
  );
  const whyHeld = await mapAll(standing, async ({ id, held = {}, heldFrom }): Promise<[string, string | undefined]> => {
    const { missing } = await resolver.toShow(heldFrom === undefined ? held : {});
    if (missing.length === 0) return [id, undefined];
    return [
      id,
      `what is held cannot be put back: ${await whyMissing(missing, run, plans, { kind: kind.name, copies })}`,
    ];
  });
  const stays = new Map(whyHeld);
  return copies.map((copy) => {
    const { id } = copy.source;
    const reasons = [lines.get(id), stays.get(id)].filter((each) => each !== undefined);
    if (reasons.length === 0) return copy;
    const notReady = reasons.join("; ");
    return { ...copy, notReady, why: [...copy.why, notReady] };
  });
}
