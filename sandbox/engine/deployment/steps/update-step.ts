import { InitError } from "../../plugins/provider.js";
import { isProviderType } from "../../resource/urn.js";
import type { ResourceState } from "../../resource/state.js";
import type { PropertyMap } from "../../resource/values.js";
import type { Settle } from "../registration/goal.js";
import { Step, type StepDiff, type StepHost } from "./step.js";

export class UpdateStep extends Step {
  override readonly op = "update";

  constructor(
    override old: ResourceState,
    override next: ResourceState,
    private readonly settle: Settle,
    diff: StepDiff,
    private readonly ignoreChanges: readonly string[],
  ) {
    super(old, next);
    this.diff = diff;
  }

  override async apply(host: StepHost): Promise<void> {
    const state = this.next;
    state.id = this.old.id;
    state.created = this.old.created;
    state.modified = this.old.modified;
    let failure: InitError | undefined;
    if (state.custom) {
      try {
        state.outputs = await this.update(host);
      } catch (error) {
        if (!(error instanceof InitError)) throw error;
        failure = error;
        state.outputs = error.outputs;
        state.initErrors = error.reasons;
      }
    }
    state.modified = new Date().toISOString();
    if (failure) throw failure;
  }

  private async update(host: StepHost): Promise<PropertyMap> {
    const { urn, type, id, inputs, customTimeouts } = this.next;
    if (isProviderType(type)) return host.registry.update(urn, id, inputs);
    const provider = await host.providerOf(this.next);
    return provider.update({
      urn,
      id,
      oldInputs: this.old.inputs,
      oldOutputs: this.old.outputs,
      newInputs: inputs,
      ignoreChanges: this.ignoreChanges,
      timeout: customTimeouts.update ?? 0,
      preview: host.options.dryRun,
    });
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
