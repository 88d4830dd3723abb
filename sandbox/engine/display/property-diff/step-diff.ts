import type { StepMetadata } from "../../deployment/events.js";
import type { Operation } from "../../deployment/operations.js";
import { diffObjects } from "../../resource/object-diff.js";
import { isDefaultProvider, parseProviderReference, urnName, type Urn } from "../../resource/urn.js";
import { isInternalKey, unknownValue, type PropertyMap } from "../../resource/values.js";
import { operationPrefix, operationStyle } from "../colors.js";
import { translateDetailedDiff } from "./detailed-diff.js";
import type { DisplayOptions } from "../display-options.js";
import { PropertyPrinter } from "./property-printer.js";
import { withRetainFlag } from "../visibility.js";

const colouredProperties: ReadonlySet<Operation> = new Set<Operation>([
  "create",
  "delete",
  "delete-replaced",
  "discard",
  "discard-replaced",
]);

/** A step's first lines: what it does to what. */
export function renderStepHeader(step: StepMetadata, indent: number, { painter }: DisplayOptions): string {
  const { old, new: state } = step;
  const style = operationStyle(step.op);
  const propertyStyle = colouredProperties.has(step.op) ? style : undefined;
  const margin = "    ".repeat(indent);
  const lock = state && !state.protect && old?.protect ? " 🔓" : state?.protect || old?.protect ? " 🔒" : "";
  const line = (text: string): string => `${painter.paint(propertyStyle, `${margin}    ${text}`)}\n`;
  let text = `${margin}${painter.paint(style, `${operationPrefix(step.op)}${step.type}: (${withRetainFlag(step.op, step)})${lock}`)}\n`;
  if (old?.id) text += line(`[id=${old.id}]`);
  text += line(`[urn=${step.urn}]`);
  if (step.provider) {
    if (old && state && old.provider !== state.provider) {
      const after = parseProviderReference(state.provider);
      const shown = after.id === unknownValue ? `${after.urn}::[unknown]` : state.provider;
      text += `${margin}    ${painter.paint("update", "[provider: ")}${painter.paint("delete", old.provider)}${painter.paint("update", " => ")}${painter.paint("create", shown)}${painter.paint("update", "]")}\n`;
    } else if (!isPlainDefault(parseProviderReference(step.provider).urn)) text += line(`[provider=${step.provider}]`);
  }
  return text;
}

/** The default provider without a version goes without saying. */
const isPlainDefault = (urn: Urn): boolean => isDefaultProvider(urn) && urnName(urn) === "default";

/** What a step changes, property by property. */
export function renderStepDiff(step: StepMetadata, indent: number, refresh: boolean, options: DisplayOptions): string {
  // A resource that stays the same may have other inputs; its provider has said that they mean the same.
  if (step.op === "same") return "";
  const text = { text: "" };
  const printer = (op: Operation, prefixed: boolean): PropertyPrinter =>
    new PropertyPrinter(options, text, indent + 1, op, prefixed);
  const { old, new: state } = step;
  if (step.detailedDiff && old && state) {
    const diff = translateDetailedDiff(step, refresh);
    if (diff) printer(step.op, true).printObjectDiff(diff);
    else printer("same", true).printObject(old.inputs);
  } else if (state && !old) {
    printer(step.op, false).printObject(Object.keys(state.outputs).length > 0 ? state.outputs : state.inputs);
  } else if (old && !state) {
    printer(step.op, false).printObject(old.inputs);
  } else if (old && state) {
    const outputs = Object.keys(state.outputs).length > 0 && step.op !== "import" && step.op !== "import-replacement";
    const [before, after]: [PropertyMap, PropertyMap] = outputs
      ? [old.outputs, state.outputs]
      : [old.inputs, state.inputs];
    const diff = diffObjects(before, after, isInternalKey);
    const include = !outputs && step.diffs.length > 0 ? step.diffs : undefined;
    if (diff) printer(step.op, true).printObjectDiff(diff, include);
    else printer("same", true).printObject(after);
  }
  return text.text;
}
