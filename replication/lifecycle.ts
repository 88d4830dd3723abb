import { countedFor, takeCallCount } from "./client/call-count.js";
import { isNotFound } from "./client/errors.js";
import type { JsonObject } from "./client/json.js";
import { applyPlan, unwritten } from "./apply.js";
import { changesBetween, describeChanges } from "./changes.js";
import { fingerprint } from "./fingerprint.js";
import { forAll } from "./for-all.js";
import type { Item, Kind, Side } from "./kinds/kind.js";
import { kindNamed } from "./kinds/registry.js";
import { byReason, countOutcomes, type Ledger, type LedgerLine } from "./ledger.js";
import type { CopyRecord } from "./manifest.js";
import type { Origin } from "./marker.js";
import { Counterparts, isOursByRecord, knownByNotes, type Plan, type PlannedCopy, visible } from "./plan.js";
import { nothingToDo, pictureOf, type ReplicaPicture } from "./preview-picture.js";
import { type Progress, silent } from "./progress.js";
import { redactText } from "./redact.js";
import { Run } from "./run.js";
import { stillThere } from "./still-there.js";
import type { Endpoint, KindName, ReplicationSettings } from "./settings.js";

/** What a stack says of the replica of one kind. */
export interface ReplicaArgs {
  readonly kind: KindName;
  readonly role: "active" | "standby";
  /** This stack's own workspace; absent until it is made. */
  readonly local?: Endpoint;
  /** The workspace that a standby follows. */
  readonly peer?: Endpoint;
  readonly settings: ReplicationSettings;
  /** Id maps of kinds that this one refers to, as far as they are known. */
  readonly idMaps?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** What the state keeps of it. */
export interface ReplicaState {
  readonly kind: KindName;
  readonly role: "active" | "standby";
  readonly local?: Endpoint;
  readonly peer?: Endpoint;
  readonly settings: ReplicationSettings;
  /** Id on the source → id of the copy. */
  readonly idMap: Readonly<Record<string, string>>;
  /** Origin → copy, and its last-applied fingerprints. */
  readonly copies: Readonly<Record<string, CopyRecord>>;
  readonly ledger: Ledger;
  /** Fingerprint of the picture that was applied. */
  readonly shown: string;
  /** What a refresh found deleted or edited on the standby. */
  readonly drift: readonly string[];
}

/** A person may think that long about a preview. After it, what was seen then is looked up again. */
const runEndsAfterIdleMs = 10 * 60_000;

const runs = new Map<string, Run>();

function runOf({ role, local, peer, settings }: ReplicaArgs): Run {
  const replication = {
    settings,
    ...(role === "standby" && peer ? { source: peer } : {}),
    ...(local ? { target: local } : {}),
  };
  const key = JSON.stringify(replication);
  let run = runs.get(key);
  if (!run || run.idleMs > runEndsAfterIdleMs) runs.set(key, (run = new Run(replication)));
  return run;
}

/** Forgets what was looked up: the next call sees both workspaces as they are then. */
export function startNewRun(): void {
  runs.clear();
}

/** What the last deployment was given, and showed. */
export type Before = Partial<ReplicaPicture> & { readonly role?: "active" | "standby" };

/** Takes the inventory of both sides and says what would be done. */
export async function preview(args: ReplicaArgs, before: Before, progress: Progress = silent): Promise<ReplicaPicture> {
  if (args.role === "active") return previewRelease(args, before, progress);
  const plan = await planFor(args, progress);
  const seen = pictureOf(plan, before);
  announce(plan, seen, before, progress);
  return seen;
}

/** An active workspace follows nobody: it is given back the triggers that are held here, and is asked for them once. */
async function previewRelease(args: ReplicaArgs, before: Before, progress: Progress): Promise<ReplicaPicture> {
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
      ? [cut(`~ ${JSON.stringify(name)}: ${describeChanges(changesBetween({}, held))}`)]
      : [],
  );
}

const mostAnnounced = 20;

/** What would be written, object by object: a preview's short form shows no inputs. */
function announce(
  { kind, copies, orphans }: Plan,
  { plan, needsPerson }: ReplicaPicture,
  before: Before,
  progress: Progress,
): void {
  const newNeeds = Object.entries(needsPerson).filter(([label, why]) => before.needsPerson?.[label] !== why);
  if (plan === nothingToDo && newNeeds.length === 0) {
    const outcomes = copies.map((copy) => ({ outcome: unwritten(copy) }));
    const counts = tellCounts(countOutcomes(outcomes));
    if (counts) progress({ kind: kind.name, text: `${plan}: ${counts}`, severity: "info" });
    return;
  }
  const lines = [
    ...copies.flatMap((copy) => (copy.action in signs ? [`${signs[copy.action]} ${told(copy)}`] : [])),
    ...copies.flatMap(({ source, action, settling = [], reheld }) => {
      const parts = reheld ? [...settling, describeChanges(reheld)] : settling;
      return parts.length > 0 && !(action in signs) ? [cut(`~ ${describeName(source)}: ${parts.join("; ")}`)] : [];
    }),
    ...orphans.flatMap(({ copy, settling }) => (settling ? [`~ ${describeName(copy)}: ${settling.join("; ")}`] : [])),
    ...orphans.flatMap(({ action, copy, why }) =>
      action === "remove" ? [`- ${JSON.stringify(copy.name)} [${copy.id}]: ${why}`] : [],
    ),
    ...newNeeds.map(([label, why]) => cut(`! ${label}: needs a person: ${why}`)),
  ];
  progress({ kind: kind.name, text: `${kind.name}: ${plan}${listed(lines)}`, severity: "info" });
}

