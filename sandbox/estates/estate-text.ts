import type { Estate } from "../estate.js";
import { stringifyJson } from "../http/json.js";

/** An estate as its file holds it: one call a line, so that two can be compared. */
export function estateText(estate: Estate): string {
  return `[\n${estate.map((call) => `  ${stringifyJson(call)}`).join(",\n")}\n]\n`;
}
