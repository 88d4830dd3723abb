import { countedFor } from "../client/call-count.js";
import type { JsonObject } from "../values/json.js";
import { applyPlan } from "../apply/apply.js";
import { runOf } from "./current-run.js";
import { fingerprint } from "../values/fingerprint.js";
import { hold, previewHold } from "../roles/hold.js";
import { NeedsPerson } from "../kinds/kind.js";
import { kindNamed } from "../kinds/registry.js";
import type { LedgerLine } from "../report/ledger.js";
import type { Plan } from "../plan/planned.js";
import { Planning } from "../plan/planning.js";
import { linesOf, type TellLines } from "../report/lines.js";
import { nothingToDo, pictureOf, type ReplicaPicture, unseenPicture } from "../report/preview-picture.js";
import { type Progress, silent } from "../report/progress.js";
import { messageOf } from "../values/redact.js";
import { activate, previewRelease, untrusted } from "../roles/release.js";
import {
  type Before,
  emptyState,
  identityOf,
  ledgerOf,
  memoryOfNotes,
  rememberedNotes,
  type ReplicaArgs,
  type ReplicaState,
  type StoredState,
  takenOver,
} from "./replica-state.js";
import { announce, report } from "../report/report.js";
import type { Run } from "../inventory/run.js";
import { isExcluded } from "../inventory/selection.js";

const untold: TellLines = () => undefined;

/**
 * Takes the inventory of both sides and says what would be done. A kind that cannot be compared now says so in its plan: it ends
 * neither the preview nor the other kinds.
 */
export async function preview(
  args: ReplicaArgs,
  before: Before,
  progress: Progress = silent,
  tell: TellLines = untold,
): Promise<ReplicaPicture> {
  try {
    return await looked(args, before, progress, tell);
  } catch (error) {
    const why = reasonOf(error, args);
    runOf(args).standIn(args.kind, why);
    progress({ kind: args.kind, text: `${args.kind}: ${why}`, severity: "warning" });
    tell([kindLine(args, isForPerson(error) ? "needs-a-person" : "failed", why)]);
    if (isForPerson(error)) return unseenPicture(nothingToDo, before, { [args.kind]: why });
    return unseenPicture(`cannot be compared: ${why}`, before, before.needsPerson);
  }
}

async function looked(args: ReplicaArgs, before: Before, progress: Progress, tell: TellLines): Promise<ReplicaPicture> {
  const run = runOf(args);
  run.showOn(args.kind, progress);
  const seen = await pictured(args, before, progress, tell);
  const isOpen = !isExcluded(args.settings, kindNamed(args.kind)) && (await run.notesFolderIsOpen(args.kind));
  return isOpen && seen.plan === nothingToDo ? { ...seen, plan: "take away the access to the notes" } : seen;
}

async function pictured(
  args: ReplicaArgs,
  before: Before,
  progress: Progress,
  tell: TellLines,
): Promise<ReplicaPicture> {
  if (args.role !== "standby") tell([]);
  if (args.role === "active") return await previewRelease(args, before, progress);
  if (args.role === "held") return await previewHold(args, before, progress);
  if (isExcluded(args.settings, kindNamed(args.kind))) return excludedPicture(args, before, tell);
  const plan = await planFor(args, progress);
  const notes = await runOf(args).notes("target", args.kind);
  tell(linesOf(plan, notes));
  if (notes.warning !== undefined)
    progress({ kind: args.kind, text: `${args.kind}: the notes on the copies: ${notes.warning}`, severity: "warning" });
  const seen = pictureOf(plan, before);
  announce(plan, seen, before, progress);
  return seen;
}

async function planFor(args: ReplicaArgs, progress: Progress): Promise<Plan> {
  const run = runOf(args);
  run.showOn(args.kind, progress);
  return countedFor(args.kind, () => Planning.of(run).of(args.kind));
}

/** Whether `apply` has anything to do, anything new to say, or an endpoint, sign-in or setting to take over. */
export function needsApply(state: StoredState, args: ReplicaArgs, seen: ReplicaPicture): boolean {
  return (
    seen.plan !== nothingToDo ||
    state.copies !== undefined ||
    fingerprintOf(identityOf(state)) !== fingerprintOf(identityOf(args)) ||
    (args.role === "standby" && state.shown !== shownBy(args, seen)) ||
    (args.role === "active" && (state.incomplete === true || (state.heldCount ?? 0) > 0))
  );
}

/**
 * Carries out what `preview` showed; on an active workspace, puts back what was held. What stops the whole kind is a line of its
 * ledger, and everything that was known of it stays known.
 */
