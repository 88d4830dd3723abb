import { goneFrom, knownByNotes } from "../inventory/counterparts.js";
import { ownRun } from "./current-run.js";
import { forAll } from "../values/for-all.js";
import type { Kind } from "../kinds/kind.js";
import type { CopyRecord } from "../notes/record.js";
import { isAsWritten } from "../plan/orphans.js";
import { kindNamed } from "../kinds/registry.js";
import { type Progress, silent } from "../report/progress.js";
import { messageOf } from "../values/redact.js";
import type { StoredState } from "./replica-state.js";
import { describeName, listed } from "../report/report.js";
import { isExcluded } from "../inventory/selection.js";

/**
 * Looks at the copies again: what was deleted or edited on the standby since the last write. The source is not asked. Where the
 * standby cannot be looked at, the state stays what it is, and a refresh of the stack goes on.
 */
export async function refresh(state: StoredState, progress: Progress = silent): Promise<StoredState> {
  if (state.role !== "standby" || !state.local || isExcluded(state.settings, kindNamed(state.kind))) return state;
  try {
    return await lookedAgain(state, progress);
  } catch (error) {
    const text = `${state.kind}: could not be looked at, and stays as it was last known: ${messageOf(error)}`;
    progress({ kind: state.kind, text, severity: "warning" });
    return state;
  }
}

async function lookedAgain(state: StoredState, progress: Progress): Promise<StoredState> {
  const run = await ownRun(state, progress);
  const kind = kindNamed(state.kind);
  const notes = await run.notes("target", state.kind);
  const shown = await run.items("target", state.kind);
  const { known, missing } = knownByNotes(kind, shown, notes, await run.target!.client.workspaceId());
  await goneFrom(kind, run, missing, notes);
  const drift = missing.map((origin) => `${who(kind, notes.get(origin)!)} is gone from the standby`);
  await forAll([...known], async ([origin, item]) => {
    const about = who(kind, item);
    if (item.unreadable !== undefined) drift.push(`${about}: ${item.unreadable}`);
    else if (item.markerLost || !(await isAsWritten(kind, item, origin, notes, run)))
      drift.push(`${about} was edited on the standby`);
    for (const breach of item.unsettled ?? []) drift.push(`${about} ${breach}`);
  });
  drift.sort();
  if (drift.length > 0)
    progress({
      kind: state.kind,
      text: `${state.kind}: ${drift.length} changed by hand:${listed(drift)}`,
      severity: "warning",
    });
  return { ...state, drift: drift.slice(0, mostDriftKept) };
}

const mostDriftKept = 100;

function who({ singular }: Kind, { id = "", name }: Pick<CopyRecord, "id" | "name">): string {
  return `${singular} ${describeName({ name, id })}`;
}
