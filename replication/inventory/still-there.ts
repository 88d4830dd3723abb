import { isNotFound } from "../client/errors.js";
import type { Kind, Side } from "../kinds/kind.js";
import { orGone } from "../kinds/or-gone.js";

/**
 * Asks one workspace for one object. Of a job or cluster that is not there Databricks says that the parameter is invalid, as
 * it says of much else: only the answer to this question means that it is gone. True for kinds that cannot be asked.
 *
 * @throws whatever else comes in place of an answer about the object: a route that is not there, a page, no answer.
 */
export async function stillThere(kind: Kind, side: Side, id: string): Promise<boolean> {
  if (!kind.exists) return true;
  return (
    (await orGone(async () => {
      await kind.exists!(side, id);
      return true;
    })) === true
  );
}

/** Whether the object is gone after a write to it failed. What cannot be asked, or does not answer, is taken to be there. */
export async function isGone(error: unknown, kind: Kind, side: Side, id: string): Promise<boolean> {
  if (kind.exists) return !(await stillThere(kind, side, id).catch(() => true));
  return isNotFound(error);
}
