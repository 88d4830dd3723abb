import { isProviderType } from "../../resource/urn.js";
import type { ResourceState } from "../../resource/state.js";
import type { Settle } from "../registration/goal.js";
import { Step, type StepHost } from "./step.js";

/** Nothing to do: the resource keeps its id and outputs. New inputs that the provider found no different are stored. */
export class SameStep extends Step {
  override readonly op = "same";

  constructor(
    override old: ResourceState,
    override next: ResourceState,
    private readonly settle: Settle | undefined,
    /** `skipped-create`: not a target, so not made. `untargeted`: not a target, so left as it is. */
    readonly reason: "unchanged" | "skipped-create" | "untargeted" = "unchanged",
  ) {
    super(old, next);
  }

  /** A resource that is not a target and has never been made. */
  static skippedCreate(state: ResourceState, settle: Settle | undefined): SameStep {
    return new SameStep({ ...state }, state, settle, "skipped-create");
  }

  override async apply({ registry }: StepHost): Promise<void> {
    this.next.id = this.old.id;
    this.next.outputs = this.old.outputs;
    // With the old inputs: a provider that called a change no difference goes on seeing what it had.
    if (isProviderType(this.next.type) && this.reason === "unchanged")
      await registry.same({ ...this.next, inputs: this.old.inputs });
  }

  override complete(): void {
    this.settle?.({ state: this.next, result: "success", unknown: this.reason === "skipped-create" });
  }
}
