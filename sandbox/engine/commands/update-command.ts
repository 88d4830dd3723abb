import * as os from "node:os";
import type { UpdateRecord } from "../backend/update-history.js";
import type { StackReference } from "../backend/stack-reference.js";
import { StackLock } from "../backend/stack-lock.js";
import type { Config, StackConfig } from "../config/stack-config.js";
import { Deployment } from "../deployment/deployment.js";
import type { EngineEvent, Summary } from "../deployment/events.js";
import { isChange } from "../deployment/operations.js";
import type { DeploymentOptions } from "../deployment/options.js";
import { SnapshotWriter } from "../deployment/snapshot-writer.js";
import { Painter } from "../display/colors.js";
import { DiffDisplay } from "../display/diff-display.js";
import type { DisplayOptions } from "../display/display-options.js";
import { openEventLog, type EventLog } from "../display/json/event-log.js";
import { LineRenderer } from "../display/progress/line-renderer.js";
import { PreviewDocument } from "../display/json/preview-json.js";
import { ProgressDisplay } from "../display/progress/progress-display.js";
import { TreeRenderer } from "../display/progress/tree-renderer.js";
import { ChildProcesses } from "../plugins/child-processes.js";
import type { Project } from "../project.js";
import type { PassphraseSecrets } from "../secrets.js";
import { exitCodes, SilentFailure, UserError } from "../user-error.js";
import { engineVersion } from "../version.js";
import { confirm } from "./confirm.js";
import { isInteractive, wantsColor } from "./global-options.js";
import type { Workspace } from "./workspace.js";

/** The options of preview, up, refresh and destroy, as commander gives them. */
export interface UpdateCommandOptions {
  stack?: string;
  configFile?: string;
  config?: string[];
  configPath?: boolean;
  message?: string;
  yes?: boolean;
  skipPreview?: boolean;
  previewOnly?: boolean;
  diff?: boolean;
  json?: boolean;
  eventLog?: string;
  expectNoChanges?: boolean;
  refresh?: boolean | string;
  parallel?: string;
  target?: string[];
  targetDependents?: boolean;
  targetReplace?: string[];
  replace?: string[];
  exclude?: string[];
  excludeProtected?: boolean;
  continueOnError?: boolean;
  clearPendingCreates?: boolean;
  showSames?: boolean;
  showReads?: boolean;
  showReplacementSteps?: boolean;
  showConfig?: boolean;
  showSecrets?: boolean;
  showFullOutput?: boolean;
  suppressOutputs?: boolean;
  suppressProgress?: boolean;
  execKind?: string;
  client?: string;
  remove?: boolean;
  runProgram?: boolean | string;
}

export type Action = "update" | "refresh" | "destroy";

interface Session {
  reference: StackReference;
  project: Project;
  config: Config;
  stackConfig: StackConfig;
  secrets: PassphraseSecrets;
}

/** Runs a preview, or the change itself with a preview before it. */
export class UpdateCommand {
  private readonly children = new ChildProcesses();

  constructor(
    private readonly workspace: Workspace,
    private readonly action: Action,
    private readonly options: UpdateCommandOptions,
  ) {}

  private get interactive(): boolean {
    return isInteractive(this.workspace.options, this.workspace.terminal);
  }

  async preview(): Promise<void> {
    const session = await this.open();
    this.expectSuccess(await this.deploy(session, true), true);
  }

  async run(): Promise<void> {
    const { yes, skipPreview } = this.options;
    if (this.options.json) throw new UserError("--json is for previews only", { exitCode: exitCodes.configuration });
    if (!this.interactive && !yes && !skipPreview)
      throw new UserError(
        "--yes or --skip-preview or --preview-only must be passed in to proceed when running in non-interactive mode",
        { exitCode: exitCodes.configuration },
      );
    const session = await this.open();
    const { backend } = this.workspace;
    const lock = await StackLock.acquire(backend, session.reference);
    const release = (): void => lock.release();
    process.once("exit", release);
    try {
      if (!skipPreview) {
        this.expectSuccess(await this.deploy(session, true), true);
        if (!yes) await this.askToProceed(session.reference);
      }
      await backend.backUp(session.reference);
      const startTime = Math.floor(Date.now() / 1000);
      const summary = await this.deploy(session, false);
      await backend.history(session.reference).add(this.record(session, summary, startTime));
      this.expectSuccess(summary, false);
      this.describeWhatIsLeft(session.reference);
    } finally {
      release();
      process.off("exit", release);
      this.children.killAll();
    }
  }

