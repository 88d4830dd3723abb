import type { Diagnostic, EngineEvent, StepMetadata, Summary } from "../../deployment/events.js";
import { isRootStack, urnName, urnType, type Urn } from "../../resource/urn.js";
import { renderDiagnostic } from "../diagnostic-text.js";
import type { DisplayOptions } from "../display-options.js";
import { renderOutputs } from "../outputs.js";
import { ResourceRow, type RowContext } from "./resource-row.js";
import { renderSummary } from "../summary.js";
import { isShown } from "../visibility.js";

/** How rows get onto the screen: rewritten in place, or one line after another. */
export interface RowRenderer {
  updated(row: ResourceRow, rows: readonly ResourceRow[]): void;
  /** Everything has happened; rows say what came of it. */
  finish(rows: readonly ResourceRow[]): void;
}

/** One row for each resource, and in the end what there is to say: messages, outputs, a summary. */
export class ProgressDisplay {
  private readonly rows = new Map<Urn, ResourceRow>();
  private readonly context: RowContext;
  private rootUrn: Urn = "";
  private summary: Summary | undefined;

  constructor(
    private readonly options: DisplayOptions,
    private readonly renderer: RowRenderer,
    terminal: boolean,
  ) {
    this.context = { options, terminal, done: false, failed: false };
  }

  private row(urn: Urn): ResourceRow {
    let row = this.rows.get(urn);
    if (!row) {
      row = new ResourceRow(urn, this.context);
      this.rows.set(urn, row);
    }
    return row;
  }

  /** The stack's own row stands before its resource is known, so that there is a place for messages. */
  private rootRow(): ResourceRow {
    const row = this.row(this.rootUrn);
    row.hidden = false;
    return row;
  }

  private learnRoot(urn: Urn): void {
    if (this.rootUrn || !isRootStack(urn)) return;
    const placeholder = this.rows.get("");
    this.rows.delete("");
    this.rootUrn = urn;
    const row = this.row(urn);
    if (!placeholder) return;
    row.hidden = placeholder.hidden;
    row.diagnostics.push(...placeholder.diagnostics);
  }

  handle(event: EngineEvent): void {
    switch (event.type) {
      case "prelude":
        if (this.options.showConfig) this.printConfig(event.config);
        break;
      case "resource-pre":
        if (!event.internal) this.before(event.step);
        break;
      case "resource-outputs":
        if (!event.internal) this.after(event.step);
        break;
      case "resource-failed": {
        this.context.failed = true;
        const row = this.row(event.step.urn);
        row.failed = true;
        row.ended = Date.now();
        this.updated(row);
        break;
      }
      case "diagnostic":
        this.diagnose(event.diagnostic);
        break;
      case "summary":
        this.summary = event.summary;
        break;
      case "cancel":
        this.end();
    }
  }

  private updated(row: ResourceRow): void {
    this.renderer.updated(row, [...this.rows.values()]);
  }

  private printConfig(config: Record<string, string>): void {
    const lines = Object.entries(config).map(([key, value]) => `    ${key}: ${value}`);
    this.options.out([this.options.painter.paint("unimportant", "Configuration:"), ...lines].join("\n"));
  }

  /** Reads are a detail: the stack's line tells of them in passing. */
  private isQuietRead(step: StepMetadata): boolean {
    if (this.options.showReads || !["read", "discard", "read-replacement"].includes(step.op)) return false;
    if (step.op === "read") {
      const message = `read ${urnType(step.urn)} ${urnName(step.urn)}`;
      this.diagnose({ urn: "", severity: "info", message, streamId: 0, ephemeral: true });
    }
    return true;
  }

  private show(step: StepMetadata): ResourceRow {
    const known = step.urn === this.rootUrn;
    this.learnRoot(step.urn);
    const row = this.row(step.urn);
    // A stack that stays the same is worth a line once there is something to say of it.
    if (known || isShown(step, this.options, "progress")) row.hidden = false;
    return row;
  }

  private before(step: StepMetadata): void {
    if (this.isQuietRead(step)) return;
    const row = this.show(step);
    row.started = Date.now();
    row.ended = undefined;
    row.step = step;
    this.updated(row);
  }

  private after(step: StepMetadata): void {
    if (this.isQuietRead(step)) return;
    const row = this.show(step);
    const refreshed = row.step?.op === "refresh";
    row.ended = Date.now();
    row.step = step;
    row.outputSteps.push(step);
    // In a list of lines, what has been said is not said again.
    const saysMore = refreshed || (!this.options.isPreview && step.res.custom && step.op !== "same");
    if (this.context.terminal || saysMore) this.updated(row);
  }

  private diagnose(diagnostic: Diagnostic): void {
    if (!renderDiagnostic(diagnostic, this.options)) return;
    const row = diagnostic.urn && diagnostic.urn !== this.rootUrn ? this.row(diagnostic.urn) : this.rootRow();
    row.hidden = false;
    row.diagnostics.push(diagnostic);
    this.updated(row);
  }

  private end(): void {
    this.context.done = true;
    this.rootRow();
    const rows = [...this.rows.values()];
    this.renderer.finish(rows);
    this.printDiagnostics(rows);
    this.printOutputs();
    if (this.summary) {
      const errored = rows.filter((row) => row.count("error") > 0).length;
      this.options.out(`${renderSummary(this.summary, errored, this.options.painter)}\n`);
    }
  }

  private printDiagnostics(rows: readonly ResourceRow[]): void {
    const { painter, out } = this.options;
    let header = false;
    for (const row of rows) {
      const blocks = this.diagnosticBlocks(row);
      if (blocks.length === 0) continue;
      if (!header) out(painter.paint("headline", "Diagnostics:"));
      header = true;
      const [, type = "", name = ""] = row.columns();
      out(`  ${painter.paint("resource", `${type} (${name}):`)}`);
      for (const block of blocks) out(`${block.map((line) => `    ${line}`.trimEnd()).join("\n")}\n`);
    }
  }

  /** Lines that belong together: each stream's, and the messages that belong to none. */
  private diagnosticBlocks(row: ResourceRow): string[][] {
    const streams = new Map<number, string[]>();
    for (const diagnostic of row.diagnostics) {
      if (diagnostic.ephemeral) continue;
      const text = renderDiagnostic(diagnostic, this.options);
      const lines = streams.get(diagnostic.streamId) ?? [];
      lines.push(...text.split("\n"));
      streams.set(diagnostic.streamId, lines);
    }
    return [...streams.entries()]
      .sort(([left], [right]) => right - left)
      .map(([, lines]) => lines)
      .filter((lines) => lines.some((line) => line.trim()));
  }

  private printOutputs(): void {
    const { painter, suppressOutputs, isPreview, out } = this.options;
    const step = this.rows.get(this.rootUrn)?.step;
    // A stack that is gone has no outputs.
    if (suppressOutputs || !step || step.op === "delete") return;
    const text = renderOutputs(step, { ...this.options, planning: isPreview, refresh: false, indent: 1 });
    if (text) out(`${painter.paint("headline", "Outputs:")}\n${text}`);
  }
}
