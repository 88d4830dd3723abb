import type { Run } from "../inventory/run.js";
import type { Defined, Item, Kind, Side } from "../kinds/kind.js";
import { orGone } from "../kinds/or-gone.js";
import { editsOfUnseen, visible } from "../plan/compare.js";
import type { PlannedCopy } from "../plan/planned.js";
import { describeChanges } from "../values/changes.js";
import { sameJson } from "../values/fingerprint.js";
import { mapAll } from "../values/for-all.js";
import type { JsonObject } from "../values/json.js";
import { messageOf } from "../values/redact.js";

/** What the target shows after the writing; a failure must not cost what is known of all that was made. */
export interface ShownAgain {
  readonly items: readonly Item[];
  readonly failure?: string;
}

/** Up to so many written objects are asked for one by one, where a listing is dear. */
const mostAskedEach = 100;

/** Lists the target once more, or asks for the few that were written where a listing takes long. */
export async function showAgain(kind: Kind, target: Side, run: Run, written: readonly string[]): Promise<ShownAgain> {
  try {
    if (!kind.get || !kind.define || written.length > mostAskedEach) return { items: await kind.list(target, run) };
    const items = await mapAll(written, (id) => orGone(() => kind.get!(target, id)));
    return { items: items.filter((item) => item !== undefined) };
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
