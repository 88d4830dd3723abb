import * as grpc from "@grpc/grpc-js";
import engineServices from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import resourceServices from "@pulumi/pulumi/proto/resource_grpc_pb.js";
import type { PendingOperation, ResourceState } from "../resource/state.js";
import type { Config } from "../config/stack-config.js";
import type { ChildProcesses } from "../plugins/child-processes.js";
import { PluginHost } from "../plugins/plugin-host.js";
import type { Provider } from "../plugins/provider.js";
import { ProviderRegistry } from "../plugins/provider-registry.js";
import { programLocation, startInlineProgram, startProgram, type RunningProgram } from "../program/language-host.js";
import type { Project } from "../project.js";
import { isRootStack, providerReference, type Urn } from "../resource/urn.js";
import type { PropertyMap } from "../resource/values.js";
import { channelOptions, errorMessage, implementService, listen } from "../rpc/messages.js";
import { BaseState } from "./generator/base-state.js";
import { generateDeletions, scheduleDeletions } from "./generator/deletions.js";
import { textualDiff } from "./generator/diffing.js";
import { engineHandlers } from "./registration/engine-service.js";
import { Bail, Diagnostics, type EventListener, type Summary } from "./events.js";
import type { Goal, ReadGoal, RegistrationResult } from "./registration/goal.js";
import type { DeploymentOptions } from "./options.js";
import { pendingOperationsWarning } from "./pending-operations.js";
import { MonitorShutdown, ResourceMonitor } from "./registration/resource-monitor.js";
import type { SnapshotWriter } from "./snapshot-writer.js";
import { secretTexts } from "./secret-texts.js";
import { StackOutputs } from "./stack-outputs.js";
import { StepExecutor } from "./step-executor.js";
import { StepGenerator } from "./generator/step-generator.js";
import { RefreshStep } from "./steps/refresh-step.js";
import type { Step, StepHost } from "./steps/step.js";
import { checkTargets } from "./generator/targeting.js";

export interface DeploymentContext {
  project: Project;
  stack: string;
  config: Config;
  options: DeploymentOptions;
  resources: readonly ResourceState[];
  pendingOperations: readonly PendingOperation[];
  /** Makes the writer of the state; a preview has none. */
  snapshotWriter: ((base: BaseState) => SnapshotWriter) | undefined;
  listener: EventListener;
  children: ChildProcesses;
  env: NodeJS.ProcessEnv;
  /** Outputs of other stacks. */
  stackOutputs(name: string): Promise<PropertyMap>;
  /** The calling process's language service, for a program that lives there. */
  inlineProgram: string | undefined;
}

/** How long a program that has nothing more to do may take to end by itself. */
const programGraceMilliseconds = 5_000;

/** One update, preview, refresh or destroy of a stack, from the program's start to the last deletion. */
export class Deployment implements StepHost {
  readonly options: DeploymentOptions;
  readonly diagnostics: Diagnostics;
  readonly registry: ProviderRegistry;
  private readonly base: BaseState;
  private readonly snapshot: SnapshotWriter | undefined;
  private readonly generator: StepGenerator;
  private readonly executor: StepExecutor;
  private readonly monitor: ResourceMonitor;
  private readonly server = new grpc.Server(channelOptions);
  private readonly outputs: StackOutputs;
  /** States of this run. */
  private readonly states = new Map<Urn, ResourceState>();
  private readonly waiting = new Set<(error: Error) => void>();
  private generation: Promise<void> = Promise.resolve();
  private stopped = false;
  private over = false;
  private failed = false;
  private canceled = false;
  private program: RunningProgram | undefined;
  private signalProgramFinished: () => void = () => undefined;
  private readonly programSignal = new Promise<void>((resolve) => (this.signalProgramFinished = resolve));
  private signalStop: () => void = () => undefined;
  private readonly stopSignal = new Promise<void>((resolve) => (this.signalStop = resolve));
  private engineAddress = "";

