import type { KindName } from "./settings.js";

export type Outcome =
  "created" | "adopted" | "updated" | "unchanged" | "removed" | "skipped" | "failed" | "needs-a-person";

/** What became of one object of the source, or of a copy whose original is gone. */
export interface LedgerLine {
  readonly kind: KindName;
  readonly name: string;
  /** Id on the source; absent for what is only on the standby. */
  readonly id?: string;
  /** Id of the copy. */
  readonly copyId?: string;
  readonly outcome: Outcome;
  readonly why?: string;
  /** Which triggers were taken off and are kept. */
  readonly held?: readonly string[];
}

export interface Ledger {
  /** How many lines of each outcome, and how many copies hold a trigger (`held`). */
  readonly counts: Readonly<Record<string, number>>;
  readonly lines: readonly LedgerLine[];
}

export function ledgerOf(lines: readonly LedgerLine[]): Ledger {
  const counts: Record<string, number> = {};
  for (const line of lines) {
    counts[line.outcome] = (counts[line.outcome] ?? 0) + 1;
    if (line.held?.length) counts.held = (counts.held ?? 0) + 1;
  }
  return { counts, lines };
}

/** Lines that a person should read. What is left out by its nature or by selection is in the ledger, and no news. */
export function attention(lines: readonly LedgerLine[]): LedgerLine[] {
  return lines.filter(({ outcome, why, id }) => {
    if (outcome === "failed" || outcome === "needs-a-person") return true;
    const onlyOnStandby = id === undefined;
    return outcome === "skipped" ? onlyOnStandby : outcome !== "removed" && why !== undefined;
  });
}

/** `clusters "etl" [0101-…]: created; not pinned: …` */
export function describeLine({ kind, name, id, outcome, why, held }: LedgerLine): string {
  const who = `${kind} ${JSON.stringify(name)}${id !== undefined && id !== name ? ` [${id}]` : ""}`;
  return `${who}: ${outcome}${held?.length ? `, ${held.join(" and ")} held` : ""}${why ? `; ${why}` : ""}`;
}
