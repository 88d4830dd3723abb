import type { DetailedDiff, Provider } from "../../plugins/provider.js";
import type { ProviderRegistry } from "../../plugins/provider-registry.js";
import type { ResourceState } from "../../resource/state.js";
import type { Urn } from "../../resource/urn.js";
import type { Diagnostics, StepMetadata } from "../events.js";
import type { Operation } from "../operations.js";
import type { DeploymentOptions } from "../options.js";

/** What steps need of the deployment that they belong to. */
export interface StepHost {
  readonly options: DeploymentOptions;
  readonly diagnostics: Diagnostics;
  readonly registry: ProviderRegistry;
  /** The running provider of a resource. */
  providerOf(state: ResourceState): Promise<Provider>;
  /** Resources that this run deletes. */
  readonly deletes: ReadonlySet<Urn>;
}

/** What a step found besides what it did. */
export interface StepDiff {
  keys: string[];
  diffs: string[];
  detailedDiff: DetailedDiff | undefined;
}

export const emptyStepDiff: StepDiff = { keys: [], diffs: [], detailedDiff: undefined };

/** One thing done to one resource. */
export abstract class Step {
  abstract readonly op: Operation;
  /** Counts as an operation of its own, not as a part of one. */
  readonly logical: boolean = true;
  diff: StepDiff = emptyStepDiff;

  constructor(
    /** The state before; of a resource that is new, none. */
    public old: ResourceState | undefined,
    /** The state after; of a deletion, none. */
    public next: ResourceState | undefined,
  ) {}

  get res(): ResourceState {
    const state = this.next ?? this.old;
    if (!state) throw new Error(`${this.op} step without a state`);
    return state;
  }

  get urn(): Urn {
    return this.res.urn;
  }

  get provider(): string {
    return this.res.provider;
  }

  /** The operation to report once it is done. */
  get resultOp(): Operation {
    return this.op;
  }

  /** Does it. @throws InitError when it was done, but not well */
  abstract apply(host: StepHost): Promise<void>;

  /** Lets the program go on. Called once the state is on disk. */
  complete(): void {
    // Most steps have nobody waiting.
  }

  /** The step failed, and the deployment goes on without it. */
  fail(): void {
    // Most steps have nobody waiting.
  }

  /** The step was not tried, because something that it depends on failed. */
  skip(): void {
    this.fail();
  }

  metadata(op: Operation = this.op): StepMetadata {
    const copy = (state: ResourceState | undefined): ResourceState | undefined => state && { ...state };
    return {
      op,
      urn: this.urn,
      type: this.res.type,
      provider: this.provider,
      old: copy(this.old),
      new: copy(this.next),
      res: { ...this.res },
      keys: this.diff.keys,
      diffs: this.diff.diffs,
      detailedDiff: this.diff.detailedDiff,
      logical: this.logical,
    };
  }
}