  constructor(private readonly context: DeploymentContext) {
    const { options, listener, project, stack, children, env } = context;
    this.options = options;
    this.diagnostics = new Diagnostics(
      (event) => {
        if (event.type === "diagnostic" && event.diagnostic.severity === "error") this.failed = true;
        listener(event);
      },
      secretTexts(context.config, context.resources),
    );
    this.base = new BaseState(context.resources, context.pendingOperations);
    this.snapshot = options.dryRun ? undefined : context.snapshotWriter?.(this.base);
    const programDirectory = programLocation(project).directory;
    const host = new PluginHost({
      project,
      stack,
      env,
      children,
      textualDiff,
      workingDirectory: programDirectory,
      engineAddress: () => this.engineAddress,
      knowledge: {
        stackOutputs: (name) => context.stackOutputs(name),
        resource: (urn) => this.states.get(urn) ?? this.base.olds.get(urn),
      },
      onOutput: (line, toStderr) => this.diagnostics.report(toStderr ? "info#err" : "info", "", `${line}\n`),
    });
    this.registry = new ProviderRegistry(host);
    this.executor = this.newExecutor(false);
    this.generator = new StepGenerator(
      stack,
      project.name,
      this.base,
      this,
      (steps) => this.executor.execute(steps),
      (state) => this.snapshot?.supersede(state),
    );
    this.outputs = new StackOutputs(this.states, this.base, this.snapshot, (step) => {
      listener({ type: "resource-outputs", step: step.metadata(), planning: options.dryRun, internal: false });
    });
    this.monitor = new ResourceMonitor(
      {
        project: project.name,
        projectDirectory: project.directory,
        programDirectory,
        stack,
        config: context.config,
        dryRun: options.dryRun,
        parallel: options.parallel,
      },
      {
        register: (goal) => this.register(goal),
        read: (goal) => this.read(goal),
        registerOutputs: (urn, outputs) => this.registerOutputs(urn, outputs),
        provider: (reference) => this.providerByReference(reference),
        programFinished: () => this.programFinished(),
      },
    );
  }

  private newExecutor(refreshing: boolean): StepExecutor {
    return new StepExecutor(
      this,
      this.snapshot,
      this.context.listener,
      { ignoreErrors: refreshing, isRefresh: this.options.refreshOnly },
      () => this.stop(),
      (state, step) => {
        this.states.set(state.urn, state);
        if (step.logical || step.op === "create-replacement") this.outputs.register(step);
      },
    );
  }

  get deletes(): ReadonlySet<Urn> {
    return this.generator.decided.deletes;
  }

  async providerOf(state: ResourceState): Promise<Provider> {
    return this.providerByReference(state.provider);
  }

  private providerByReference(reference: string): Promise<Provider> {
    return this.registry.ensure(reference, () =>
      this.base.resources.find(({ urn, id }) => providerReference(urn, id) === reference),
    );
  }

  /** Ctrl-C: providers are asked to end, what is under way ends, nothing new begins. */
  cancel(): void {
    if (this.canceled) return;
    this.canceled = true;
    void this.registry.cancelAll();
    this.stop();
  }

