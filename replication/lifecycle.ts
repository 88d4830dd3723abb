import { countedFor } from "./client/call-count.js";
import type { JsonObject } from "./client/json.js";
import { applyPlan } from "./apply.js";
import { runOf } from "./current-run.js";
import { fingerprint } from "./fingerprint.js";
import type { Plan } from "./plan.js";
import { nothingToDo, pictureOf, type ReplicaPicture } from "./preview-picture.js";
import { type Progress, silent } from "./progress.js";
import { activate, previewRelease } from "./release.js";
import { type Before, identityOf, ledgerOf, remembered, type ReplicaArgs, type ReplicaState } from "./replica-state.js";
import { announce, report } from "./report.js";

/** Takes the inventory of both sides and says what would be done. */
export async function preview(args: ReplicaArgs, before: Before, progress: Progress = silent): Promise<ReplicaPicture> {
  if (args.role === "active") return previewRelease(args, before, progress);
  const plan = await planFor(args, progress);
  const seen = pictureOf(plan, before);
  announce(plan, seen, before, progress);
  return seen;
}

async function planFor(args: ReplicaArgs, progress: Progress): Promise<Plan> {
  const run = runOf(args);
  run.showOn(args.kind, progress);
  for (const [kind, idMap] of Object.entries(args.idMaps ?? {})) run.giveIdMap(kind, idMap);
  return countedFor(args.kind, () => run.plan(args.kind));
}

/** Whether `apply` has anything to do, or anything new to say. */
export function needsApply(state: ReplicaState, args: ReplicaArgs, seen: ReplicaPicture): boolean {
  return (
    seen.plan !== nothingToDo ||
    state.role !== args.role ||
    (args.role === "standby" && state.shown !== shownBy(args, seen)) ||
    (args.role === "active" && Object.values(state.copies).some(({ held, orphaned }) => held && !orphaned))
  );
}

/** Carries out what `preview` showed; on an active workspace, puts back what was held. */
export async function apply(
  args: ReplicaArgs,
  seen: ReplicaPicture,
  before: ReplicaState | undefined,
  progress: Progress = silent,
): Promise<ReplicaState> {
  if (args.role === "active") return countedFor(args.kind, () => activate(args, before, progress));
  const run = runOf(args);
  run.showOn(args.kind, progress);
  await run.recall(args.kind, before?.copies ?? {});
  const plan = await planFor(args, progress);
  const { idMap, lines, records } = await countedFor(args.kind, () => applyPlan(plan, run, progress));
  const ledger = ledgerOf(args.kind, lines, run);
  report(args.kind, ledger, progress);
  return {
    ...identityOf(args),
    idMap,
    copies: remembered(records),
    ledger,
    shown: shownBy(args, pictureOf(plan, seen)),
    drift: [],
  };
}

function shownBy({ settings, local, peer }: ReplicaArgs, { objects, needsPerson, conflicts }: ReplicaPicture): string {
  return fingerprint({
    objects,
    needsPerson,
    // Where the source wins, a conflict is over once it is applied.
    conflicts: settings.conflicts === "standby" ? conflicts : {},
    settings,
    hosts: [local?.host ?? "", peer?.host ?? ""],
  } as unknown as JsonObject);
}
