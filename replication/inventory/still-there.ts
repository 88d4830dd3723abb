import { isNotFound } from "../client/errors.js";
import type { Kind, Side } from "../kinds/kind.js";
import { forAll } from "../values/for-all.js";
import { quoted } from "../values/printable.js";
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

/**
 * What is known and was not listed is asked for by its id, before anything is made, removed or said to be gone.
 *
 * @throws when one is there after all: the listing is a part of what there is.
 */
export async function assertGone(
  kind: Kind,
  side: Side,
  unlisted: readonly { readonly id: string; readonly name: string }[],
): Promise<void> {
  if (!kind.exists) return;
  await forAll(unlisted, async ({ id, name }) => {
    if (await stillThere(kind, side, id))
      throw new Error(
        `${kind.name}: ${side.endpoint.stack} has ${quoted(name)} [${id}] but did not list it; nothing is done, since the listing is a part`,
      );
  });
}

/** Whether the object is gone after a write to it failed. What cannot be asked, or does not answer, is taken to be there. */
export async function isGone(error: unknown, kind: Kind, side: Side, id: string): Promise<boolean> {
  if (kind.exists) return !(await stillThere(kind, side, id).catch(() => true));
  return isNotFound(error);
}