  private stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    this.executor.stop();
    this.signalStop();
  }

  /** Runs to the end. The summary says whether it went well; why not, the events have said. */
  async run(): Promise<Summary> {
    const started = Date.now();
    try {
      this.server.addService(
        resourceServices.ResourceMonitorService,
        implementService(resourceServices.ResourceMonitorService, this.monitor.handlers),
      );
      this.server.addService(
        engineServices.EngineService,
        implementService(
          engineServices.EngineService,
          engineHandlers(this.diagnostics, () => this.over),
        ),
      );
      this.engineAddress = await listen(this.server);
      await this.phases();
    } catch (error) {
      this.failed = true;
      if (!(error instanceof Bail)) this.diagnostics.error("", errorMessage(error));
    } finally {
      await this.end();
    }
    return {
      isPreview: this.options.dryRun,
      maybeCorrupt: this.executor.maybeCorrupt,
      durationSeconds: Math.ceil((Date.now() - started) / 1000),
      changes: this.refreshChanges ?? this.executor.changes,
      result: this.isFailed ? "failed" : "succeeded",
    };
  }

  private get isFailed(): boolean {
    return this.failed || this.executor.failed || this.canceled || this.generator.decided.errored;
  }

  get wasCanceled(): boolean {
    return this.canceled;
  }

  private refreshChanges: StepExecutor["changes"] | undefined;

  private async phases(): Promise<void> {
    const { options, base } = this;
    if (options.refresh || options.refreshOnly) {
      if (!(await this.refresh())) this.bail("failed");
    } else if (base.pendingOperations.length > 0 && !options.dryRun) {
      this.diagnostics.warning("", pendingOperationsWarning(base.pendingOperations));
    }
    if (options.refreshOnly) return;
    if (!options.destroy) {
      await this.runProgram();
      if (this.stopped || this.failed) await this.settle();
    }
    if (!this.stopped && !this.failed) await this.deletionsOrFailure();
    await this.executor.drain();
    await this.outputs.finish(this.isFailed);
    if (this.isFailed) this.bail(this.canceled ? "canceled" : "failed");
  }

  private bail(outcome: string): never {
    this.diagnostics.error("", `${this.options.dryRun ? "preview" : "update"} ${outcome}`);
    throw new Bail(outcome);
  }

  private async refresh(): Promise<boolean> {
    const { base, generator } = this;
    checkTargets(generator.decided, base, this.diagnostics);
    if (this.options.clearPendingCreates) this.snapshot?.clearPendingCreates();
    const executor = this.newExecutor(true);
    void this.stopSignal.then(() => executor.stop());
    const steps = base.resources
      .filter(({ urn }) => generator.decided.targets.contains(urn))
      .filter(({ urn }) => !generator.decided.excludes.constrained || !generator.decided.excludes.contains(urn))
      .map((state) => new RefreshStep(state));
    await Promise.all(steps.map((step) => executor.execute([step])));
    base.rebuild(new Map(steps.map((step) => [step.old, step.result])));
    await this.snapshot?.rebased();
    if (this.options.refreshOnly) this.refreshChanges = executor.changes;
    return !executor.failed && !this.canceled;
  }

  private async runProgram(): Promise<void> {
    const { context, options } = this;
    const program = {
      project: context.project,
      stack: context.stack,
      config: context.config,
      dryRun: options.dryRun,
      parallel: options.parallel,
      env: context.env,
      children: context.children,
      engineAddress: this.engineAddress,
      onOutput: (line: string, toStderr: boolean) =>
        this.diagnostics.report(toStderr ? "info#err" : "info", "", `${line}\n`, { streamId: toStderr ? 2 : 1 }),
    };
    this.program = context.inlineProgram ? startInlineProgram(program, context.inlineProgram) : startProgram(program);
    const result = await Promise.race([
      this.program.ended,
      this.programSignal.then(() => ({ ok: true }) as const),
      this.stopSignal.then(() => ({ ok: true }) as const),
    ]);
    if (result.ok) {
      await this.generation;
      await this.executor.drain();
      return;
    }
    this.failed = true;
    if (!result.reported) this.diagnostics.error("", `an unhandled error occurred: ${result.message}`);
    this.stop();
  }

  /** After a failure: operations under way end before anything else does. */
  private async settle(): Promise<void> {
    await this.generation;
    await this.executor.drain();
  }

  /** A failure here must not keep the stack's outputs from being stored. */
  private async deletionsOrFailure(): Promise<void> {
    try {
      await this.deletions();
    } catch (error) {
      this.failed = true;
      if (!(error instanceof Bail)) this.diagnostics.error("", errorMessage(error));
    }
  }

  private async deletions(): Promise<void> {
    const { decided } = this.generator;
    checkTargets(decided, this.base, this.diagnostics);
    const { sames, deletes } = await generateDeletions(this.base, decided, this);
    for (const step of sames) await this.executor.execute([step]);
    await scheduleDeletions(deletes, this.base, (step) => this.executor.execute([step]));
  }

  private async end(): Promise<void> {
    this.stopped = true;
    this.over = true;
    for (const reject of this.waiting) reject(new MonitorShutdown());
    this.waiting.clear();
    if (this.program) {
      // A program that got its answers ends by itself, and may have something to print.
      const timer = setTimeout(() => this.program?.kill(), this.isFailed ? 500 : programGraceMilliseconds);
      await this.program.ended;
      clearTimeout(timer);
    }
    await this.snapshot?.save();
    this.registry.closeAll();
    this.monitor.close();
    this.server.forceShutdown();
  }

  private programFinished(): Promise<void> {
    this.signalProgramFinished();
    return this.answer<never>(() => undefined);
  }

  /** A promise for the program, which is broken off when the deployment stops. */
  private answer<Result>(start: (settle: (result: Result) => void) => void): Promise<Result> {
    if (this.over) return Promise.reject(new MonitorShutdown());
    return new Promise((resolve, reject) => {
      this.waiting.add(reject);
      start((result) => {
        this.waiting.delete(reject);
        resolve(result);
      });
    });
  }

  /** Decisions are made one after another: each rests on what the others have decided. */
  private decide(urnOf: () => string, generate: () => Promise<Step[]>): void {
    this.generation = this.generation.then(async () => {
      if (this.stopped) return;
      try {
        const steps = await generate();
        if (steps.length > 0) void this.executor.execute(steps);
      } catch (error) {
        if (!(error instanceof Bail)) this.diagnostics.error(urnOf(), errorMessage(error));
        this.failed = true;
        this.stop();
      }
    });
  }

  private register(goal: Goal): Promise<RegistrationResult> {
    return this.answer((settle) => {
      this.decide(
        () => this.urnOf(goal),
        () => this.generator.register({ goal, settle }),
      );
    });
  }

  private read(goal: ReadGoal): Promise<RegistrationResult> {
    return this.answer((settle) => {
      this.decide(
        () => this.urnOf(goal),
        () => this.generator.read({ goal, settle }),
      );
    });
  }

  private urnOf(goal: { parent: Urn; type: string; name: string }): Urn {
    return this.generator.urnOf(goal);
  }

  private registerOutputs(urn: Urn, outputs: PropertyMap): Promise<void> {
    return this.answer((settle: (result: undefined) => void) => {
      if (isRootStack(urn)) {
        this.outputs.keep(urn, outputs);
        settle(undefined);
      } else {
        void this.outputs.set(urn, outputs).then(
          () => settle(undefined),
          (error: unknown) => {
            this.diagnostics.error(urn, errorMessage(error));
            this.stop();
          },
        );
      }
    });
  }
}
