import { InitError } from "../../plugins/provider.js";
import { equalValues, unknownValue } from "../../resource/values.js";
import type { ResourceState } from "../../resource/state.js";
import type { Settle } from "../registration/goal.js";
import type { Operation } from "../operations.js";
import { Step, type StepHost } from "./step.js";

/** Reads a resource that is not the stack's own, in a preview too. */
export class ReadStep extends Step {
  override readonly op: Operation;
  override readonly logical: boolean;

  constructor(
    old: ResourceState | undefined,
    override next: ResourceState,
    private readonly settle: Settle,
    /** The stack's own resource of this URN gives way to the one that is read. */
    private readonly replacing: boolean,
  ) {
    super(old, next);
    this.op = replacing ? "read-replacement" : "read";
    this.logical = !replacing;
  }

  override async apply(host: StepHost): Promise<void> {
    const state = this.next;
    let failure: InitError | undefined;
    if (state.id === unknownValue) {
      state.outputs = {};
    } else {
      const provider = await host.providerOf(state);
      try {
        const read = await provider.read(
          state.urn,
          state.id,
          state.inputs,
          state.inputs,
          state.customTimeouts.read ?? 0,
        );
        if (!read.id || !read.outputs) throw new Error(`resource '${state.id}' does not exist`);
        state.outputs = read.outputs;
        state.id = read.id;
      } catch (error) {
        if (!(error instanceof InitError)) throw error;
        failure = error;
        state.initErrors = error.reasons;
        state.outputs = error.outputs;
      }
    }
    if (this.replacing && this.old) this.old.delete = true;
    if (this.old) {
      state.created = this.old.created;
      state.modified = this.old.modified;
      if (!equalValues(state.inputs, this.old.inputs) || !equalValues(state.outputs, this.old.outputs))
        state.modified = new Date().toISOString();
    }
    if (failure) throw failure;
  }

  override complete(): void {
    this.settle({ state: this.next, result: "success", unknown: false });
  }

  override fail(): void {
    this.settle({ state: this.next, result: "failed", unknown: false });
  }
}
