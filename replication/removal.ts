import { ownRun } from "./current-run.js";
import { fingerprint } from "./fingerprint.js";
import { forAll } from "./for-all.js";
import type { Item, Kind, Side } from "./kinds/kind.js";
import { kindNamed } from "./kinds/registry.js";
import { type CopyRecord, manifestFolder } from "./manifest.js";
import { Counterparts, isOursByRecord, knownByNotes, visible } from "./plan.js";
import { type Progress, silent } from "./progress.js";
import { messageOf } from "./redact.js";
import type { ReplicaState } from "./replica-state.js";
import { isGone } from "./still-there.js";

/** Removes our copies and nothing else. The copies on an active workspace are its own by now, and stay. */
export async function removeCopies(state: ReplicaState, progress: Progress = silent): Promise<void> {
  if (!state.local || (state.role === "active" && !state.settings.removeFromActive)) return;
  const run = await ownRun(state, progress);
  const kind = kindNamed(state.kind);
  const manifest = await run.manifest("target", state.kind);
  const targets = knownByNotes(kind, await run.items("target", state.kind), manifest);
  const counterparts = new Counterparts(targets, manifest);
  const ours = targets.filter(
    (item) => isUntouched(kind, item, manifest.get(item.origin)) && counterparts.of(item) === item,
  );
  const failures = await removeAll(kind, run.target!, ours, progress);
  run.forget(state.kind);
  if (failures.length > 0)
    throw new Error(`${failures.length} copies were not removed:\n${failures.sort().join("\n")}`);
  const inert = targets.filter(({ original, origin }) => original && manifest.get(origin)?.held);
  if (inert.length === 0) return manifest.erase(run.target!.client);
  const noted = new Set(inert.map(({ origin }) => origin));
  for (const [origin] of [...manifest.entries()]) if (!noted.has(origin)) manifest.delete(origin);
  await manifest.write(run.target!.client);
  progress({
    kind: kind.name,
    text: `${kind.name}: ${inert.length} that are no copies stay, and their triggers stay off: ${manifestFolder}/${kind.name}.json has them`,
    severity: "warning",
  });
}

/** Removes each, all at once where the kind does so, and tells what was not removed and why. */
async function removeAll(kind: Kind, target: Side, items: readonly Item[], progress: Progress): Promise<string[]> {
  const failures: string[] = [];
  let done = 0;
  const note = async (item: Item, error?: unknown): Promise<void> => {
    if (error !== undefined && !(await isGone(error, kind, target, item.id)))
      failures.push(`${kind.name} ${JSON.stringify(item.name)} [${item.id}]: ${messageOf(error)}`);
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
function isUntouched(kind: Kind, item: Item, record: CopyRecord | undefined): boolean {
  if (!isOursByRecord(kind, item, record)) return false;
  if (kind.identity === "marker") return true;
  return record?.actual === undefined || record.actual === fingerprint(visible(kind, item.definition));
}
