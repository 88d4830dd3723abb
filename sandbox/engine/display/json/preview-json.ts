import { serializeResource, revealingSealer } from "../../backend/deployment-file.js";
import type { EngineEvent, StepMetadata } from "../../deployment/events.js";
import type { ResourceState } from "../../resource/state.js";
import { isRootStack, type Urn } from "../../resource/urn.js";
import { maskSecrets, mapEntries, type PropertyMap } from "../../resource/values.js";
import { diagnosticPrefix } from "../diagnostic-text.js";
import type { DisplayOptions } from "../display-options.js";
import { isShown } from "../visibility.js";

const masked = (properties: PropertyMap): PropertyMap => mapEntries(properties, maskSecrets);

const stateJson = (state: ResourceState): Record<string, unknown> =>
  serializeResource({ ...state, inputs: masked(state.inputs), outputs: masked(state.outputs) }, revealingSealer);

function stepJson(step: StepMetadata): Record<string, unknown> {
  return {
    op: step.op,
    urn: step.urn,
    ...(step.provider ? { provider: step.provider } : {}),
    ...(step.old ? { oldState: stateJson(step.old) } : {}),
    ...(step.new ? { newState: stateJson(step.new) } : {}),
    ...(step.diffs.length > 0 ? { diffReasons: step.diffs } : {}),
    ...(step.keys.length > 0 ? { replaceReasons: step.keys } : {}),
    detailedDiff: step.detailedDiff
      ? Object.fromEntries(
          Object.entries(step.detailedDiff).map(([path, { diffKind, inputDiff }]) => [
            path,
            { kind: diffKind, inputDiff },
          ]),
        )
      : null,
  };
}

/** `preview --json`: one document, printed when all is known. */
export class PreviewDocument {
  private readonly steps: { urn: Urn; json: Record<string, unknown> }[] = [];
  private readonly diagnostics: Record<string, unknown>[] = [];
  private readonly refreshed = new Set<Urn>();
  private config: Record<string, string> = {};
  private summary: Record<string, unknown> = {};

  constructor(private readonly options: DisplayOptions) {}

  handle(event: EngineEvent): void {
    switch (event.type) {
      case "prelude":
        this.config = event.config;
        break;
      case "diagnostic": {
        const { urn, severity, message, ephemeral } = event.diagnostic;
        if (!ephemeral && severity !== "debug")
          this.diagnostics.push({
            ...(urn ? { urn } : {}),
            message: `${diagnosticPrefix(severity)}${message.endsWith("\n") ? message : `${message}\n`}`,
            severity,
          });
        break;
      }
      case "resource-pre":
        if (!event.internal && this.visible(event.step)) {
          if (event.step.op === "refresh") this.refreshed.add(event.step.urn);
          this.steps.push({ urn: event.step.urn, json: stepJson(event.step) });
        }
        break;
      case "resource-outputs":
        if (!event.internal && this.visible(event.step)) this.replaceRefreshed(event.step);
        break;
      case "summary":
        this.summary = {
          duration: event.summary.durationSeconds * 1e9,
          changeSummary: event.summary.changes,
          ...(event.summary.maybeCorrupt ? { maybeCorrupt: true } : {}),
        };
        break;
      case "cancel":
        this.print();
        break;
      default:
    }
  }

  private visible(step: StepMetadata): boolean {
    return isShown(step, this.options, "diff") || isRootStack(step.urn);
  }

  /** What a refresh found is known only when it is done. */
  private replaceRefreshed(step: StepMetadata): void {
    const found = (step.op === "update" && step.detailedDiff) || step.op === "delete";
    if (!this.refreshed.has(step.urn) || !found) return;
    for (const entry of this.steps) if (entry.urn === step.urn) entry.json = stepJson(step);
  }

  private print(): void {
    const document = {
      ...(Object.keys(this.config).length > 0 ? { config: this.config } : {}),
      ...(this.steps.length > 0 ? { steps: this.steps.map(({ json }) => json) } : {}),
      ...(this.diagnostics.length > 0 ? { diagnostics: this.diagnostics } : {}),
      ...this.summary,
    };
    this.options.out(JSON.stringify(document, undefined, 4));
  }
}
