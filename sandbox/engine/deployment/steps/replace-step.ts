import type { ResourceState } from "../../resource/state.js";
import { Step, type StepDiff } from "./step.js";

/** Says that a resource is replaced; the work is in the steps around it. */
export class ReplaceStep extends Step {
  override readonly op = "replace";

  constructor(
    override old: ResourceState,
    override next: ResourceState,
    diff: StepDiff,
  ) {
    super(old, next);
    this.diff = diff;
  }

  override apply(): Promise<void> {
    return Promise.resolve();
  }
}

/** Takes out of the state what a broken replacement had deleted, and the program no longer wants. */
export class RemovePendingReplaceStep extends Step {
  override readonly op = "remove-pending-replace";
  override readonly logical = false;

  constructor(override old: ResourceState) {
    super(old, undefined);
  }

  override apply(): Promise<void> {
    return Promise.resolve();
  }
}
