import type { Row } from "./result-table.js";

/** A line of the plot: what is measured, in which rows, in which column of the table. */
interface Series {
  readonly name: string;
  readonly points: readonly Point[];
}

/** Objects, and what was measured of them. */
type Point = readonly [x: number, y: number];

const [width, height, margin] = [440, 300, { left: 52, right: 30, top: 30, bottom: 40 }] as const;
const colours = ["#1b6ca8", "#c2571a", "#3a7d44"] as const;

/** Time under limits and memory over the number of objects, both on logarithmic scales: what is linear is a line of slope one. */
export function plotOf(rows: readonly Row[]): string {
  const limited = rows.filter(([, condition]) => condition !== "bare");
  const series = (name: string, what: string, column: number): Series => ({
    name,
    points: pointsOf(limited, what, column),
  });
  const seconds = ["first copy", "up, no change", "up, ten edits"].map((what) => series(what, what, 3));
  const memory = [
    series("provider, first copy", "first copy", 8),
    series("provider, no change", "up, no change", 8),
    series("program", "up, no change", 9),
  ];
  const panels = [panel("seconds, 30 ms and limits", seconds), panel("MiB at most, 30 ms and limits", memory)];
  const placed = panels.map((each, index) => `<g transform="translate(${index * width} 0)">${each}</g>`).join("\n");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${2 * width} ${height}" font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="white"/>
${placed}
</svg>
`;
}

function pointsOf(rows: readonly Row[], what: string, column: number): readonly Point[] {
  const number = (text = ""): number => Number(text.replaceAll(",", ""));
  const points = rows.filter((row) => row[2] === what).map((row): Point => [number(row[0]), number(row[column])]);
  return points.filter(([, y]) => y > 0);
}

function panel(title: string, lines: readonly Series[]): string {
  const all = lines.flatMap(({ points }) => points);
  const x = scale(
    all.map(([each]) => each),
    margin.left,
    width - margin.right,
  );
  const y = scale(
    all.map(([, each]) => each),
    height - margin.bottom,
    margin.top,
  );
  const ticks = [
    ...x.ticks.map((at) => text(x.of(at), height - margin.bottom + 16, at.toLocaleString("en"), "middle")),
    ...y.ticks.map((at) => text(margin.left - 6, y.of(at) + 4, at.toLocaleString("en"), "end")),
    ...y.ticks.map((at) => `<path d="M${margin.left} ${y.of(at)}H${width - margin.right}" stroke="#ddd"/>`),
  ];
  const series = lines.map(({ name, points }, index) => {
    const colour = colours[index]!;
    const path = points.map(([a, b]) => `${x.of(a)} ${y.of(b)}`).join("L");
    const dots = points.map(([a, b]) => `<circle cx="${x.of(a)}" cy="${y.of(b)}" r="3" fill="${colour}"/>`).join("");
    return `<path d="M${path}" fill="none" stroke="${colour}" stroke-width="2"/>${dots}${text(margin.left + 8, margin.top + 12 + 15 * index, name, "start", colour)}`;
  });
  return [
    text(margin.left, 18, title, "start", "black", "bold"),
    ...ticks,
    text(width - margin.right, height - 6, "objects", "end"),
    ...series,
  ].join("\n");
}

/** A logarithmic scale over whole powers of ten. */
function scale(
  values: readonly number[],
  from: number,
  to: number,
): { of(value: number): number; readonly ticks: readonly number[] } {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
  return {
    of: (value) => Math.round((from + ((Math.log10(value) - low) / (high - low)) * (to - from)) * 10) / 10,
    ticks: Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index)),
  };
}

function text(x: number, y: number, content: string, anchor: string, fill = "#444", weight = "normal"): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="${fill}" font-weight="${weight}">${content}</text>`;
}
