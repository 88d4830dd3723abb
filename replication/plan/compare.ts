import type { JsonObject } from "../values/json.js";
import { brief, type Changes, changesBetween, describeChanges } from "../values/changes.js";
import { fingerprint, sameJson } from "../values/fingerprint.js";
import { only, without } from "../kinds/fields.js";
import { heldIn, namesOf } from "../kinds/held-fields.js";
import type { Defined, Item, Kind } from "../kinds/kind.js";
import { markerTag } from "../inventory/marker.js";
import type { Notes } from "../notes/notes.js";
import type { CopyRecord } from "../notes/record.js";
import type { CopyAction, PlannedCopy } from "./planned.js";
import type { ReplicationSettings } from "../settings.js";

/** What is known of an earlier write of one copy. */
export interface LastWrite {
  /** What this side noted. */
  readonly notes: Notes;
  /** What the source noted of it, where the source has itself been the standby. */
  readonly sourceRecord: CopyRecord | undefined;
}

/** What a listing of the target can show of a definition, but for what is held: that is taken off, whoever wins. */
export function visible({ unseen = [], held, immutable = [] }: Kind, definition: JsonObject): JsonObject {
  return without(definition, [...unseen, ...Object.keys(held?.fields ?? {}), ...immutable]);
}

/** Whether both sides bear the stamps that they bore when the copy was last found right: nothing need be looked at. */
export function isUnchanged(kind: Kind, source: Item, copy: Item, record: CopyRecord | undefined): boolean {
  return (
    kind.define !== undefined &&
    record?.actual !== undefined &&
    record.desired !== undefined &&
    source.stamp !== undefined &&
    copy.stamp !== undefined &&
    record.seen?.source === source.stamp &&
    record.seen.target === copy.stamp &&
    copy.unreadable === undefined
  );
}

/** Source now, copy now, last write: who changed what, and what follows. */
export function compare(
  kind: Kind,
  planned: PlannedCopy,
  actual: Defined,
  desired: JsonObject,
  { notes, sourceRecord }: LastWrite,
  settings: ReplicationSettings,
): PlannedCopy {
  const { origin, name } = planned.source;
  const [shouldBe, is] = [visible(kind, desired), visible(kind, actual.definition)];
  const record = notes.recordOf(origin, actual.id, name, fingerprint(is));
  const copy = stuck(kind, planned, actual.definition, desired);
  const { identity } = kind;
  const ours =
    identity.by === "path"
      ? sourceRecord !== undefined || (record !== undefined && !record.standIn)
      : actual.standIn !== true;
  if (identity.by === "name" && !ours) return standingIn(copy, record, changesBetween(is, shouldBe));
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
      record?.actual !== undefined &&
      !sourceChanged &&
      !edited &&
      record.seen?.source === copy.source.stamp &&
      record.seen?.target === actual.stamp &&
      sameJson(record.held, copy.prepared?.held);
    const isNew = record?.desired === undefined;
    const action = noted || settle === "settle" ? settle : "note";
    const found = ours ? { adopted: isNew } : { standIn: true };
    return { ...copy, why, ...found, action, changes: isNew ? {} : held };
  }
  const markerChange: Changes = actual.markerLost ? { [markerTag]: `(none) → ${copy.source.origin}` } : {};
  const fieldChanges =
    equal && unseenChanged
      ? Object.fromEntries(kind.unseen!.map((field) => [field, `now ${brief(desired[field])}`]))
      : { ...changesBetween(is, shouldBe), ...unseenEdits };
  const changes = { ...markerChange, ...fieldChanges, ...held };
  if (!ours && !(identity.by === "path" && identity.foreign === "replaced")) {
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
  if (wins === "standby") return { ...conflicting, action: settle, ...reheld(kind, conflicting, record) };
  return { ...conflicting, action: "update" };
}

/** What differs and no edit changes: its copy would have to be made anew, which gives it another id. */
function stuck({ immutable = [] }: Kind, copy: PlannedCopy, is: JsonObject, shouldBe: JsonObject): PlannedCopy {
  const differs = changesBetween(only(is, immutable), only(shouldBe, immutable));
  if (Object.keys(differs).length === 0 || copy.actual?.standIn) return copy;
  const sentence = `no edit changes ${describeChanges(differs)}: delete the copy, and the next run makes it anew with another id`;
  return { ...copy, stuck: sentence, why: [sentence, ...copy.why] };
}

/** What is not ours and bears the name is left as it is, and told. */
function standingIn(copy: PlannedCopy, record: CopyRecord | undefined, differs: Changes): PlannedCopy {
  const isNoted = record?.standIn === true && record.id === copy.actual!.id && record.sourceId === copy.source.id;
  const difference = Object.keys(differs).length > 0 ? `, and differs: ${describeChanges(differs)}` : "";
  const why = `the one of that name on the standby is not ours and stands in for it${difference}`;
  return { ...copy, action: isNoted ? "none" : "note", standIn: true, why: [why, ...copy.why] };
}

/** How the target showed the copy after the last write; of an original, how it showed when it was last copied from here. */
function baseOf(record: CopyRecord | undefined, sourceRecord: CopyRecord | undefined): string | undefined {
  return record?.desired === undefined && record?.actual === undefined ? sourceRecord?.source : record.actual;
}

function editedWhere({ original }: Item): string {
  return original ? "edited here after it was last copied to the other side" : "edited on the standby";
}

/** Of fields that not every reading shows, those that this one shows to be other than they should be. */
export function editsOfUnseen(kind: Kind, actual: Defined, desired: JsonObject): Changes {
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
  kind: Kind,
  { prepared }: PlannedCopy,
  actual: Defined,
  record: CopyRecord | undefined,
): { readonly copy: Pick<PlannedCopy, "prepared">; readonly why: readonly string[] } {
  const live = heldIn(kind, actual.definition);
  const held = Object.keys(live).length > 0 ? live : record?.held;
  if (!actual.original || !prepared || prepared.held || !held) return { copy: prepared ? { prepared } : {}, why: [] };
  return {
    copy: { prepared: { ...prepared, held, heldFrom: "edit" } },
    why: [`its ${namesOf(held)} is kept, and comes back with the role`],
  };
}

/** How the triggers that are held for it change, where nothing else is written. */
export function reheld({ held }: Kind, copy: PlannedCopy, record: CopyRecord | undefined): Pick<PlannedCopy, "reheld"> {
  if (!held) return {};
  const changes = copy.actual ? heldChanges(copy, record) : {};
  return Object.keys(changes).length > 0 ? { reheld: changes } : {};
}

/** How the triggers that are to be held differ from those that were; what is not prepared is not known. */
function heldChanges({ prepared }: PlannedCopy, record: CopyRecord | undefined): Changes {
  return prepared ? changesBetween({ held: record?.held }, { held: prepared.held }) : {};
}
