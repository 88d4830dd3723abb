import type { StepMetadata } from "../deployment/events.js";
import type { Operation } from "../deployment/operations.js";
import type { DisplayOptions } from "./display-options.js";

const replacementSteps: ReadonlySet<Operation> = new Set<Operation>([
  "replace",
  "create-replacement",
  "delete-replaced",
  "read-replacement",
  "discard-replaced",
  "remove-pending-replace",
  "import-replacement",
]);

/** Whether a step is worth a line. `form` is what shows it: a diff and a document do without the parts of a replacement. */
export function isShown(step: StepMetadata, options: DisplayOptions, form: "progress" | "diff"): boolean {
  if (step.op === "same") return step.old?.protect !== step.new?.protect || options.showSames;
  if (form === "diff" && !options.showReplacementSteps && !step.logical && replacementSteps.has(step.op)) return false;
  return true;
}

/** Of a step that leaves something in the cloud which the state no longer knows. */
export function withRetainFlag(status: string, step: StepMetadata): string {
  const leaves = ["delete", "replace", "create-replacement", "delete-replaced"].includes(step.op);
  return leaves && step.old?.retainOnDelete ? `${status}[retain]` : status;
}
