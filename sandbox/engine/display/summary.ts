import type { Summary } from "../deployment/events.js";
import { pastTense, summaryOrder, type Operation } from "../deployment/operations.js";
import { operationPrefix, operationStyle, type Painter } from "./colors.js";

const unlisted: ReadonlySet<Operation> = new Set<Operation>(["same", "read", "discard", "read-replacement"]);

/** Go's way to write seconds: `59s`, `1m1s`, `1h0m1s`. */
export function formatSeconds(seconds: number): string {
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = `${seconds % 60}s`;
  if (hours > 0) return `${hours}h${minutes}m${rest}`;
  return minutes > 0 ? `${minutes}m${rest}` : rest;
}

/** `Resources:` and what became of them, as many lines as there are kinds of change. */
export function renderSummary(summary: Summary, errored: number, painter: Painter): string {
  const lines = [painter.paint("headline", "Resources:")];
  let kinds = 0;
  let changes = 0;
  for (const operation of summaryOrder) {
    const count = summary.changes[operation] ?? 0;
    if (count === 0 || unlisted.has(operation)) continue;
    kinds++;
    changes += count;
    const words = summary.isPreview ? `to ${operation}` : pastTense(operation);
    lines.push(`    ${painter.paint(operationStyle(operation), `${operationPrefix(operation)}${count} ${words}`)}`);
  }
  const same = summary.changes.same ?? 0;
  const pieces = [
    ...(kinds >= 2 ? [painter.paint("attention", `${changes} ${changes === 1 ? "change" : "changes"}`)] : []),
    ...(same > 0 ? [`${same} unchanged`] : []),
  ];
  if (pieces.length > 0) lines.push(`    ${pieces.join(". ")}`);
  if (errored > 0) lines.push(`    ${painter.paint("error", `${errored} errored`)}`);
  if (!summary.isPreview)
    lines.push("", `${painter.paint("headline", "Duration:")} ${formatSeconds(summary.durationSeconds)}`);
  return lines.join("\n");
}
