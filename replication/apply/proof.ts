import type { Run } from "../inventory/run.js";
import type { Defined, Item, Kind, Side } from "../kinds/kind.js";
import { editsOfUnseen, visible } from "../plan/compare.js";
import type { PlannedCopy } from "../plan/planned.js";
import { describeChanges } from "../values/changes.js";
import { sameJson } from "../values/fingerprint.js";
import type { JsonObject } from "../values/json.js";
import { messageOf } from "../values/redact.js";

/** What the target shows after the writing; a failure must not cost what is known of all that was made. */
export interface ShownAgain {
  readonly items: readonly Item[];
  readonly failure?: string;
}

/** Lists the target once more. */
export async function showAgain(kind: Kind, target: Side, run: Run): Promise<ShownAgain> {
  try {
    return { items: await kind.list(target, run) };
  } catch (error) {
    return { items: [], failure: `the standby cannot be listed (${messageOf(error)})` };
  }
}

/** Why what is shown cannot be what was written: an answer of 200 is no proof that it was done. */
export function faultIn(
  kind: Kind,
  { actual, action }: PlannedCopy,
  item: Defined,
  written: JsonObject,
): string | undefined {
  const asBefore = "the standby shows it as it was before";
  if (item.unreadable !== undefined) return item.unreadable;
  if (action === "update" && item.stamp !== undefined && item.stamp === actual?.stamp) return asBefore;
  const differs = editsOfUnseen(kind, item, written);
  if (Object.keys(differs).length > 0) return `shows ${describeChanges(differs)}`;
  const [is, shouldBe] = [visible(kind, item.definition), visible(kind, written)];
  if (sameJson(is, shouldBe)) return undefined;
  // A workspace may show what it was given in a form of its own; a file or mount is what it is.
  const isAsBefore =
    action === "update" && actual?.definition !== undefined && sameJson(is, visible(kind, actual.definition));
  return isAsBefore || kind.identity.by === "path" ? asBefore : undefined;
}
