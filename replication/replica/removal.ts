import { ownRun } from "./current-run.js";
import { forAll, mapAll } from "../values/for-all.js";
import type { Run } from "../inventory/run.js";
import type { Item, Kind, Side } from "../kinds/kind.js";
import { kindNamed } from "../kinds/registry.js";
import { goneFrom, knownByNotes } from "../inventory/counterparts.js";
import type { Origin } from "../inventory/marker.js";
import { type Notes, notesPath } from "../notes/notes.js";
import { isAsWritten, isOursByRecord } from "../plan/orphans.js";
import { type Progress, silent } from "../report/progress.js";
import { messageOf } from "../values/redact.js";
import { untrusted } from "../roles/release.js";
import { rememberedNotes, type StoredState } from "./replica-state.js";
import { describeName } from "../report/report.js";
import { isGone } from "../inventory/still-there.js";

/** Removes our copies and nothing else. The copies on an active workspace are its own by now, and stay. */
export async function removeCopies(state: StoredState, progress: Progress = silent): Promise<void> {
  if (!state.local || (state.role !== "standby" && !state.settings.removeFromActive)) return;
  const run = await ownRun(state, progress);
  const kind = kindNamed(state.kind);
  const notes = await run.notes("target", state.kind);
  if (notes.doubt !== undefined) throw new Error(untrusted(state.kind, notes.doubt));
  if (notes.isEmpty) return notes.erase(run.target!.client);
  let shown: readonly Item[];
  try {
    shown = await run.items("target", state.kind);
  } catch (error) {
    if (!isLost(error)) throw error;
    progress({
      kind: kind.name,
      text: `${kind.name}: the copies stay as they are: ${messageOf(error)}. Remove them by hand where the workspace stays`,
      severity: "warning",
    });
    return;
  }
  const { known, missing } = knownByNotes(kind, shown, notes, await run.target!.client.workspaceId());
  await goneFrom(kind, run, missing, notes);
  const untouched = await mapAll([...known], ([origin, item]) => isUntouched(kind, item, origin, notes, run));
  const ours = [...known.values()].filter((_, place) => untouched[place]);
  const failures = await removeAll(kind, run.target!, ours, progress);
  run.forget(state.kind);
  if (failures.length > 0)
    throw new Error(`${failures.length} copies were not removed:\n${failures.sort().join("\n")}`);
  const inert = [...known].filter(([origin, { original }]) => original && notes.get(origin)?.held);
  if (inert.length === 0) return notes.erase(run.target!.client);
  const noted = new Set(inert.map(([origin]) => origin));
  for (const [origin] of [...notes.entries()]) if (!noted.has(origin)) notes.delete(origin);
  await run.writeNotes(kind.name, notes, rememberedNotes(state));
  progress({
    kind: kind.name,
    text: `${kind.name}: ${inert.length} that are no copies stay, and their triggers stay off: ${notesPath(kind.name)} has them`,
    severity: "warning",
  });
}

/** Removes each, all at once where the kind does so, and tells what was not removed and why. */
async function removeAll(kind: Kind, target: Side, items: readonly Item[], progress: Progress): Promise<string[]> {
  const failures: string[] = [];
  let done = 0;
  const note = async (item: Item, error?: unknown): Promise<void> => {
    if (error !== undefined && !(await isGone(error, kind, target, item.id)))
      failures.push(`${kind.name} ${describeName(item)}: ${messageOf(error)}`);
    progress({ kind: kind.name, text: item.name, done: ++done, total: items.length });
  };
  if (kind.writeAll && items.length > 0) {
    const answers = await kind.writeAll(
      target,
      items.map(({ id, name }) => ({ action: "remove", id, name })),
    );
    for (const [index, answer] of answers.entries())
      await note(items[index]!, answer.status === "rejected" ? answer.reason : undefined);
  } else
    await forAll(items, async (item) => {
      await kind.remove!(target, item.id).then(
        () => note(item),
        (error: unknown) => note(item, error),
      );
    });
  return failures;
}

/** A file or mount that was edited after we wrote it, or that stood there before us, is not ours to remove. */
async function isUntouched(kind: Kind, item: Item, origin: Origin, notes: Notes, run: Run): Promise<boolean> {
  if (!isOursByRecord(kind, item, notes.recordOf(origin, item.id, item.name))) return false;
  return kind.identity.by !== "path" || isAsWritten(kind, item, origin, notes, run);
}

/** Without its operations cluster a workspace cannot be asked: what was made by way of it cannot be removed by it either. */
function isLost(error: unknown): boolean {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error && cause.name === "OperationsClusterUnavailable";
}
