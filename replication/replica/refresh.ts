import { knownByNotes } from "../inventory/counterparts.js";
import { ownRun } from "../inventory/current-run.js";
import { fingerprint } from "../values/fingerprint.js";
import { forAll } from "../values/for-all.js";
import type { Item } from "../kinds/kind.js";
import { kindNamed } from "../kinds/registry.js";
import { visible } from "../plan/compare.js";
import { type Progress, silent } from "../report/progress.js";
import { messageOf } from "../values/redact.js";
import type { ReplicaState } from "./replica-state.js";
import { describeName, listed } from "../report/report.js";
import type { Run } from "../inventory/run.js";
import { isExcluded } from "../inventory/selection.js";
import { stillThere } from "../inventory/still-there.js";

/**
 * Looks at the copies again: what was deleted or edited on the standby since the last write. The source is not asked. Where the
 * standby cannot be looked at, the state stays what it is, and a refresh of the stack goes on.
 */
export async function refresh(state: ReplicaState, progress: Progress = silent): Promise<ReplicaState> {
  if (state.role !== "standby" || !state.local || isExcluded(state.settings, kindNamed(state.kind))) return state;
  try {
    return await lookedAgain(state, progress);
  } catch (error) {
    const text = `${state.kind}: could not be looked at, and stays as it was last known: ${messageOf(error)}`;
    progress({ kind: state.kind, text, severity: "warning" });
    return state;
  }
}

async function lookedAgain(state: ReplicaState, progress: Progress): Promise<ReplicaState> {
  const run = await ownRun(state, progress);
  const kind = kindNamed(state.kind);
  const shown = await run.items("target", state.kind);
  const { known } = knownByNotes(
    kind,
    shown,
    await run.notes("target", state.kind),
    await run.target!.client.workspaceId(),
  );
  const items = new Map<string, Item>([...shown, ...known.values()].map((item) => [item.id, item]));
  await assertListed(state, run, items);
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

/** What is not listed is asked for by itself, before it is said to be gone. */
async function assertListed(state: ReplicaState, run: Run, items: ReadonlyMap<string, Item>): Promise<void> {
  const kind = kindNamed(state.kind);
  if (!kind.exists) return;
  await forAll(Object.values(state.copies), async ({ id, name }) => {
    if (id === undefined || items.has(id)) return;
    if (await stillThere(kind, run.target!, id))
      throw new Error(`${run.target!.endpoint.stack} has ${describeName({ name, id })} but did not list it`);
  });
}
