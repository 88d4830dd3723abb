import { InitError } from "../../plugins/provider.js";
import { isProviderType } from "../../resource/urn.js";
import type { ResourceState } from "../../resource/state.js";
import type { Settle } from "../registration/goal.js";
import type { Operation } from "../operations.js";
import { emptyStepDiff, Step, type StepDiff, type StepHost } from "./step.js";

export class CreateStep extends Step {
  override readonly op: Operation;
  override readonly logical: boolean;

  private constructor(
    old: ResourceState | undefined,
    override next: ResourceState,
    private readonly settle: Settle,
    private readonly replacing: boolean,
    /** The predecessor is still there and is deleted in the end. */
    private readonly pendingDelete: boolean,
    diff: StepDiff,
  ) {
    super(old, next);
    this.op = replacing ? "create-replacement" : "create";
    this.logical = !replacing;
    this.diff = diff;
  }

  static fresh(state: ResourceState, settle: Settle): CreateStep {
    return new CreateStep(undefined, state, settle, false, false, emptyStepDiff);
  }

  static replacement(
    old: ResourceState,
    state: ResourceState,
    settle: Settle,
    diff: StepDiff,
    pendingDelete: boolean,
  ): CreateStep {
    return new CreateStep(old, state, settle, true, pendingDelete, diff);
  }

  override async apply(host: StepHost): Promise<void> {
    const state = this.next;
    let failure: InitError | undefined;
    if (state.custom) {
      try {
        const made = await this.create(host);
        state.id = made.id;
        state.outputs = made.outputs;
      } catch (error) {
        if (!(error instanceof InitError)) throw error;
        failure = error;
        state.id = error.id;
        state.outputs = error.outputs;
        state.initErrors = error.reasons;
      }
    }
    state.created = state.modified = new Date().toISOString();
    if (this.replacing && this.pendingDelete && this.old) this.old.delete = true;
    if (failure) throw failure;
  }

  private async create(host: StepHost): Promise<{ id: string; outputs: ResourceState["outputs"] }> {
    const { urn, type, inputs, customTimeouts } = this.next;
    const { dryRun } = host.options;
    if (isProviderType(type)) return host.registry.create(urn, inputs, dryRun);
    const provider = await host.providerOf(this.next);
    return provider.create(urn, inputs, customTimeouts.create ?? 0, dryRun);
  }

  override complete(): void {
    this.settle({ state: this.next, result: "success", unknown: false });
  }

  override fail(): void {
    this.settle({ state: this.next, result: "failed", unknown: false });
  }

  override skip(): void {
    this.settle({ state: this.next, result: "skipped", unknown: false });
  }
}
