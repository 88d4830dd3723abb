import type { DisplayOptions } from "../display-options.js";
import { actionLabel } from "../display-options.js";
import type { RowRenderer } from "./progress-display.js";
import type { ResourceRow } from "./resource-row.js";

/** Where nothing can be rewritten: a line whenever a row has something new to say. */
export class LineRenderer implements RowRenderer {
  constructor(private readonly options: DisplayOptions) {
    options.out(actionLabel(options));
    if (!options.suppressProgress) {
      const action = { update: "updating", refresh: "refreshing", destroy: "destroying" }[options.action];
      const label = options.isPreview ? `previewing ${options.action}` : action;
      options.out(`@ ${label}....`);
    }
  }

  updated(row: ResourceRow): void {
    if (!row.hidden) this.print(row);
  }

  finish(rows: readonly ResourceRow[]): void {
    for (const row of rows) if (!row.hidden && this.wasOpen(row)) this.print(row);
  }

  /** Rows that never said that they were done: the stack's, and those of what was cut off. */
  private wasOpen(row: ResourceRow): boolean {
    if (row.isRoot) return row.step?.op !== "delete";
    return !row.failed && !row.outputSteps.some(({ op }) => op === row.step?.op);
  }

  private print(row: ResourceRow): void {
    this.options.out(` ${row.columns().join(" ")}`);
  }
}
