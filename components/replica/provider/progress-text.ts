import { printable, printableLines, type ProgressNote, redactText } from "@databricks-dr/replication";

const mostCharacters = 120;

/** `clusters 12 of 40: etl` */
export function describe({ kind, text, done, total }: ProgressNote): string {
  if (done === undefined) return printableLines(redactText(text.startsWith(kind) ? text : `${kind}: ${text}`));
  return `${kind} ${done}${total === undefined ? "" : ` of ${total}`}: ${oneLine(redactText(text))}`;
}

/** A name may hold anything, line breaks and a terminal's control sequences included. */
function oneLine(name: string): string {
  const text = printable(name);
  return text.length <= mostCharacters ? text : `${text.slice(0, mostCharacters)}…`;
}
