import { ownRun } from "./current-run.js";
import { fingerprint } from "./fingerprint.js";
import { kindNamed } from "./kinds/registry.js";
import { knownByNotes, visible } from "./plan.js";
import { type Progress, silent } from "./progress.js";
import type { ReplicaState } from "./replica-state.js";
import { describeName, listed } from "./report.js";

/** Looks at the copies again: what was deleted or edited on the standby since the last write. The source is not asked. */
export async function refresh(state: ReplicaState, progress: Progress = silent): Promise<ReplicaState> {
  if (state.role === "active" || !state.local) return state;
  const run = await ownRun(state, progress);
  const kind = kindNamed(state.kind);
  const shown = await run.items("target", state.kind);
  const targets = knownByNotes(kind, shown, await run.manifest("target", state.kind));
  const items = new Map(targets.map((item) => [item.id, item]));
  const drift: string[] = [];
  const gone = new Set<string>();
  for (const { id, name, actual } of Object.values(state.copies)) {
    if (id === undefined) continue;
    const item = items.get(id);
    const who = `${kind.singular} ${describeName({ name, id })}`;
    if (!item) {
      gone.add(id);
      drift.push(`${who} is gone from the standby`);
    } else if (item.unreadable !== undefined) drift.push(`${who}: ${item.unreadable}`);
    else if (item.markerLost || (actual !== undefined && fingerprint(visible(kind, item.definition)) !== actual))
      drift.push(`${who} was edited on the standby`);
    for (const breach of item?.unsettled ?? []) drift.push(`${who} ${breach}`);
  }
  drift.sort();
  if (drift.length > 0)
    progress({
      kind: state.kind,
      text: `${state.kind}: ${drift.length} changed by hand:${listed(drift)}`,
      severity: "warning",
    });
  return {
    ...state,
    drift,
    idMap: Object.fromEntries(Object.entries(state.idMap).filter(([, id]) => !gone.has(id))),
    copies: Object.fromEntries(Object.entries(state.copies).filter(([, { id = "" }]) => !gone.has(id))),
  };
}
