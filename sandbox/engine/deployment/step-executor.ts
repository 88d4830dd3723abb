import { InitError } from "../plugins/provider.js";
import { isServiceError, errorMessage } from "../rpc/messages.js";
import * as grpc from "@grpc/grpc-js";
import { isDefaultProvider } from "../resource/urn.js";
import { equalValues, isSecret, makeSecret } from "../resource/values.js";
import { dependencyUrns, type ResourceState } from "../resource/state.js";
import type { EventListener } from "./events.js";
import type { Operation } from "./operations.js";
import type { SnapshotWriter } from "./snapshot-writer.js";
import { DeleteProtectedError } from "./steps/delete-step.js";
import type { Step, StepHost } from "./steps/step.js";

/** Statuses as events carry them. */
const statusOk = 0;
const statusPartialFailure = 1;
const statusUnknown = 2;

/** gRPC codes after which nobody can say whether the operation was done. */
const unknownOutcome: ReadonlySet<number> = new Set([grpc.status.INTERNAL, grpc.status.DATA_LOSS, grpc.status.UNKNOWN]);

function statusOf(error: unknown): number {
  if (error instanceof InitError) return statusPartialFailure;
  return isServiceError(error) && unknownOutcome.has(error.code) ? statusUnknown : statusOk;
}

export interface ExecutorOptions {
  /** A refresh reports each failure and goes on with the others. */
  ignoreErrors: boolean;
  /** Refresh steps count as what they found. */
  isRefresh: boolean;
}

/** Carries steps out: as many chains at once as allowed, the steps of a chain one after another. */
export class StepExecutor {
  readonly changes: Partial<Record<Operation, number>> = {};
  /** Steps that failed, when the deployment goes on without them. */
  readonly failedSteps: Step[] = [];
  failed = false;
  maybeCorrupt = false;
  private steps = 0;
  private running = 0;
  private readonly waiting: (() => void)[] = [];
  private readonly chains = new Set<Promise<unknown>>();
  private stopped = false;

  constructor(
    private readonly host: StepHost,
    private readonly snapshot: SnapshotWriter | undefined,
    private readonly listener: EventListener,
    private readonly options: ExecutorOptions,
    /** Called once, when a failure ends the deployment. */
    private readonly onFailure: () => void,
    /** Called for every state that a step made. */
    private readonly onState: (state: ResourceState, step: Step) => void,
  ) {}

  /** No further step begins; those under way end. */
  stop(): void {
    this.stopped = true;
    for (const wake of this.waiting.splice(0)) wake();
  }

  /** Runs a chain; false when a step of it failed or was not begun. */
  execute(chain: readonly Step[]): Promise<boolean> {
    const run = this.runChain(chain).finally(() => this.chains.delete(run));
    this.chains.add(run);
    return run;
  }

  /** Waits until nothing is under way. */
  async drain(): Promise<void> {
    while (this.chains.size > 0) await Promise.allSettled([...this.chains]);
  }

  private async runChain(chain: readonly Step[]): Promise<boolean> {
    while (this.running >= this.host.options.parallel && !this.stopped)
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    if (this.stopped) return false;
    this.running++;
    try {
      for (const step of chain) {
        if (this.stopped) return false;
        if (this.dependsOnFailed(step)) {
          this.failedSteps.push(step);
          step.skip();
          return false;
        }
        if (!(await this.runStep(step))) return false;
      }
      return true;
    } finally {
      this.running--;
      this.waiting.shift()?.();
    }
  }

  private dependsOnFailed(step: Step): boolean {
    if (!this.host.options.continueOnError || this.failedSteps.length === 0 || !step.next) return false;
    const failed = new Set(this.failedSteps.map(({ urn }) => urn));
    return dependencyUrns(step.next).some((urn) => failed.has(urn));
  }

  private isInternal(step: Step): boolean {
    return step.op === "remove-pending-replace" || isDefaultProvider(step.urn);
  }

  private async runStep(step: Step): Promise<boolean> {
    const planning = this.host.options.dryRun;
    const internal = this.isInternal(step);
    this.listener({ type: "resource-pre", step: step.metadata(), planning, internal });
    await this.snapshot?.begin(step);
    let failure: unknown;
    try {
      await step.apply(this.host);
    } catch (error) {
      failure = error;
    }
    this.markSecrets(step);
    const partial = failure instanceof InitError;
    if (failure === undefined || partial) {
      if (step.next && step.op !== "replace") this.onState(step.next, step);
    }
    // A half-done update keeps the old inputs, so that the next run sees the difference again.
    if (partial && step.op === "update" && step.next && step.old) step.next.inputs = step.old.inputs;
    if (failure === undefined) this.reportDone(step, internal);
    else this.reportFailed(step, failure, internal);
    if (!planning) await this.snapshot?.end(step, failure === undefined || partial);
    if (failure === undefined) {
      step.complete();
      return true;
    }
    this.afterFailure(step, failure);
    return false;
  }

  private reportDone(step: Step, internal: boolean): void {
    const planning = this.host.options.dryRun;
    const refreshed = this.options.isRefresh && step.op === "refresh";
    const op = refreshed ? step.resultOp : step.op;
    const counts = step.op === "read" ? readChanged(step) : refreshed || step.logical;
    if (counts && !internal) {
      this.steps++;
      this.changes[op] = (this.changes[op] ?? 0) + 1;
    }
    const shown = planning || step.res.custom || step.op === "refresh" || step.op === "delete";
    if (shown) this.listener({ type: "resource-outputs", step: step.metadata(op), planning, internal });
  }

  private reportFailed(step: Step, failure: unknown, internal: boolean): void {
    const planning = this.host.options.dryRun;
    const status = statusOf(failure);
    if (status === statusUnknown) this.maybeCorrupt = true;
    const message = errorMessage(failure);
    this.host.diagnostics.error(internal ? "" : step.urn, planning ? `Preview failed: ${message}` : message);
    if (!planning) this.listener({ type: "resource-failed", step: step.metadata(), status, steps: this.steps });
  }

  private afterFailure(step: Step, failure: unknown): void {
    this.failed = true;
    if (this.options.ignoreErrors) return;
    if (this.host.options.continueOnError || failure instanceof DeleteProtectedError) {
      this.failedSteps.push(step);
      step.fail();
      return;
    }
    this.stop();
    this.onFailure();
  }

  /** Outputs are secret that the program asked to be, and those whose inputs are. */
  private markSecrets(step: Step): void {
    const state = step.next;
    if (!state || step.op === "replace") return;
    const marked = { ...state.outputs };
    for (const key of state.additionalSecretOutputs) {
      const output = marked[key];
      if (key === "id")
        this.host.diagnostics.warning(
          step.urn,
          "The 'id' property cannot be made secret. See pulumi/pulumi#2717 for more details.",
        );
      else if (output !== undefined) marked[key] = makeSecret(output);
    }
    for (const [key, input] of Object.entries(state.inputs)) {
      const output = marked[key];
      if (output !== undefined && isSecret(input)) marked[key] = makeSecret(output);
    }
    state.outputs = marked;
  }
}

/** A read counts when it found something else than the last one. */
const readChanged = (step: Step): boolean =>
  step.old !== undefined && !equalValues(step.old.outputs, step.next?.outputs ?? {});
