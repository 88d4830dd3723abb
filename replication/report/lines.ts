import { join } from "node:path";
import { heldIn, namesOf } from "../kinds/held-fields.js";
import type { Item, Kind } from "../kinds/kind.js";
import type { Notes } from "../notes/notes.js";
import { isCounterpart, type Plan, type PlannedCopy, unwritten } from "../plan/planned.js";
import { madeTwice, runningClone } from "../plan/strangers.js";
import type { KindName } from "../settings.js";
import type { LedgerLine, Outcome } from "./ledger.js";

/** Takes every line of a kind's ledger, where there may be a hundred thousand. */
export type TellLines = (lines: readonly LedgerLine[]) => void;

/** Where every line of a kind's ledger is kept, for the program to make one file of them all; from the project's folder. */
export function linesPath(stack: string, kind: KindName): string {
  return join(reportsFolder, stack, `${kind}.ndjson`);
}

export const reportsFolder = "reports";

/** What would become of each object: of what stays as it is, what became of it. */
export function linesOf(plan: Plan, notes: Notes): LedgerLine[] {
  const { kind, copies, orphans, foreign, twins } = plan;
  return [
    ...foreign.map((item) => foreignLine(kind, item)),
    ...copies.map((copy) => {
      const { source, prepared, actual, changes, why } = copy;
      const copyId = actual && isCounterpart(copy) ? actual.id : undefined;
      const held = prepared ? prepared.held : notes.get(source.origin)?.held;
      return {
        ...copyLine(kind.name, copy, outcomes[copy.action] ?? unwritten(copy), why, copyId, Object.keys(held ?? {})),
        ...(changes && Object.keys(changes).length > 0 ? { changes } : {}),
      };
    }),
    ...twins.map((twin): LedgerLine => ({
      ...strangerLine(kind.name, twin),
      outcome: "needs-a-person",
      why: madeTwice,
    })),
    ...orphans.map(({ copy, action, why }): LedgerLine => {
      const outcome = action === "remove" ? "removed" : "skipped";
      return { ...strangerLine(kind.name, copy), outcome, why };
    }),
  ];
}

const outcomes: Readonly<Partial<Record<PlannedCopy["action"], Outcome>>> = {
  create: "created",
  update: "updated",
  settle: "updated",
};

export function copyLine(
  kind: KindName,
  { source: { name, id } }: PlannedCopy,
  outcome: Outcome,
  why: readonly string[],
  copyId: string | undefined,
  held: readonly string[],
): LedgerLine {
  const text = [...new Set(why)].join("; ");
  return {
    kind,
    name,
    id,
    ...(copyId !== undefined ? { copyId } : {}),
    outcome,
    ...(text ? { why: text } : {}),
    ...(copyId !== undefined && held.length > 0 ? { held } : {}),
  };
}

/** What stands for no object of the source. */
export function strangerLine(kind: KindName, { id, name }: Item): Pick<LedgerLine, "kind" | "name" | "copyId"> {
  return { kind, name, copyId: id };
}

export function foreignLine(kind: Kind, item: Item): LedgerLine {
  const line = strangerLine(kind.name, item);
  const alarm = runningClone(kind, item);
  if (alarm !== undefined) return { ...line, outcome: "needs-a-person", why: alarm };
  const whose = item.marked ? "a clone of a copy" : "only on the standby";
  const own = heldIn(kind, item.definition);
  const keeps = Object.keys(own).length > 0 ? [`it keeps its ${namesOf(own)}`] : [];
  return { ...line, outcome: "not-ours", why: [`${whose}; it is left alone`, ...keeps].join("; ") };
}