  private async askToProceed({ stack }: StackReference): Promise<void> {
    const question = `Do you want to perform this ${this.action} of ${stack}?`;
    if (!(await confirm(this.workspace.terminal, question)))
      throw new UserError(`confirmation declined, not proceeding with the ${this.action}`, {
        exitCode: exitCodes.canceled,
      });
  }

  private describeWhatIsLeft({ stack }: StackReference): void {
    if (this.action !== "destroy" || this.options.target?.length || this.options.remove) return;
    this.workspace.print(
      "The resources in the stack have been deleted, but the history and configuration associated with the stack are still maintained.\n" +
        `If you want to remove the stack completely, run \`pulumi stack rm ${stack}\`.`,
    );
  }

  private async open(): Promise<Session> {
    const { workspace, options } = this;
    if (options.runProgram === true || options.runProgram === "true")
      throw new UserError("the stand-in engine does not implement --run-program; install the Pulumi CLI to use it");
    const { project } = workspace;
    const reference = await workspace.stack(options.stack);
    const stackConfig = workspace.config(reference, options.configFile);
    for (const setting of options.config ?? []) {
      const at = setting.indexOf("=");
      if (at < 0) stackConfig.set(setting, "", options.configPath);
      else stackConfig.set(setting.slice(0, at), setting.slice(at + 1), options.configPath);
    }
    if (options.config?.length) stackConfig.save();
    const checkpoint = await workspace.backend.read(reference);
    const secrets = await workspace.stackSecrets(stackConfig, checkpoint);
    const config = await stackConfig.decrypt(() => Promise.resolve(secrets));
    return { project, reference, stackConfig, secrets, config };
  }

  private deploymentOptions(dryRun: boolean): DeploymentOptions {
    const { options, action } = this;
    const replaced = [...(options.replace ?? []), ...(options.targetReplace ?? [])];
    return {
      dryRun,
      parallel: parallelism(options.parallel),
      refresh: action !== "refresh" && isTruthy(options.refresh),
      refreshOnly: action === "refresh",
      destroy: action === "destroy",
      targets: [...(options.target ?? []), ...(options.targetReplace ?? [])],
      excludes: options.exclude ?? [],
      replaceTargets: replaced,
      targetDependents: options.targetDependents ?? false,
      excludeProtected: options.excludeProtected ?? false,
      continueOnError: options.continueOnError ?? false,
      clearPendingCreates: options.clearPendingCreates ?? false,
      showSecrets: options.showSecrets ?? false,
    };
  }

  private async deploy(session: Session, dryRun: boolean): Promise<Summary> {
    const { workspace, options, children } = this;
    const { reference, project, config, secrets } = session;
    const checkpoint = await workspace.backend.read(reference);
    const snapshot = await workspace.snapshot(checkpoint);
    const display = this.display(reference, dryRun);
    const log: EventLog | undefined = options.eventLog ? openEventLog(options.eventLog) : undefined;
    const listener = (event: EngineEvent): void => {
      log?.handle(event);
      display.handle(event);
    };
    const deployment = new Deployment({
      project,
      config,
      children,
      listener,
      stack: reference.stack,
      options: this.deploymentOptions(dryRun),
      resources: snapshot.resources,
      pendingOperations: snapshot.pendingOperations,
      env: workspace.env,
      inlineProgram: options.client,
      stackOutputs: (name) =>
        workspace.outputs(workspace.reference(name), true).catch((cause: unknown) => {
          throw new Error(`unknown stack ${JSON.stringify(name)}`, { cause });
        }),
      snapshotWriter: (base) =>
        new SnapshotWriter(
          base,
          secrets.salt,
          workspace.sealer(secrets),
          {
            write: (text) => workspace.backend.write(reference, text),
          },
          snapshot.metadata,
        ),
    });
    const stopListening = this.cancelOnInterrupt(deployment);
    try {
      listener({
        type: "prelude",
        config: Object.fromEntries([...session.stackConfig.masked()].map(([key, { value }]) => [key, value])),
      });
      const summary = await deployment.run();
      listener({ type: "summary", summary });
      listener({ type: "cancel" });
      await log?.close();
      return summary;
    } finally {
      stopListening();
      children.killAll();
    }
  }

