import type { JsonObject } from "../values/json.js";
import { brief, type Changes, changesBetween, describeChanges } from "../values/changes.js";
import { fingerprint, sameJson } from "../values/fingerprint.js";
import { only, without } from "../kinds/fields.js";
import type { Item, Kind } from "../kinds/kind.js";
import { markerTag } from "../inventory/marker.js";
import type { CopyRecord } from "../notes/record.js";
import type { CopyAction, PlannedCopy } from "./plan.js";
import type { ReplicationSettings } from "../settings.js";

/** What is known of an earlier write of one copy. */
export interface LastWrite {
  /** What this side noted of it. */
  readonly record: CopyRecord | undefined;
  /** What the source noted of it, where the source has itself been the standby. */
  readonly sourceRecord: CopyRecord | undefined;
}

/** What a listing of the target can show of a definition, but for triggers: those are taken off, whoever wins. */
export function visible({ unseen = [], triggers = [] }: Kind, definition: JsonObject): JsonObject {
  return without(definition, [...unseen, ...triggers]);
}

/** Source now, copy now, last write: who changed what, and what follows. */
export function compare(
  kind: Kind,
  copy: PlannedCopy,
  actual: Item,
  desired: JsonObject,
  { record, sourceRecord }: LastWrite,
  settings: ReplicationSettings,
): PlannedCopy {
  const [shouldBe, is] = [visible(kind, desired), visible(kind, actual.definition)];
  const equal = sameJson(shouldBe, is);
  const base = baseOf(record, sourceRecord);
  const unseenEdits = editsOfUnseen(kind, actual, desired);
  const edited = base !== undefined && base !== fingerprint(is);
  const sourceChanged = record?.desired !== fingerprint(desired);
  const drifted = actual.markerLost === true || edited || (!sourceChanged && Object.keys(unseenEdits).length > 0);
  const settle: CopyAction = actual.unsettled?.length ? "settle" : "none";
  const why = [...copy.why, ...(actual.unsettled ?? [])];
  const unseenChanged = kind.unseen !== undefined && record?.desired !== undefined && sourceChanged;
  const held = heldChanges(copy, record);

  const asItShould = equal && !unseenChanged && !actual.markerLost && Object.keys(unseenEdits).length === 0;
  if (asItShould || (!drifted && !sourceChanged && record?.actual !== undefined)) {
    const noted =
      record?.actual !== undefined && !sourceChanged && !edited && sameJson(record.held, copy.prepared?.held);
    const adopted = record?.desired === undefined;
    const action = noted || settle === "settle" ? settle : "note";
    return { ...copy, why, adopted, action, changes: adopted ? {} : held };
  }
  const markerChange: Changes = actual.markerLost ? { [markerTag]: `(none) → ${copy.source.origin}` } : {};
  const fieldChanges =
    equal && unseenChanged
      ? Object.fromEntries(kind.unseen!.map((field) => [field, `now ${brief(desired[field])}`]))
      : { ...changesBetween(is, shouldBe), ...unseenEdits };
  const changes = { ...markerChange, ...fieldChanges, ...held };
  const ours = kind.identity === "marker" || sourceRecord !== undefined || (record && !record.adopted);
  if (!ours && !kind.replacesForeign) {
    const obstacle =
      "another one that is not ours already stands there; it is left alone: remove it, or exclude this one";
    return { ...copy, action: "blocked", foreign: true, why: [obstacle, ...why], changes };
  }
  if (!drifted && ours) return { ...copy, why, action: "update", changes };
  const wins = settings.conflicts ?? "source";
  // Where the standby wins a conflict lasts, and is told in the same words each time: what is taken off is over at once.
  const passing = wins === "source" ? (actual.unsettled ?? []) : [];
  const edits = [describeChanges({ ...markerChange, ...fieldChanges }), ...passing].join("; ");
  const found = ours ? editedWhere(actual) : "another one that is not ours stands there";
  const conflict = `${found} (${edits}); ${wins === "source" ? "the source's version wins" : "the standby's version is kept (conflicts: standby)"}`;
  const kept = keptTrigger(kind, copy, actual, record);
  const conflicting = { ...copy, ...kept.copy, why: [conflict, ...kept.why, ...why], changes, conflict };
  if (wins === "standby") return { ...conflicting, action: settle, ...reheld(conflicting, record) };
  return { ...conflicting, action: "update" };
}

/** How the target showed the copy after the last write; of an original, how it showed when it was last copied from here. */
function baseOf(record: CopyRecord | undefined, sourceRecord: CopyRecord | undefined): string | undefined {
  return record?.desired === undefined && record?.actual === undefined ? sourceRecord?.source : record.actual;
}

function editedWhere({ original }: Item): string {
  return original ? "edited here after it was last copied to the other side" : "edited on the standby";
}

/** Of fields that not every reading shows, those that this one shows to be other than they should be. */
export function editsOfUnseen(kind: Kind, actual: Item, desired: JsonObject): Changes {
  const shown = (kind.unseen ?? []).filter((field) => field in actual.definition && field in desired);
  return Object.assign(
    {},
    ...shown.map((field) => changesBetween({ [field]: actual.definition[field] }, { [field]: desired[field] })),
  ) as Changes;
}

/**
 * The trigger of an original that was edited on the old active side, where the new one has none: nobody decided that it should
 * go, so it is kept with what is held.
 */
function keptTrigger(
  { triggers = [] }: Kind,
  { prepared }: PlannedCopy,
  actual: Item,
  record: CopyRecord | undefined,
): { readonly copy: Pick<PlannedCopy, "prepared">; readonly why: readonly string[] } {
  const live = only(actual.definition, triggers);
  const held = Object.keys(live).length > 0 ? live : record?.held;
  if (!actual.original || !prepared || prepared.held || !held) return { copy: prepared ? { prepared } : {}, why: [] };
  const fields = Object.keys(held).join(" and ");
  return {
    copy: { prepared: { ...prepared, held, heldFrom: "edit" } },
    why: [`its ${fields} is kept, and comes back with the role`],
  };
}

/** How the triggers that are held for it change, where nothing else is written. */
export function reheld(copy: PlannedCopy, record: CopyRecord | undefined): Pick<PlannedCopy, "reheld"> {
  const changes = copy.actual ? heldChanges(copy, record) : {};
  return Object.keys(changes).length > 0 ? { reheld: changes } : {};
}

/** How the triggers that are to be held differ from those that were; what is not prepared is not known. */
function heldChanges({ prepared }: PlannedCopy, record: CopyRecord | undefined): Changes {
  return prepared ? changesBetween({ held: record?.held }, { held: prepared.held }) : {};
}
