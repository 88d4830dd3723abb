import { describeChanges } from "../values/changes.js";
import type { Item } from "../kinds/kind.js";
import { byReason, countOutcomes, type Ledger, type LedgerLine } from "./ledger.js";
import { type Plan, type PlannedCopy, unwritten } from "../plan/planned.js";
import { nothingToDo, type ReplicaPicture } from "./preview-picture.js";
import { printable, quoted } from "../values/printable.js";
import type { Progress } from "./progress.js";
import { redactText } from "../values/redact.js";
import type { Before } from "../replica/replica-state.js";
import type { KindName } from "../settings.js";

const mostAnnounced = 20;

/** What would be written, object by object: a preview's short form shows no inputs. */
export function announce(
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
    ...orphans.flatMap(({ copy, settling }) =>
      settling ? [cut(`~ ${describeName(copy)}: ${settling.join("; ")}`)] : [],
    ),
    ...orphans.flatMap(({ action, copy, why }) =>
      action === "remove" ? [cut(`- ${describeName(copy)}: ${why}`)] : [],
    ),
    ...newNeeds.map(([label, why]) => cut(`! ${label} needs a person: ${why}`)),
  ];
  progress({ kind: kind.name, text: `${kind.name}: ${plan}${listed(lines)}`, severity: "info" });
}

/** The first of the lines, each below the other. */
export function listed(lines: readonly string[]): string {
  const rest = lines.length > mostAnnounced ? [`… and ${lines.length - mostAnnounced} more: see them with --diff`] : [];
  return [...lines.slice(0, mostAnnounced), ...rest].map((line) => `\n  ${line}`).join("");
}

/** How Pulumi marks them, too. A copy that only is noted down is no news. */
const signs: Readonly<Record<string, string>> = { create: "+", update: "~", settle: "~" };

const mostCharactersTold = 300;

function told({ source, actual, conflict, changes, action, why }: PlannedCopy): string {
  const passing = (actual?.unsettled ?? []).filter((each) => !conflict?.includes(each));
  const what =
    conflict !== undefined
      ? [conflict, ...passing].join("; ")
      : action === "settle"
        ? why.join("; ")
        : describeChanges(changes ?? {});
  return cut(`${describeName(source)}${what ? `: ${what}` : ""}`);
}

/** One line of a list, without secrets and harmless to a terminal. */
export function cut(line: string): string {
  const text = printable(redactText(line));
  return text.length <= mostCharactersTold ? text : `${text.slice(0, mostCharactersTold)}…`;
}

/** `"nightly" [123]` */
export function describeName({ name, id }: Pick<Item, "id" | "name">): string {
  return name === id ? quoted(name) : `${quoted(name)} [${printable(redactText(id))}]`;
}

const mostReasons = 20;

const copying = { none: "none on the source", blocked: "not copied until somebody acts" };

function tellCounts(counts: Ledger["counts"]): string {
  return Object.entries(counts)
    .map(([outcome, count]) => `${count} ${outcome}`)
    .join(", ");
}

/** The counts, and what needs a person by reason. What failed is told once, by the ledger's error. */
export function report(
  kind: KindName,
  { counts, calls, seconds }: Ledger,
  lines: readonly LedgerLine[],
  progress: Progress,
  words = copying,
): void {
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
