import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { plotOf } from "./plot.js";
import { markdownTable, readRows, type Row, sameRow } from "./result-table.js";

const page = fileURLToPath(new URL("../docs/benchmarks.md", import.meta.url));
const plot = fileURLToPath(new URL("../docs/benchmarks.svg", import.meta.url));
const [begin, end] = ["<!-- bench:begin -->", "<!-- bench:end -->"];

/** Puts rows between the page's markers, and draws them. Rows of an earlier run stay if that was made in the same way and not repeated. */
export async function writeResults(madeWith: string, rows: readonly Row[]): Promise<void> {
  const text = await readFile(page, "utf8");
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/benchmarks.md lacks its markers, ${begin} and ${end}`);
  const written = text.slice(from + begin.length, to);
  const earlier = written.includes(madeWith) ? readRows(written) : [];
  const kept = earlier.filter((row) => !rows.some((other) => sameRow(row, other)));
  const all = [...kept, ...rows].sort(bySize);
  const section = `${begin}\n\n${madeWith}\n\n${markdownTable(all)}\n\n`;
  await writeFile(page, text.slice(0, from) + section + text.slice(to));
  await writeFile(plot, plotOf(all));
}

/** By number of objects, then by conditions; within these in the order in which they were measured. */
function bySize([a = "", conditionA = ""]: Row, [b = "", conditionB = ""]: Row): number {
  const size = (text: string): number => Number(text.replaceAll(",", ""));
  const rank = (condition: string): number => (condition === "bare" ? 0 : 1);
  return size(a) - size(b) || rank(conditionA) - rank(conditionB);
}
