import type { EngineEvent, StepMetadata } from "../../deployment/events.js";
import type { ResourceState } from "../../resource/state.js";
import { isSecret, mapProperties, signatureKey, signatures, type PropertyMap } from "../../resource/values.js";
import { diagnosticPrefix } from "../diagnostic-text.js";

/** Properties as an event shows them: what is secret keeps its mark and nothing else. */
const blinded = (properties: PropertyMap): PropertyMap =>
  mapProperties(properties, (value) =>
    isSecret(value) ? { [signatureKey]: signatures.secret, ciphertext: "[secret]" } : value,
  );

function stateJson(state: ResourceState | undefined): Record<string, unknown> | null {
  if (!state) return null;
  return {
    type: state.type,
    urn: state.urn,
    ...(state.custom ? { custom: true } : {}),
    ...(state.delete ? { delete: true } : {}),
    id: state.id,
    parent: state.parent,
    ...(state.protect ? { protect: true } : {}),
    ...(state.retainOnDelete ? { retainOnDelete: true } : {}),
    inputs: blinded(state.inputs),
    outputs: blinded(state.outputs),
    provider: state.provider,
    ...(state.initErrors.length > 0 ? { initErrors: state.initErrors } : {}),
  };
}

const stepJson = (step: StepMetadata): Record<string, unknown> => ({
  op: step.op,
  urn: step.urn,
  type: step.type,
  old: stateJson(step.old),
  new: stateJson(step.new),
  ...(step.keys.length > 0 ? { keys: step.keys } : {}),
  ...(step.diffs.length > 0 ? { diffs: step.diffs } : {}),
  detailedDiff: step.detailedDiff ?? null,
  ...(step.logical ? { logical: true } : {}),
  provider: step.provider,
});

/** An event in the form of Pulumi's `EngineEvent`, without its number and time. Undefined for what the log leaves out. */
export function eventJson(event: EngineEvent): Record<string, unknown> | undefined {
  switch (event.type) {
    case "prelude":
      return { preludeEvent: { config: event.config } };
    case "resource-pre":
      return { resourcePreEvent: { metadata: stepJson(event.step), ...(event.planning ? { planning: true } : {}) } };
    case "resource-outputs":
      return { resOutputsEvent: { metadata: stepJson(event.step), ...(event.planning ? { planning: true } : {}) } };
    case "resource-failed":
      return { resOpFailedEvent: { metadata: stepJson(event.step), status: event.status, steps: event.steps } };
    case "diagnostic": {
      const { urn, severity, message, streamId, ephemeral } = event.diagnostic;
      return {
        diagnosticEvent: {
          ...(urn ? { urn } : {}),
          ...(diagnosticPrefix(severity) ? { prefix: diagnosticPrefix(severity) } : {}),
          message: message.endsWith("\n") ? message : `${message}\n`,
          color: "never",
          severity,
          ...(streamId ? { streamID: streamId } : {}),
          ...(ephemeral ? { ephemeral: true } : {}),
        },
      };
    }
    case "summary": {
      const { maybeCorrupt, durationSeconds, changes, isPreview, result } = event.summary;
      return {
        summaryEvent: { maybeCorrupt, durationSeconds, resourceChanges: changes, PolicyPacks: {}, isPreview, result },
      };
    }
    case "cancel":
      return { cancelEvent: {} };
  }
}
