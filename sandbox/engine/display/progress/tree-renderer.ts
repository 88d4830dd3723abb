import type { Urn } from "../../resource/urn.js";
import { truncateVisible, visibleLength } from "../colors.js";
import { actionLabel, type DisplayOptions } from "../display-options.js";
import type { RowRenderer } from "./progress-display.js";
import type { ResourceRow } from "./resource-row.js";

interface Line {
  columns: string[];
  active: boolean;
}

const spinner = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const framesPerSecond = 8;

/** A terminal's tree of resources, redrawn in place while it grows. */
export class TreeRenderer implements RowRenderer {
  private drawn = 0;
  private frame = 0;
  private dirty = true;
  private rows: readonly ResourceRow[] = [];
  private readonly timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly options: DisplayOptions,
    private readonly terminal: NodeJS.WriteStream,
  ) {
    options.out(actionLabel(options));
    options.out("");
    if (!options.suppressProgress) {
      terminal.write("\u001b[?25l");
      this.timer = setInterval(() => {
        this.frame++;
        if (this.dirty || this.rows.some((row) => !row.isDone)) this.draw();
      }, 1000 / framesPerSecond);
      // The cursor must come back even if the process is ended from outside.
      process.once("exit", showCursor);
    }
  }

  updated(_row: ResourceRow, rows: readonly ResourceRow[]): void {
    this.rows = rows;
    this.dirty = true;
  }

  finish(rows: readonly ResourceRow[]): void {
    this.rows = rows;
    clearInterval(this.timer);
    this.draw(true);
    this.terminal.write("\u001b[?25h\n");
    process.off("exit", showCursor);
  }

  private draw(final = false): void {
    this.dirty = false;
    if (this.rows.length === 0) return;
    const width = Math.max(20, this.terminal.columns || 80);
    const height = Math.max(5, this.terminal.rows || 24);
    let lines = this.layout(width);
    // Lines that scrolled away cannot be redrawn: while it runs, the last screenful is shown.
    if (!final && lines.length > height - 2) lines = [lines[0] ?? "", ...lines.slice(-(height - 3))];
    const up = this.drawn > 0 ? `\u001b[${this.drawn}A` : "";
    this.terminal.write(`${up}\r${lines.map((line) => `\u001b[2K${line}\n`).join("")}\u001b[J`);
    this.drawn = lines.length;
  }

  private layout(width: number): string[] {
    const { painter, isPreview } = this.options;
    const lines = this.tree();
    const header = ["", "Type", "Name", isPreview ? "Plan" : "Status", "Info"].map((title) =>
      painter.paint("headline", title),
    );
    const anyInfo = lines.some(({ columns }) => columns[4]);
    const table: Line[] = [{ columns: anyInfo ? header : header.slice(0, 4), active: false }, ...lines];
    const widths = [0, 1, 2, 3, 4].map((column) =>
      Math.max(...table.map((line) => visibleLength(line.columns[column] ?? ""))),
    );
    return table.map(({ columns, active }) => {
      const cells = columns.map((cell, index) => cell + " ".repeat((widths[index] ?? 0) - visibleLength(cell)));
      const mark = active ? (spinner[this.frame % spinner.length] ?? " ") : " ";
      const [operation = "", type = "", name = "", status = "", info = ""] = cells;
      return truncateVisible(` ${operation} ${type}  ${name}  ${status} ${mark} ${info}`.trimEnd(), width - 1);
    });
  }

  /** Rows in the order in which they came, children under their parents; a hidden row shows when a child of it does. */
  private tree(): Line[] {
    const byUrn = new Map<Urn, ResourceRow>(this.rows.map((row) => [row.urn, row]));
    const root = this.rows.find((row) => row.isRoot);
    const children = new Map<ResourceRow, ResourceRow[]>();
    for (const row of this.rows) {
      if (row === root) continue;
      const parent = byUrn.get(row.step?.res.parent ?? "") ?? root;
      if (!parent || parent === row) continue;
      children.set(parent, [...(children.get(parent) ?? []), row]);
    }
    const lines: Line[] = [];
    const visible = (row: ResourceRow): boolean => !row.hidden || (children.get(row) ?? []).some(visible);
    const visit = (row: ResourceRow, margin: string, branch: string): void => {
      const columns = row.columns();
      columns[1] = this.options.painter.paint("unimportant", margin + branch) + (columns[1] ?? "");
      lines.push({ columns, active: !row.isDone && (row.isRoot || row.step?.op !== "same") });
      const shown = (children.get(row) ?? []).filter(visible);
      const below = branch === "" ? "" : branch.startsWith("└") ? `${margin}   ` : `${margin}│  `;
      shown.forEach((child, index) => visit(child, below, index === shown.length - 1 ? "└─ " : "├─ "));
    };
    if (root) visit(root, "", "");
    return lines;
  }
}

const showCursor = (): void => {
  process.stdout.write("\u001b[?25h");
};
