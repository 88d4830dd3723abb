import { InitError, type ReadResult } from "../../plugins/provider.js";
import { ignoreChanges } from "../../resource/property-path.js";
import type { ResourceState } from "../../resource/state.js";
import { tokenPackage } from "../../resource/urn.js";
import type { Operation } from "../operations.js";
import { Step, type StepHost } from "./step.js";

/** Takes an existing resource over as it is. Changes to it are steps of their own, after this one. */
export class ImportStep extends Step {
  override readonly op: Operation;
  override readonly logical: boolean;

  constructor(
    override next: ResourceState,
    /** The stack's resource of this URN, which gives way. */
    private readonly original: ResourceState | undefined,
    private readonly ignored: readonly string[],
  ) {
    super(original, next);
    this.op = original ? "import-replacement" : "import";
    this.logical = !original;
  }

  override async apply(host: StepHost): Promise<void> {
    const state = this.next;
    const provider = await host.providerOf(state);
    let read: ReadResult;
    try {
      read = await provider.read(state.urn, state.importId, undefined, {}, state.customTimeouts.read ?? 0);
    } catch (error) {
      if (!(error instanceof InitError)) throw error;
      state.initErrors = error.reasons;
      read = { id: error.id, inputs: error.inputs, outputs: error.outputs };
    }
    if (!read.id || !read.outputs) throw new Error(`resource '${state.importId}' does not exist`);
    if (!read.inputs)
      throw new Error(
        `provider does not support importing resources; please try updating the '${tokenPackage(state.type)}' plugin`,
      );
    state.id = read.id;
    state.inputs = ignoreChanges(read.inputs, read.inputs, this.ignored);
    state.outputs = read.outputs;
    this.old = { ...state };
    state.created = state.modified = new Date().toISOString();
    if (this.original) this.original.delete = true;
  }
}
