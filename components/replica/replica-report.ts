import { attention, describeLine, type Ledger, type Role } from "@databricks-dr/replication";
import * as pulumi from "@pulumi/pulumi";
import { ReplicaFiles } from "./replica-files.js";

/** What the resource of one kind knows after a run. */
export interface KindReport {
  readonly ledger: Ledger;
  readonly comparedAt: string | undefined;
}

/** What a stack says of its copies; a screenful at any size. */
export interface ReplicaReport {
  /** Outcomes counted, by kind. */
  readonly counts: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** The first of the lines that a person should read. */
  readonly attention: readonly string[];
  /** When the standby was last compared with the active workspace, by kind, ISO 8601. */
  readonly comparedAt: Readonly<Record<string, string>>;
  /** Every line; from the project's folder. */
  readonly ledgerFile: string;
  /** By kind: id on the active workspace → id of the copy here. */
  readonly idMapFile: string;
}

/** The exit code of a program that has told its user what is wrong: the engine adds nothing to it. */
const failedAndSaidSo = 32;
const mostLines = 20;
const mostCharacters = 240;

/**
 * Writes the files and, where copies failed, fails the run: at its very end, so that all that it did is in the state and in the
 * stack's outputs. A preview
 * writes what would be done.
 */
export function reportOf(
  parent: pulumi.Resource,
  { stack, role, last }: { readonly stack: string; readonly role: Role; readonly last?: Partial<ReplicaReport> },
  kinds: Readonly<Record<string, KindReport>>,
): ReplicaReport {
  const lines = Object.values(kinds).flatMap(({ ledger }) => ledger.lines);
  const files = new ReplicaFiles(stack, Object.keys(kinds));
  const at = new Date().toISOString();
  const told = attention(lines).map((line) => inShort(describeLine(line)));
  const report = {
    counts: byKind(kinds, ({ ledger }) => ledger.counts),
    attention: [
      ...told.slice(0, mostLines),
      ...(told.length > mostLines ? [`… and ${told.length - mostLines} more`] : []),
    ],
    comparedAt: pulumi.runtime.isDryRun() ? (last?.comparedAt ?? {}) : comparedAt(kinds, role, at, last?.comparedAt),
    ledgerFile: files.ledger,
    idMapFile: files.idMap,
  };
  const { counts, comparedAt: compared } = report;
  if (pulumi.runtime.isDryRun()) {
    files.writePreview({ stack, role, at });
    return report;
  }
  const effort = byKind(kinds, ({ ledger: { calls, seconds } }) => ({ calls, seconds }));
  files.writeLedger({ stack, role, at, comparedAt: compared, counts, effort });
  files.writeIdMap();
  failWith(parent, kinds);
  return report;
}

/** A kind that was not changed was compared in this run, like one that was; one that could not be, when it last could. */
function comparedAt(
  kinds: Readonly<Record<string, KindReport>>,
  role: Role,
  at: string,
  last: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  // A side that follows nobody says how old its copies were when it ceased to.
  if (role !== "standby") return last;
  return Object.fromEntries(
    Object.entries(kinds).flatMap(([kind, { ledger, comparedAt: before }]) => {
      const whole = ledger.lines.find(({ name, id }) => name === kind && id === undefined);
      const failed = whole?.outcome === "failed" || whole?.outcome === "needs-a-person";
      const when = failed ? before : at;
      return when === undefined ? [] : [[kind, when] as const];
    }),
  );
}

function inShort(line: string): string {
  return line.length <= mostCharacters ? line : `${line.slice(0, mostCharacters)}…`;
}

function failWith(parent: pulumi.Resource, kinds: Readonly<Record<string, KindReport>>): void {
  const reports = Object.values(kinds);
  const count = reports.reduce((sum, { ledger: { counts } }) => sum + (counts.failed ?? 0), 0);
  if (count === 0) return;
  const lines = reports.flatMap(({ ledger }) => ledger.lines);
  const failed = lines.filter(({ outcome }) => outcome === "failed").map(describeLine);
  const shown = [...failed.slice(0, mostLines), ...(count > mostLines ? ["…"] : [])];
  const text = `${count} failed; everything else is done. The next run goes on from here.`;
  void pulumi.log.error([text, ...shown.map((line) => `  ${line}`)].join("\n"), parent);
  // An error that is only logged leaves the exit code 0. A resource that fails would keep the stack's outputs as they were.
  process.exitCode = failedAndSaidSo;
}

function byKind<T>(
  kinds: Readonly<Record<string, KindReport>>,
  part: (kind: KindReport) => T,
): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(kinds).map(([kind, report]) => [kind, part(report)]));
}
