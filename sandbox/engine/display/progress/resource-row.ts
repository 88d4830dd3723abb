import type { Diagnostic, StepMetadata } from "../../deployment/events.js";
import type { Operation } from "../../deployment/operations.js";
import { diffObjects, emptyObjectDiff, type ObjectDiff } from "../../resource/object-diff.js";
import { isRootStack, rootStackUrn, urnName, urnType, type Urn } from "../../resource/urn.js";
import { isInternalKey } from "../../resource/values.js";
import { operationPrefix, operationStyle, type Painter } from "../colors.js";
import { renderDiagnostic } from "../diagnostic-text.js";
import { translateDetailedDiff } from "../property-diff/detailed-diff.js";
import type { DisplayOptions } from "../display-options.js";
import { operationWords } from "./operation-words.js";
import { withRetainFlag } from "../visibility.js";

const ofReplacement: ReadonlySet<Operation> = new Set<Operation>([
  "create-replacement",
  "delete-replaced",
  "discard-replaced",
]);

/** What the rows of a display know together. */
export interface RowContext {
  options: DisplayOptions;
  /** One line for each resource, rewritten in place. */
  terminal: boolean;
  /** The deployment is over. */
  done: boolean;
  /** Something failed: then every step is called what it is, not what it is a part of. */
  failed: boolean;
}

/** Everything known of one resource's line. */
export class ResourceRow {
  step: StepMetadata | undefined;
  readonly outputSteps: StepMetadata[] = [];
  readonly diagnostics: Diagnostic[] = [];
  failed = false;
  hidden = true;
  started: number | undefined;
  ended: number | undefined;

  constructor(
    readonly urn: Urn,
    private readonly context: RowContext,
  ) {}

  get isRoot(): boolean {
    return isRootStack(this.displayUrn);
  }

  private get displayUrn(): Urn {
    return this.urn || rootStackUrn(this.context.options.stack, this.context.options.project);
  }

  get isDone(): boolean {
    if (this.failed || this.context.done) return true;
    // The stack itself is at work until everything is done.
    if (this.isRoot || !this.step) return false;
    return this.outputSteps.some(({ op }) => op === this.step?.op);
  }

  count(severity: "error" | "warning" | "info"): number {
    return this.diagnostics.filter(
      (diagnostic) =>
        !diagnostic.ephemeral &&
        (severity === "info" ? diagnostic.severity.startsWith("info") : diagnostic.severity === severity),
    ).length;
  }

  /** What a replacement's step is called: in the end, and in a preview, the whole; in between, the part. */
  private get op(): Operation {
    const op = this.step?.op ?? "same";
    const { terminal, failed, done, options } = this.context;
    if (!terminal || failed) return op;
    return (options.isPreview || done) && ofReplacement.has(op) ? "replace" : op;
  }

  /** Operation, type, name, status, information. */
  columns(): string[] {
    const { painter } = this.context.options;
    const { op } = this;
    return [
      painter.paint(operationStyle(op), operationPrefix(op)),
      urnType(this.displayUrn),
      urnName(this.displayUrn),
      this.status(),
      this.info(),
    ];
  }

  private get isFailed(): boolean {
    return this.failed || this.count("error") > 0;
  }

  private get isInterrupted(): boolean {
    const { op } = this;
    return (
      this.context.done &&
      !this.isFailed &&
      this.step?.res.custom === true &&
      op !== "same" &&
      op !== "remove-pending-replace" &&
      !this.outputSteps.some((output) => output.op === this.step?.op)
    );
  }

  private status(): string {
    const { step, op } = this;
    const { painter, isPreview } = this.context.options;
    const words = operationWords[op];
    if (this.isInterrupted && !isPreview) return painter.paint("warning", `${words.doing} (interrupted)`);
    let text: string;
    let style = operationStyle(op);
    if (this.isDone) {
      if (isPreview) text = words.planned;
      else if (this.isFailed) {
        text = `**${op === "same" ? "failed" : `${words.failing}${this.elapsed("fine")}`}**`;
        style = "error";
      } else text = op === "same" ? "" : words.done + this.elapsed("fine");
    } else if (this.isRoot && op === "same") text = "running";
    else if (isPreview) text = words.plan;
    else text = op === "same" ? "" : words.doing + this.elapsed("whole");
    return painter.paint(style, step ? withRetainFlag(text, step) : text);
  }

  private elapsed(precision: "whole" | "fine"): string {
    if (this.started === undefined) return "";
    if (precision === "whole") return ` (${Math.floor((Date.now() - this.started) / 1000)}s)`;
    if (this.ended === undefined) return "";
    const seconds = (this.ended - this.started) / 1000;
    return seconds < 1 ? ` (${seconds.toFixed(2)}s)` : ` (${Math.floor(seconds)}s)`;
  }

  private info(): string {
    const { painter } = this.context.options;
    const parts: string[] = [];
    const changes = this.changedKeys(painter);
    if (changes) parts.push(`[${changes}]`);
    if (this.context.done) {
      const counted = [
        ["error", "error", "error"],
        ["warning", "warning", "warning"],
        ["info", "message", "info"],
      ] as const;
      for (const [severity, noun, style] of counted) {
        const count = this.count(severity);
        if (count > 0) parts.push(`${count} ${painter.paint(style, count === 1 ? noun : `${noun}s`)}`);
      }
    } else {
      const last = this.latestDiagnostic;
      const text = last ? renderDiagnostic(last, this.context.options) : "";
      if (text) parts.push(text);
    }
    return parts.join("; ").split("\n")[0] ?? "";
  }

  private get latestDiagnostic(): Diagnostic | undefined {
    const errors = this.diagnostics.filter(({ severity }) => severity === "error");
    return (this.context.terminal ? errors.at(-1) : undefined) ?? this.diagnostics.at(-1);
  }

  /** `diff: +added-removed~changed` */
  private changedKeys(painter: Painter): string {
    const step = this.explainingStep;
    if (!step?.old || !step.new) return "";
    let diff: ObjectDiff | undefined;
    if (step.op !== "same")
      diff = step.detailedDiff
        ? translateDetailedDiff(step, false)
        : diffObjects(step.old.inputs, step.new.inputs, isInternalKey);
    const metadata = [
      ...(step.old.provider !== step.new.provider ? ["provider"] : []),
      ...(step.old.protect !== step.new.protect ? ["protect"] : []),
    ];
    if (!diff && metadata.length === 0) return "";
    const { adds, deletes, updates } = diff ?? emptyObjectDiff();
    const include = new Set(step.diffs);
    const list = (op: Operation, keys: Iterable<string>): string => {
      const shown = [...keys].filter((key) => include.size === 0 || include.has(key)).sort();
      return shown.length > 0 ? painter.paint(operationStyle(op), operationPrefix(op).trim() + shown.join(",")) : "";
    };
    return `diff: ${list("create", adds.keys())}${list("delete", deletes.keys())}${list("update", [...updates.keys(), ...metadata])}`;
  }

  /** Of a replacement, the step that says why; of an import, the one that has the imported state. */
  private get explainingStep(): StepMetadata | undefined {
    const op = this.step?.op;
    if (op === "create-replacement" || op === "delete-replaced")
      return this.outputSteps.find((step) => step.op === "replace") ?? this.step;
    if (op === "import" || op === "import-replacement")
      return this.outputSteps.find((step) => step.op === op) ?? this.step;
    return this.step;
  }
}
