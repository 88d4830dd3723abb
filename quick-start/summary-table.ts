export interface KindSummary {
  readonly kind: string;
  readonly counts: Readonly<Record<string, number>>;
  /** Requests and seconds of the kind's last run that had something to do. */
  readonly calls: number;
  readonly seconds: number;
}

const columns = [
  "source",
  "copied",
  "adopted",
  "stand-ins",
  "held",
  "skipped",
  "needs a person",
  "failed",
  "API calls",
  "time",
] as const;

/** One row a kind: how many objects the source has and what became of them. */
export function summaryTable(kinds: readonly KindSummary[]): string {
  const rows = kinds.map(({ kind, counts, calls, seconds }) => {
    const count = (...names: string[]): number => names.reduce((sum, name) => sum + (counts[name] ?? 0), 0);
    const copied = count("created", "updated", "unchanged");
    return [
      kind,
      copied + count("adopted", "stand-in", "skipped", "needs-a-person", "failed"),
      copied,
      count("adopted"),
      count("stand-in"),
      count("held"),
      count("skipped"),
      count("needs-a-person"),
      count("failed"),
      calls,
      `${seconds} s`,
    ].map(String);
  });
  const table = [["kind", ...columns], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return table
    .map((row) =>
      row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join("   "),
    )
    .join("\n");
}
