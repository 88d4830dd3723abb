import type { Measurement } from "./benchmark.js";

type Column = readonly [title: string, cell: (measurement: Measurement) => string];

const whole = (value: number | undefined): string =>
  value === undefined ? "–" : Math.round(value).toLocaleString("en");

const columns: readonly Column[] = [
  ["objects", ({ objects }) => whole(objects)],
  ["conditions", ({ condition }) => condition],
  ["what", ({ operation }) => operation],
  ["s", ({ seconds }) => seconds.toFixed(1)],
  ["objects/s", ({ objects, seconds }) => whole(objects / seconds)],
  ["API calls", ({ calls }) => whole(calls)],
  ["429", ({ refused }) => whole(refused)],
  ["÷ bound", ({ timesBound }) => (timesBound === undefined ? "–" : timesBound.toFixed(2))],
  ["provider MiB", ({ providerMemory }) => whole(providerMemory)],
  ["program MiB", ({ programMemory }) => whole(programMemory)],
  ["CPU s", ({ cpu }) => (cpu === undefined ? "–" : cpu.toFixed(1))],
  ["state MB", ({ stateSize }) => (stateSize === undefined ? "–" : stateSize.toFixed(2))],
];

/** Columns before the first number: they name a row. */
const naming = 3;

export type Row = readonly string[];

export function rowOf(measurement: Measurement): Row {
  return columns.map(([, cell]) => cell(measurement));
}

/** Whether two rows tell of the same measurement. */
export function sameRow(a: Row, b: Row): boolean {
  return a.slice(0, naming).join("|") === b.slice(0, naming).join("|");
}

/** A Markdown table in the style of the project's formatter, which reads well on a terminal, too. */
export function markdownTable(rows: readonly Row[]): string {
  const titles = columns.map(([title]) => title);
  const widths = titles.map((title, column) => Math.max(3, title.length, ...rows.map((row) => row[column]!.length)));
  const isText = (column: number): boolean => column === 1 || column === 2;
  const line = (cells: Row): string =>
    `| ${cells.map((cell, column) => (isText(column) ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join(" | ")} |`;
  const rule = widths.map((width, column) => (isText(column) ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [line(titles), line(rule), ...rows.map(line)].join("\n");
}

/** The rows of a table that `markdownTable` wrote. */
export function readRows(table: string): Row[] {
  const lines = table.split("\n").filter((line) => line.startsWith("|"));
  return lines.slice(2).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}
