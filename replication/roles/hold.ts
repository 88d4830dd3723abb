import { countedFor } from "../client/call-count.js";
import { knownByNotes } from "../inventory/counterparts.js";
import { runOf } from "../replica/current-run.js";
import { forAll } from "../values/for-all.js";
import { heldIn, heldNoun } from "../kinds/held-fields.js";
import type { Item, Kind } from "../kinds/kind.js";
import { kindNamed } from "../kinds/registry.js";
import type { LedgerLine } from "../report/ledger.js";
import { originOf, type Origin } from "../inventory/marker.js";
import { type Notes, notesPath } from "../notes/notes.js";
import { strangerLine, type TellLines } from "../report/lines.js";
import { nothingToDo, type ReplicaPicture, unseenPicture } from "../report/preview-picture.js";
import type { Progress } from "../report/progress.js";
import { messageOf, redactText } from "../values/redact.js";
import {
  type Before,
  emptyState,
  ledgerOf,
  memoryOfNotes,
  rememberedNotes,
  type ReplicaArgs,
  type ReplicaState,
  type StoredState,
  takenOver,
} from "../replica/replica-state.js";
import { describeName, listed, report } from "../report/report.js";
import type { Run } from "../inventory/run.js";

/** What is to be held on a side that is about to hand over: all that runs by itself and has a copy on the other side. */
interface ToHold {
  readonly holding: readonly { readonly item: Item; readonly origin: Origin }[];
  /** What has no copy there: it goes on running here, since it runs nowhere else. */
  readonly alone: readonly Item[];
  readonly notes: Notes;
}

/** A side that hands over does nothing by itself any more that the other side will do. Nothing else of it is changed. */
export async function previewHold(args: ReplicaArgs, before: Before, progress: Progress): Promise<ReplicaPicture> {
  const run = runOf(args);
  run.showOn(args.kind, progress);
  const { holding, alone } = await countedFor(args.kind, () => toHold(args, run));
  const plan = holding.length > 0 ? `hold the ${heldNoun(kindNamed(args.kind))} of ${holding.length}` : nothingToDo;
  const lines = [
    ...alone.map((item) => `! ${describeName(item)}: ${keeps(args, item)}`),
    ...holding.map(
      ({ item }) => `~ ${describeName(item)}: ${triggersOf(args, item).join(" and ")} is taken off and kept`,
    ),
  ];
  if (lines.length > 0) progress({ kind: args.kind, text: `${args.kind}: ${plan}${listed(lines)}`, severity: "info" });
  return unseenPicture(plan, before);
}

function wordsFor({ held }: Kind): { none: string; blocked: string } {
  return { none: held ? "nothing here runs by itself" : "none of these runs by itself", blocked: "not held" };
}

export async function hold(
  args: ReplicaArgs,
  before: StoredState | undefined,
  progress: Progress,
  tell: TellLines,
): Promise<ReplicaState> {
  const base = before ?? emptyState(args);
  const { kind } = args;
  const run = runOf(args);
  run.showOn(kind, progress);
  if (!run.target) return { ...takenOver(base, args), drift: [] };
  return countedFor(kind, async () => {
    const state = rememberedNotes(base);
    await run.recall(kind, state);
    const { holding, alone, notes } = await toHold(args, run);
    for (const { item, origin } of holding) {
      const held = heldIn(kindNamed(kind), item.definition);
      const record = notes.get(origin) ?? { name: redactText(item.name) };
      notes.set(origin, { ...record, id: item.id, held, heldFrom: "here" });
    }
    if (holding.length > 0) await run.writeNotes(kind, notes, state);
    await run.closeNotesFolder(kind);
    const lines = [
      ...(await holdAll(args, run, holding, progress)),
      ...alone.map((item): LedgerLine => ({
        ...strangerLine(args.kind, item),
        outcome: "skipped",
        why: keeps(args, item),
      })),
    ];
    run.forget(kind);
    tell(lines);
    const ledger = ledgerOf(kind, lines, run);
    report(kind, ledger, lines, progress, wordsFor(kindNamed(kind)));
    return { ...takenOver(base, args), ...memoryOfNotes(notes), drift: [], ledger };
  });
}

async function toHold(args: ReplicaArgs, run: Run): Promise<ToHold> {
  const kind = kindNamed(args.kind);
  const notes = await run.notes("target", kind.name);
  if (!run.target || !kind.held) return { holding: [], alone: [], notes };
  const [items, peerNotes] = await Promise.all([run.items("target", kind.name), run.notes("source", kind.name)]);
  if (peerNotes.doubt !== undefined)
    throw new Error(
      `${kind.name}: the notes of ${run.source!.endpoint.stack} (${notesPath(kind.name)}) say what has a copy there, and are not believed: ${peerNotes.doubt}; run pulumi up --stack ${run.source!.endpoint.stack} first`,
    );
  const workspaceId = await run.target.client.workspaceId();
  const { known } = knownByNotes(kind, items, notes, workspaceId);
  const origins = new Map([...known].map(([origin, { id }]) => [id, origin]));
  const live = items.filter((item) => triggersOf(args, item).length > 0);
  const holding: { item: Item; origin: Origin }[] = [];
  const alone: Item[] = [];
  for (const item of live) {
    const origin = origins.get(item.id) ?? originOf(workspaceId, kind.name, item.id);
    if (peerNotes.get(origin)?.id !== undefined) holding.push({ item, origin });
    else alone.push(item);
  }
  return { holding, alone, notes };
}

async function holdAll(
  args: ReplicaArgs,
  run: Run,
  holding: ToHold["holding"],
  progress: Progress,
): Promise<LedgerLine[]> {
  const kind = kindNamed(args.kind);
  const lines: LedgerLine[] = [];
  await forAll(holding, async ({ item }) => {
    const what = triggersOf(args, item);
    const line = strangerLine(kind.name, item);
    try {
      await kind.settle!(run.target!, item.id);
      const left = kind.get ? triggersOf(args, await kind.get(run.target!, item.id)) : [];
      if (left.length > 0) throw new Error(`its ${left.join(" and ")} was taken off, but is still there`);
      lines.push({ ...line, outcome: "updated", held: what, why: `${what.join(" and ")} taken off and kept` });
    } catch (error) {
      lines.push({ ...line, outcome: "failed", why: messageOf(error) });
    }
    progress({ kind: kind.name, text: item.name, done: lines.length, total: holding.length });
  });
  return lines;
}

function keeps(args: ReplicaArgs, item: Item): string {
  return `keeps its ${triggersOf(args, item).join(" and ")}, and fires on: it has no copy on the other side`;
}

function triggersOf({ kind }: ReplicaArgs, { definition }: Item): string[] {
  return Object.keys(heldIn(kindNamed(kind), definition));
}
