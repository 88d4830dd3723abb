import { stripVTControlCharacters } from "node:util";
import type { Operation } from "../deployment/operations.js";

export type Style =
  | "create"
  | "update"
  | "delete"
  | "replace"
  | "read"
  | "unimportant"
  | "headline"
  | "error"
  | "warning"
  | "info"
  | "attention"
  | "resource";

const codes: Record<Style, string> = {
  create: "32",
  update: "33",
  delete: "31",
  replace: "35",
  read: "36",
  unimportant: "90",
  headline: "1;95",
  error: "91",
  warning: "93",
  info: "95",
  attention: "1",
  resource: "94",
};

/** Puts colour on text, or leaves it plain. */
export class Painter {
  constructor(readonly enabled: boolean) {}

  paint(style: Style | undefined, text: string): string {
    if (!this.enabled || style === undefined || text === "") return text;
    return `\u001b[${codes[style]}m${text}\u001b[0m`;
  }
}

const operationStyles: Record<Operation, Style | undefined> = {
  same: undefined,
  create: "create",
  update: "update",
  delete: "delete",
  replace: "replace",
  "create-replacement": "create",
  "delete-replaced": "delete",
  read: "read",
  "read-replacement": "replace",
  refresh: "update",
  discard: "delete",
  "discard-replaced": "delete",
  "remove-pending-replace": undefined,
  import: "create",
  "import-replacement": "replace",
};

export const operationStyle = (operation: Operation): Style | undefined => operationStyles[operation];

const prefixes: Record<Operation, string> = {
  same: "  ",
  create: "+ ",
  update: "~ ",
  delete: "- ",
  replace: "+-",
  "create-replacement": "++",
  "delete-replaced": "--",
  read: "> ",
  "read-replacement": ">>",
  refresh: "~ ",
  discard: "< ",
  "discard-replaced": "<<",
  "remove-pending-replace": "~ ",
  import: "= ",
  "import-replacement": "=>",
};

/** Two characters that stand for an operation in front of a line. */
export const operationPrefix = (operation: Operation): string => prefixes[operation];

/** The width that text takes on a terminal. */
export const visibleLength = (text: string): number => [...stripVTControlCharacters(text)].length;

/** Cuts text to a width, its colours left whole. */
export function truncateVisible(text: string, width: number): string {
  if (visibleLength(text) <= width) return text;
  let visible = 0;
  let result = "";
  for (const [part, control] of text.matchAll(/(\u001b\[[0-9;]*m)|./gsu)) {
    if (control) {
      result += part;
    } else if (visible < width - 1) {
      result += part;
      visible++;
    }
  }
  return `${result}…\u001b[0m`;
}
