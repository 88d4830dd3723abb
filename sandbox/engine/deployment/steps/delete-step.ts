import { isProviderType } from "../../resource/urn.js";
import type { ResourceState } from "../../resource/state.js";
import type { Operation } from "../operations.js";
import { Step, type StepHost } from "./step.js";

/** Not an end to the deployment: the other deletions are still tried, so that all protected resources are named at once. */
export class DeleteProtectedError extends Error {
  constructor(urn: string) {
    super(
      `resource ${JSON.stringify(urn)} cannot be deleted\n` +
        "because it is protected. To unprotect the resource, either remove the `protect` flag " +
        "from the resource in your Pulumi program and run `pulumi up`, or use the command:\n" +
        `\`pulumi state unprotect '${urn}'\``,
    );
  }
}

export class DeleteStep extends Step {
  override readonly op: Operation;
  override readonly logical: boolean;

  private constructor(
    override old: ResourceState,
    private readonly replacing: boolean,
    /** Deleted before its successor is made: it stays in the state until then, so that a broken run is seen. */
    private readonly pendingReplacement: boolean,
  ) {
    super(old, undefined);
    this.op = old.external ? (replacing ? "discard-replaced" : "discard") : replacing ? "delete-replaced" : "delete";
    this.logical = !replacing;
  }

  static of(state: ResourceState): DeleteStep {
    return new DeleteStep(state, false, false);
  }

  /** Part of a replacement: before the successor is made, or after. */
  static replaced(state: ResourceState, order: "before" | "after"): DeleteStep {
    return new DeleteStep(state, true, order === "before");
  }

  override async apply(host: StepHost): Promise<void> {
    const state = this.old;
    if (!this.replacing && state.protect) throw new DeleteProtectedError(state.urn);
    const leftAlone =
      host.options.dryRun ||
      state.external ||
      state.retainOnDelete ||
      !state.custom ||
      (state.deletedWith !== "" && host.deletes.has(state.deletedWith));
    if (!leftAlone) {
      if (isProviderType(state.type)) host.registry.delete(state.urn, state.id);
      else {
        const provider = await host.providerOf(state);
        await provider.delete(state.urn, state.id, state.inputs, state.outputs, state.customTimeouts.delete ?? 0);
      }
    }
    if (this.pendingReplacement) state.pendingReplacement = true;
  }
}
