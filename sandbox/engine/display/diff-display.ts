import type { EngineEvent, StepMetadata } from "../deployment/events.js";
import { isRootStack, type Urn } from "../resource/urn.js";
import { operationStyle } from "./colors.js";
import { actionLabel, type DisplayOptions } from "./display-options.js";
import { renderDiagnostic } from "./diagnostic-text.js";
import { renderOutputs } from "./outputs.js";
import { renderStepDiff, renderStepHeader } from "./property-diff/step-diff.js";
import { renderSummary } from "./summary.js";
import { isShown } from "./visibility.js";

/** `--diff`: every step with its properties, as it comes. */
export class DiffDisplay {
  private readonly seen = new Map<Urn, StepMetadata>();
  private errored = 0;

  constructor(private readonly options: DisplayOptions) {
    options.out(actionLabel(options));
  }

  handle(event: EngineEvent): void {
    switch (event.type) {
      case "resource-pre":
        if (!event.internal) this.before(event.step);
        break;
      case "resource-outputs":
        if (!event.internal) this.after(event.step, event.planning);
        break;
      case "resource-failed":
        this.errored++;
        break;
      case "diagnostic": {
        const text = renderDiagnostic(event.diagnostic, this.options);
        if (text) this.options.err(text);
        break;
      }
      case "summary":
        this.options.out(renderSummary(event.summary, this.errored, this.options.painter));
        break;
      default:
    }
  }

  private indent(step: StepMetadata): number {
    let indent = 0;
    for (let parent = this.seen.get(step.res.parent); parent; parent = this.seen.get(parent.res.parent))
      if (isRootStack(parent.urn) || isShown(parent, this.options, "diff")) indent++;
    return indent;
  }

  private visible(step: StepMetadata): boolean {
    return isShown(step, this.options, "diff") || isRootStack(step.urn);
  }

  private print(text: string): void {
    if (text) this.options.out(text.replace(/\n$/, ""));
  }

  private before(step: StepMetadata): void {
    this.seen.set(step.urn, step);
    // What these change is known only when they are done.
    if (step.op === "refresh" || step.op === "import" || !this.visible(step)) return;
    const indent = this.indent(step);
    this.print(renderStepHeader(step, indent, this.options) + renderStepDiff(step, indent, false, this.options));
  }

  private after(step: StepMetadata, planning: boolean): void {
    if (!this.visible(step)) return;
    const refresh = this.seen.get(step.urn)?.op === "refresh";
    const indent = this.indent(step);
    if (step.op === "import" || (refresh && step.op === "update")) {
      this.print(renderStepHeader(step, indent, this.options) + renderStepDiff(step, indent, refresh, this.options));
      return;
    }
    const { painter, suppressOutputs } = this.options;
    const outputs = renderOutputs(step, { ...this.options, planning, refresh, indent: indent + 1 });
    let text = "";
    if (refresh && (step.op !== "refresh" || outputs || isRootStack(step.urn)))
      text += renderStepHeader(step, indent, this.options);
    if (outputs && !suppressOutputs)
      text += `${painter.paint(operationStyle(step.op), `${"    ".repeat(indent + 1)}--outputs:--`)}\n${outputs}`;
    this.print(text);
  }
}
