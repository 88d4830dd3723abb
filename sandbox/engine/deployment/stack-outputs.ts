import type { ResourceState } from "../resource/state.js";
import type { Urn } from "../resource/urn.js";
import { equalValues, type PropertyMap } from "../resource/values.js";
import type { BaseState } from "./generator/base-state.js";
import type { SnapshotWriter } from "./snapshot-writer.js";
import { SameStep } from "./steps/same-step.js";
import type { Step } from "./steps/step.js";

/** Outputs of components and of the stack itself, which programs give after the resource. */
export class StackOutputs {
  private readonly pending = new Map<Urn, Step>();
  private final: { urn: Urn; outputs: PropertyMap } | undefined;

  constructor(
    private readonly states: ReadonlyMap<Urn, ResourceState>,
    private readonly base: BaseState,
    private readonly snapshot: SnapshotWriter | undefined,
    private readonly announce: (step: Step) => void,
  ) {}

  /** Expects the outputs of a resource that a step has made. */
  register(step: Step): void {
    this.pending.set(step.urn, step);
  }

  /** The stack's outputs are final only in the end: a failed run keeps the old ones that it did not give. */
  keep(urn: Urn, outputs: PropertyMap): void {
    this.final = { urn, outputs };
  }

  async finish(failed: boolean): Promise<void> {
    if (!this.final || !this.states.has(this.final.urn)) return;
    const { urn, outputs } = this.final;
    await this.set(urn, failed ? { ...this.base.olds.get(urn)?.outputs, ...outputs } : outputs);
  }

  /** @throws when the resource has given its outputs already, or was never registered */
  async set(urn: Urn, outputs: PropertyMap): Promise<void> {
    const step = this.pending.get(urn);
    if (!step) throw new Error(`cannot complete a resource '${urn}' whose registration isn't pending`);
    this.pending.delete(urn);
    if (step instanceof SameStep && step.reason === "skipped-create") return;
    const state = step.next;
    if (!state) return;
    const unchanged = equalValues(state.outputs, outputs);
    // Display shows what changed against the last run: a "same" step has taken the old outputs over already.
    state.outputs = outputs;
    this.announce(step);
    if (!unchanged) await this.snapshot?.outputsChanged(state);
  }
}
