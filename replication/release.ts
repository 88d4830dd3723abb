import { countedFor } from "./client/call-count.js";
import { changesBetween, describeChanges } from "./changes.js";
import { runOf } from "./current-run.js";
import { forAll } from "./for-all.js";
import type { Kind } from "./kinds/kind.js";
import { kindNamed } from "./kinds/registry.js";
import type { LedgerLine } from "./ledger.js";
import type { CopyRecord } from "./manifest.js";
import type { Origin } from "./marker.js";
import { nothingToDo, type ReplicaPicture } from "./preview-picture.js";
import type { Progress } from "./progress.js";
import { messageOf, redactText } from "./redact.js";
import {
  type Before,
  emptyState,
  identityOf,
  ledgerOf,
  remembered,
  type ReplicaArgs,
  type ReplicaState,
} from "./replica-state.js";
import { cut, listed, report } from "./report.js";
import type { Run } from "./run.js";
import { stillThere } from "./still-there.js";

/** An active workspace follows nobody: it is given back the triggers that are held here, and is asked for them once. */
export async function previewRelease(args: ReplicaArgs, before: Before, progress: Progress): Promise<ReplicaPicture> {
  const isDone = before.role === "active" && before.plan === nothingToDo;
  const held = isDone ? [] : await heldHere(args, progress);
  const plan = held.length > 0 ? `put back the triggers of ${held.length}` : nothingToDo;
  if (held.length > 0) progress({ kind: args.kind, text: `${args.kind}: ${plan}${listed(held)}`, severity: "info" });
  return { plan, objects: before.objects ?? {}, changes: {}, conflicts: {}, needsPerson: {} };
}

/** `~ "nightly": schedule: (none) → {…}` for each copy that would get its trigger back. */
async function heldHere(args: ReplicaArgs, progress: Progress): Promise<string[]> {
  const run = runOf(args);
  run.showOn(args.kind, progress);
  const manifest = await countedFor(args.kind, () => run.manifest("target", args.kind));
  return [...manifest.entries()].flatMap(([, { id, name, held, orphaned }]) =>
    held && id !== undefined && !orphaned
      ? [cut(`~ ${JSON.stringify(redactText(name))}: ${describeChanges(changesBetween({}, held))}`)]
      : [],
  );
}

const releasing = { none: "no trigger was held here", blocked: "not put back" };

/** The workspace works on its own from here: held triggers go back, and the copies stay what they are. */
export async function activate(
  args: ReplicaArgs,
  before: ReplicaState | undefined,
  progress: Progress,
): Promise<ReplicaState> {
  const { kind } = args;
  const base = before ?? emptyState(args);
  const run = runOf(args);
  const manifest = run.target ? await run.manifest("target", kind) : undefined;
  const known = { ...base.copies, ...Object.fromEntries(manifest?.entries() ?? []) };
  const copies: Record<string, CopyRecord> = { ...known };
  const lines: LedgerLine[] = [];
  const holding = Object.entries(known).filter(([, { held }]) => held);
  await forAll(holding, async ([origin, record]) => {
    const line = await releaseOne(kindNamed(kind), run, record);
    lines.push(line);
    if (line.outcome !== "failed" && !record.orphaned) copies[origin] = released(record);
    progress({ kind, text: record.name, done: lines.length, total: holding.length });
  });
  for (const [origin, record] of Object.entries(copies)) manifest?.set(origin as Origin, record);
  if (run.target) await manifest?.write(run.target.client);
  run.forget(kind);
  const ledger = ledgerOf(kind, lines, run);
  report(kind, ledger, progress, releasing);
  return { ...base, ...identityOf(args), copies: remembered(Object.entries(copies)), drift: [], ledger };
}

function released({ held: _, ...record }: CopyRecord): CopyRecord {
  return record;
}

async function releaseOne(kind: Kind, run: Run, { id, name, held = {}, orphaned }: CopyRecord): Promise<LedgerLine> {
  const triggers = Object.keys(held).join(" and ");
  if (id === undefined)
    return needsPerson(kind, name, `its copy was never made, so that its ${triggers} has nothing to go back to`);
  const line = { kind: kind.name, name, copyId: id };
  if (orphaned)
    return {
      ...line,
      outcome: "skipped",
      why: `gone from the source when it was last seen; its ${triggers} stays off`,
    };
  try {
    const notes = (await kind.release?.(run.target!, id, held)) ?? [];
    return { ...line, outcome: "updated", why: notes.length > 0 ? notes.join("; ") : `${triggers} put back` };
  } catch (error) {
    if (await stillThere(kind, run.target!, id).catch(() => true))
      return { ...line, outcome: "failed", why: messageOf(error) };
    return needsPerson(kind, name, `its ${triggers} cannot be put back: the copy is gone`);
  }
}

function needsPerson(kind: Kind, name: string, why: string): LedgerLine {
  return { kind: kind.name, name, outcome: "needs-a-person", why };
}