/** The first of the lines, each below the other. */
function listed(lines: readonly string[]): string {
  const rest = lines.length > mostAnnounced ? [`… and ${lines.length - mostAnnounced} more: see them with --diff`] : [];
  return [...lines.slice(0, mostAnnounced), ...rest].map((line) => `\n  ${line}`).join("");
}

/** How Pulumi marks them, too. A copy that only is noted down is no news. */
const signs: Readonly<Record<string, string>> = { create: "+", update: "~", settle: "~" };

const mostCharactersTold = 300;

function told({ source, conflict, changes, action, why }: PlannedCopy): string {
  const what = conflict ?? (action === "settle" ? why.join("; ") : describeChanges(changes ?? {}));
  return cut(`${describeName(source)}${what ? `: ${what}` : ""}`);
}

function cut(text: string): string {
  return text.length <= mostCharactersTold ? text : `${text.slice(0, mostCharactersTold)}…`;
}

function describeName({ name, id }: Item): string {
  return name === id ? JSON.stringify(name) : `${JSON.stringify(name)} [${id}]`;
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
    (args.role === "active" && Object.values(state.copies).some(({ held }) => held))
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

function ledgerOf(kind: KindName, lines: readonly LedgerLine[], run?: Run): Ledger {
  const seconds = Math.round((run?.secondsOn(kind) ?? 0) * 10) / 10;
  return { counts: countOutcomes(lines), lines, calls: takeCallCount(kind), seconds };
}

const mostReasons = 20;

const copying = { none: "none on the source", blocked: "not copied until somebody acts" };
const releasing = { none: "no trigger was held here", blocked: "not put back" };

function tellCounts(counts: Ledger["counts"]): string {
  return Object.entries(counts)
    .map(([outcome, count]) => `${count} ${outcome}`)
    .join(", ");
}

/** The counts, and what needs a person by reason. What failed is told once, by the ledger's error. */
function report(kind: KindName, { counts, lines, calls, seconds }: Ledger, progress: Progress, words = copying): void {
  const text = tellCounts(counts) || words.none;
  progress({ kind, text: `${text} (${calls} API calls, ${seconds} s)`, severity: "info" });
  const reasons = byReason(lines, "needs-a-person");
  if (reasons.length === 0) return;
  const rest =
    reasons.length > mostReasons ? [`… and ${reasons.length - mostReasons} more reasons: see the ledger`] : [];
  const list = [...reasons.slice(0, mostReasons), ...rest].map((reason) => `\n  ${reason}`).join("");
  progress({
    kind,
    text: `${kind}: ${counts["needs-a-person"]} ${words.blocked}:${list}`,
    severity: "warning",
  });
}

/** The workspace works on its own from here: held triggers go back, and the copies stay what they are. */
async function activate(
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
    if (line.outcome !== "failed") copies[origin] = released(record);
    progress({ kind, text: record.name, done: lines.length, total: holding.length });
  });
  for (const [origin, record] of Object.entries(copies)) manifest?.set(origin as Origin, record);
  if (run.target) await manifest?.write(run.target.client);
  run.forget(kind);
  const ledger = ledgerOf(kind, lines, run);
  report(kind, ledger, progress, releasing);
  return { ...base, ...identityOf(args), copies: remembered(Object.entries(copies)), drift: [], ledger };
}

/** What the state keeps of the records: not what spares a run the reading, since the state passes to and fro in each run. */
function remembered(records: Iterable<[string, CopyRecord]>): Record<string, CopyRecord> {
  return Object.fromEntries([...records].map(([origin, { seen: _, ...record }]) => [origin, record]));
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
    const who = `${kind.singular} ${JSON.stringify(name)}${id === name ? "" : ` [${id}]`}`;
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

/** What can be done with this workspace alone: the other may be lost. */
async function ownRun({ peer: _, ...state }: ReplicaState, progress: Progress): Promise<Run> {
  const run = runOf(state);
  run.showOn(state.kind, progress);
  await run.recall(state.kind, state.copies);
  return run;
}

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
  await manifest.erase(run.target!.client);
}

/** Removes each, all at once where the kind does so, and tells what was not removed and why. */
async function removeAll(kind: Kind, target: Side, items: readonly Item[], progress: Progress): Promise<string[]> {
  const failures: string[] = [];
  let done = 0;
  const note = async (item: Item, error?: unknown): Promise<void> => {
    const gone =
      isNotFound(error) || (error !== undefined && !(await stillThere(kind, target, item.id).catch(() => true)));
    if (error !== undefined && !gone)
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

function messageOf(error: unknown): string {
  return redactText(error instanceof Error ? error.message : String(error));
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

function identityOf({
  kind,
  role,
  local,
  peer,
  settings,
}: ReplicaArgs): Pick<ReplicaState, "kind" | "role" | "local" | "peer" | "settings"> {
  return { kind, role, settings, ...(local ? { local } : {}), ...(peer ? { peer } : {}) };
}

function emptyState(args: ReplicaArgs): ReplicaState {
  return { ...identityOf(args), idMap: {}, copies: {}, ledger: ledgerOf(args.kind, []), shown: "", drift: [] };
}
