import type { StepMetadata } from "../deployment/events.js";
import type { Operation } from "../deployment/operations.js";
import { diffKeys, diffObjects, diffValues, hasChanges, type ObjectDiff } from "../resource/object-diff.js";
import { isRootStack } from "../resource/urn.js";
import { isInternalKey, unknownValue, type PropertyValue } from "../resource/values.js";
import { longest, PropertyPrinter, type PrinterOptions } from "./property-diff/property-printer.js";

export interface OutputsOptions extends PrinterOptions {
  indent: number;
  planning: boolean;
  refresh: boolean;
  showSames: boolean;
}

const shownWhilePlanning: ReadonlySet<Operation> = new Set<Operation>([
  "read",
  "read-replacement",
  "import",
  "import-replacement",
]);

const isEmpty = (value: PropertyValue): boolean =>
  value === null || value === "" || (typeof value === "object" && Object.keys(value).length === 0);

/** In a preview, what a resource among the outputs does not know yet is no change. */
function withoutUnknownResourceParts(diff: ObjectDiff): void {
  const isResource = diff.adds.delete("@isPulumiResource");
  if (isResource) for (const [key, value] of diff.adds) if (value === unknownValue) diff.adds.delete(key);
  for (const [key, update] of diff.updates) {
    if (update.object) withoutUnknownResourceParts(update.object);
    const nothingLeft = update.object !== undefined && !hasChanges(update.object);
    if ((nothingLeft && diffValues(update.old, update.new) === undefined) || update.new === unknownValue)
      diff.updates.delete(key);
  }
}

/** A step's outputs that say something new: those that no input has, and those that changed. Empty when there are none. */
export function renderOutputs(step: StepMetadata, options: OutputsOptions): string {
  const root = isRootStack(step.urn);
  // An update always tells the stack's outputs, changed or not.
  const showSames = options.showSames || (!options.planning && root);
  if (options.planning && !options.refresh && !root && !shownWhilePlanning.has(step.op)) return "";
  if (step.old && step.old.initErrors.length > 0) return "";

  const outputs = step.new?.outputs ?? {};
  const inputs = step.new?.inputs ?? {};
  let diff: ObjectDiff | undefined;
  if (step.old) {
    diff = diffObjects(step.old.outputs, outputs, isInternalKey);
    if (diff && options.planning && root) withoutUnknownResourceParts(diff);
    if (!diff && !showSames) return "";
  }

  const keys = diff ? diffKeys(diff) : Object.keys(outputs).sort();
  const width = longest(keys);
  const text = { text: "" };
  const printer = new PropertyPrinter(options, text, options.indent, step.op, diff !== undefined);
  for (const key of keys) {
    const output = outputs[key];
    if (!diff && (isInternalKey(key) || output === undefined || isEmpty(output))) continue;
    const input = inputs[key];
    if (!options.refresh && input !== undefined && output !== undefined && !diffValues(output, input, isInternalKey))
      continue;
    if (diff) {
      if (!showSames && diff.sames.has(key)) continue;
      printer.printNamedDiff(key, width, diff);
    } else printer.printNamed(key, width, output ?? null);
  }
  return text.text;
}