  /** The first Ctrl-C lets what is under way end; the second ends everything at once. */
  private cancelOnInterrupt(deployment: Deployment): () => void {
    const onSignal = (): void => {
      if (deployment.wasCanceled) {
        this.children.killAll();
        process.exit(exitCodes.canceled);
      }
      this.workspace.terminal.stderr.write(
        "^C received; cancelling. If you would like to terminate immediately, press ^C again.\n" +
          "Note that terminating immediately may lead to orphaned resources and other inconsistencies.\n",
      );
      deployment.cancel();
    };
    process.on("SIGINT", onSignal);
    process.on("SIGTERM", onSignal);
    return () => {
      process.off("SIGINT", onSignal);
      process.off("SIGTERM", onSignal);
    };
  }

  private display(reference: StackReference, isPreview: boolean): { handle(event: EngineEvent): void } {
    const { terminal } = this.workspace;
    const { options } = this;
    const display: DisplayOptions = {
      painter: new Painter(!options.json && wantsColor(this.workspace.options, terminal)),
      stack: reference.stack,
      project: reference.project,
      action: this.action,
      isPreview,
      showSames: options.showSames ?? false,
      showReads: options.showReads ?? false,
      showReplacementSteps: options.showReplacementSteps ?? false,
      showSecrets: options.showSecrets ?? false,
      showFullOutput: options.showFullOutput ?? false,
      showConfig: options.showConfig ?? false,
      suppressOutputs: options.suppressOutputs ?? false,
      suppressProgress: options.suppressProgress ?? false,
      debug: this.workspace.options.debug ?? false,
      out: (text) => terminal.stdout.write(`${text}\n`),
      err: (text) => terminal.stderr.write(`${text}\n`),
    };
    if (options.json) return new PreviewDocument(display);
    if (options.diff) return new DiffDisplay(display);
    if (this.interactive && terminal.env.TERM !== "dumb")
      return new ProgressDisplay(display, new TreeRenderer(display, terminal.stdout), true);
    return new ProgressDisplay(display, new LineRenderer(display), false);
  }

  private expectSuccess(summary: Summary, isPreview: boolean): void {
    // What went wrong has been told by the display.
    if (summary.result === "failed") throw new SilentFailure();
    const changed = Object.entries(summary.changes).some(
      ([operation, count]) => count > 0 && isChange(operation as keyof Summary["changes"]),
    );
    if (this.options.expectNoChanges && changed && (isPreview === this.isPreviewRun || !isPreview))
      throw new UserError(
        `no changes were expected for ${isPreview ? "preview" : this.action} but changes were proposed`,
        {
          exitCode: exitCodes.noChangesExpected,
        },
      );
  }

  /** The command is a preview and nothing else. */
  isPreviewRun = false;

  private record({ stackConfig }: Session, summary: Summary, startTime: number): UpdateRecord {
    const { options } = this;
    return {
      kind: this.action,
      startTime,
      message: options.message ?? "",
      environment: {
        "exec.kind": options.execKind ?? "cli",
        "pulumi.arch": os.arch() === "x64" ? "amd64" : os.arch(),
        "pulumi.os": os.platform(),
        "pulumi.version": engineVersion,
        "runtime.name": "nodejs",
        "runtime.version": process.version,
      },
      config: stackConfig.sealed,
      version: 0,
      result: summary.result,
      endTime: Math.floor(Date.now() / 1000),
      resourceChanges: summary.changes,
    };
  }
}

/** Flags that may stand alone or carry a value. */
const isTruthy = (value: boolean | string | undefined): boolean =>
  value === true || value === "true" || value === "" || value === "1";

/** Pulumi's own default: four operations at once for each processor. */
function parallelism(text: string | undefined): number {
  if (text === undefined) return 4 * os.availableParallelism();
  const count = Number(text);
  if (!Number.isInteger(count) || count < 0)
    throw new UserError(`invalid argument ${JSON.stringify(text)} for "-p, --parallel" flag`, {
      exitCode: exitCodes.configuration,
    });
  return count === 0 ? Number.MAX_SAFE_INTEGER : count;
}
