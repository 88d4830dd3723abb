import {
  InitError,
  requiresReplacement,
  type DiffResult,
  type Provider,
  type ReadResult,
} from "../../plugins/provider.js";
import { isProviderType } from "../../resource/urn.js";
import { equalValues } from "../../resource/values.js";
import type { ResourceState } from "../../resource/state.js";
import type { Operation } from "../operations.js";
import { invertDiff } from "../generator/diffing.js";
import { Step, type StepHost } from "./step.js";

/** Takes into the state what a resource really is. */
export class RefreshStep extends Step {
  override readonly op = "refresh";
  override readonly logical = false;
  private changed = false;
  private gone = false;

  constructor(override old: ResourceState) {
    super(old, old);
  }

  override get resultOp(): Operation {
    if (this.gone) return "delete";
    return this.changed ? "update" : "same";
  }

  /** Undefined when the resource is no longer there. */
  get result(): ResourceState | undefined {
    return this.gone ? undefined : this.next;
  }

  override async apply(host: StepHost): Promise<void> {
    const { old } = this;
    // Components and providers have nothing behind them; what a broken replacement deleted is not there.
    if (!old.custom || isProviderType(old.type) || old.pendingReplacement) return;
    if (!old.id) throw new Error(`cannot refresh resource ${old.urn}: it has no id`);
    const provider = await host.providerOf(old);
    let initErrors: string[] = [];
    let read: ReadResult;
    try {
      read = await provider.read(old.urn, old.id, old.inputs, old.outputs, old.customTimeouts.read ?? 0);
    } catch (error) {
      if (!(error instanceof InitError)) throw error;
      // An unhealthy resource is no reason to fail a refresh: the state says so, and the next update tries again.
      initErrors = error.reasons;
      read = { id: error.id, inputs: error.inputs, outputs: error.outputs };
      host.diagnostics.warning(old.urn, `Refreshed resource is in an unhealthy state:\n* ${initErrors.join("\n* ")}`);
    }
    if (!read.id) {
      this.gone = true;
      this.next = undefined;
      return;
    }
    const state: ResourceState = {
      ...old,
      id: read.id,
      initErrors,
      inputs: read.inputs ?? old.inputs,
      outputs: read.outputs ?? {},
    };
    this.next = state;
    const differs = !equalValues(state.inputs, old.inputs) || !equalValues(state.outputs, old.outputs);
    if (differs) state.modified = new Date().toISOString();
    if (old.external) this.changed = !equalValues(old.outputs, state.outputs);
    else await this.diffAgainst(provider, state);
  }

  /** What the next update would undo is what the refresh found: the provider's diff, turned round. */
  private async diffAgainst(provider: Provider, state: ResourceState): Promise<void> {
    const found: DiffResult = invertDiff(
      await provider.diff({
        urn: state.urn,
        id: state.id,
        oldInputs: state.inputs,
        oldOutputs: state.outputs,
        newInputs: this.old.inputs,
        ignoreChanges: this.old.ignoreChanges,
      }),
    );
    this.changed = found.changes || requiresReplacement(found);
    this.diff = { keys: found.replaceKeys, diffs: found.changedKeys, detailedDiff: found.detailedDiff };
  }
}
