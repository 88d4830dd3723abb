import { heldIn, namesOf } from "../kinds/held-fields.js";
import type { Item, Kind } from "../kinds/kind.js";

/** Said of a second copy that came through. */
export const madeTwice = "made twice, since the answer to its first creation was lost: remove this one by hand";

/** A clone of a copy that runs by itself: what it does is done twice. Undefined where it does not, or is no clone. */
export function runningClone(kind: Kind, { marked, definition }: Item): string | undefined {
  const own = heldIn(kind, definition);
  if (!marked || Object.keys(own).length === 0) return undefined;
  return `a clone of a copy; it is left alone, and its ${namesOf(own)} fires on the standby: take that off, or our tag`;
}
