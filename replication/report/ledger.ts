import { printable, quoted } from "../values/printable.js";
import type { Changes } from "../values/changes.js";
import { redactText } from "../values/redact.js";
import type { KindName } from "../settings.js";

export type Outcome =
  | "created"
  | "adopted"
  | "stand-in"
  | "updated"
  | "unchanged"
  | "removed"
  | "skipped"
  | "failed"
  | "needs-a-person"
  | "not-ours";

/** What became of one object of the source, of a copy whose original is gone, or of what others have on the standby. */
export interface LedgerLine {
  readonly kind: KindName;
  readonly name: string;
  /** Id on the source; absent for what is only on the standby. */
  readonly id?: string;
  /** Id on the standby. */
  readonly copyId?: string;
  readonly outcome: Outcome;
  readonly why?: string;
  /** Which triggers were taken off and are kept. */
  readonly held?: readonly string[];
  /** Of what would be changed: field by field. */
  readonly changes?: Changes;
}

export interface Ledger {
  /** How many lines of each outcome, and how many copies hold a trigger (`held`). */
  readonly counts: Readonly<Record<string, number>>;
  /** The first of the lines that a person should read. */
  readonly lines: readonly LedgerLine[];
  /** Requests sent for this kind in the run that wrote the ledger, both sides and retries included. */
  readonly calls: number;
  /** From the first look at this kind to the last write, in seconds. */
  readonly seconds: number;
}

/** The order in which outcomes are told. */
const outcomes: readonly Outcome[] = [
  "created",
  "updated",
  "adopted",
  "stand-in",
  "unchanged",
  "removed",
  "skipped",
  "needs-a-person",
  "failed",
  "not-ours",
];

export function countOutcomes(lines: readonly Pick<LedgerLine, "outcome" | "held">[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const line of lines) {
    counts[line.outcome] = (counts[line.outcome] ?? 0) + 1;
    if (line.held?.length) counts.held = (counts.held ?? 0) + 1;
  }
  const told = [...outcomes, "held"].filter((outcome) => counts[outcome] !== undefined);
  return Object.fromEntries(told.map((outcome) => [outcome, counts[outcome]!]));
}

/** What is read first. */
const urgency: readonly Outcome[] = ["failed", "needs-a-person", "skipped"];

/** Lines that a person should read, the most urgent first. What is left out by its nature or by `select` is no news. */
export function attention(lines: readonly LedgerLine[]): LedgerLine[] {
  const rank = ({ outcome }: LedgerLine): number => [...urgency, outcome].indexOf(outcome);
  return lines.filter(isForReading).sort((a, b) => rank(a) - rank(b));
}

function isForReading({ outcome, why, id }: LedgerLine): boolean {
  if (outcome === "failed" || outcome === "needs-a-person") return true;
  if (outcome === "not-ours") return false;
  const onlyOnStandby = id === undefined;
  return outcome === "skipped" ? onlyOnStandby : outcome !== "removed" && why !== undefined;
}

/** The lines of one outcome by their reason, so that a reason that a hundred share is read once. */
export function byReason(lines: readonly LedgerLine[], outcome: Outcome): string[] {
  const names = new Map<string, string[]>();
  for (const { outcome: came, name, why = "" } of lines)
    if (came === outcome) names.set(why, [...(names.get(why) ?? []), quoted(name)]);
  return [...names]
    .sort(([, a], [, b]) => b.length - a.length)
    .map(
      ([why, those]) =>
        `${printable(redactText(why))}: ${those.slice(0, 5).join(", ")}${those.length > 5 ? ` and ${those.length - 5} more` : ""}`,
    );
}

/** `clusters "etl" [0101-…]: created; not pinned: …` */
export function describeLine({ kind, name, id, outcome, why, held }: LedgerLine): string {
  const who = `${kind} ${quoted(name)}${id !== undefined && id !== name ? ` [${id}]` : ""}`;
  const what = `${outcome}${held?.length ? `, ${held.join(" and ")} held` : ""}${why ? `; ${why}` : ""}`;
  return printable(redactText(`${who}: ${what}`));
}
