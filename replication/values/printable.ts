import { redactText } from "./redact.js";

/**
 * Control characters of C0 and C1, marks that turn the direction of a text, and separators of lines: a terminal obeys them,
 * so that a name could hide, forge or move what a person reads.
 */
const obeyed =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\u{e0000}-\u{e007f}]/gu;

/** The text on one line and harmless to a terminal: each such character stands as its number, `\u202e`. */
export function printable(text: string): string {
  return text.replace(obeyed, (each) => `\\u${each.codePointAt(0)!.toString(16).padStart(4, "0")}`);
}

/** The same for a text of several lines that are ours. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

/** A name in quotes, as every message has it: printable, and without a secret that somebody has put into it. */
export function quoted(name: string): string {
  return printable(JSON.stringify(redactText(name)));
}