export async function apply(
  args: ReplicaArgs,
  seen: ReplicaPicture,
  before: StoredState | undefined,
  progress: Progress = silent,
  tell: TellLines = untold,
): Promise<ReplicaState> {
  const run = runOf(args);
  try {
    if (args.role === "active") return await activate(args, before, progress, tell);
    if (args.role === "held") return await hold(args, before, progress, tell);
    return await follow(args, seen, before, progress, tell);
  } catch (error) {
    const why = reasonOf(error, args);
    run.standIn(args.kind, why);
    run.forget(args.kind);
    const outcome = isForPerson(error) ? "needs-a-person" : "failed";
    const lines = [kindLine(args, outcome, why)];
    tell(lines);
    const ledger = ledgerOf(args.kind, lines, run);
    report(args.kind, ledger, lines, progress);
    const shown = isForPerson(error) ? shownBy(args, seen) : "";
    const base = takenOver(before ?? emptyState(args), args);
    return { ...base, incomplete: args.role === "active", shown, drift: [], ledger };
  }
}

async function follow(
  args: ReplicaArgs,
  seen: ReplicaPicture,
  before: StoredState | undefined,
  progress: Progress,
  tell: TellLines,
): Promise<ReplicaState> {
  const { kind } = args;
  const run = runOf(args);
  run.showOn(kind, progress);
  if (isExcluded(args.settings, kindNamed(kind))) return excluded(args, seen, before, run, tell);
  const state = rememberedNotes(before);
  const plan = await countedFor(kind, async () => {
    await run.recall(kind, state);
    const { doubt } = await run.notes("target", kind);
    if (doubt !== undefined) throw new Error(untrusted(kind, doubt));
    return planFor(args, progress);
  });
  const { ids, lines, notes } = await countedFor(kind, () => applyPlan(plan, run, Planning.of(run), state, progress));
  run.compared(kind);
  Planning.of(run).noteCopies(kind, ids);
  const stale = (await run.staleKinds()).filter(
    (each) => each.kind !== kind && kindNamed(kind).references?.some((other) => other.kind === each.kind),
  );
  for (const { kind: other, why, knownAt } of stale) {
    const since = knownAt === undefined ? "nothing is known of them" : `what was known of them at ${knownAt} is used`;
    progress({ kind, text: `${kind}: the ${other} could not be compared; ${since} (${why})`, severity: "warning" });
    lines.push(
      kindLine(
        args,
        "unchanged",
        `the ${other} could not be compared in this run, so references to them are those that were last known: ${since}`,
      ),
    );
  }
  await run.closeNotesFolder(kind);
  tell(lines);
  const ledger = ledgerOf(kind, lines, run);
  report(kind, ledger, lines, progress);
  return {
    ...identityOf(args),
    ...memoryOfNotes(notes),
    ledger,
    comparedAt: new Date().toISOString(),
    shown: shownBy(args, pictureOf(plan, seen)),
    drift: [],
  };
}

function excludedPicture(args: ReplicaArgs, before: Before, tell: TellLines): ReplicaPicture {
  tell([excludedLine(args)]);
  return unseenPicture(nothingToDo, before);
}

/** Copies that were made before the kind was excluded stay as they are, and as they were known. */
function excluded(
  args: ReplicaArgs,
  seen: ReplicaPicture,
  before: StoredState | undefined,
  run: Run,
  tell: TellLines,
): ReplicaState {
  const lines = [excludedLine(args)];
  tell(lines);
  const ledger = ledgerOf(args.kind, lines, run);
  return { ...takenOver(before ?? emptyState(args), args), ledger, shown: shownBy(args, seen), drift: [] };
}

function excludedLine(args: ReplicaArgs): LedgerLine {
  return kindLine(args, "skipped", `excluded as a whole (select.${args.kind}), and not looked at`);
}

/** Whether trying again will not help until somebody does what is said. */
function isForPerson(error: unknown): boolean {
  return error instanceof NeedsPerson || (error instanceof Error && error.cause instanceof NeedsPerson);
}

/** What an error says, without the kind, which stands beside it. */
function reasonOf(error: unknown, { kind }: ReplicaArgs): string {
  const text = messageOf(error);
  return text.startsWith(`${kind}: `) ? text.slice(kind.length + 2) : text;
}

/** What concerns a kind as a whole. */
function kindLine({ kind }: ReplicaArgs, outcome: LedgerLine["outcome"], why: string): LedgerLine {
  return { kind, name: kind, outcome, why };
}

/** What was applied, and by which settings: where either is another one now, there is something to take over. */
function shownBy({ settings, local, peer }: ReplicaArgs, { digest }: ReplicaPicture): string {
  return fingerprint({
    digest,
    settings,
    hosts: [local?.host ?? "", peer?.host ?? ""],
  } as unknown as JsonObject);
}

function fingerprintOf(value: object): string {
  return fingerprint(value as JsonObject);
}
