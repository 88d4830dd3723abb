import type { DetailedDiff } from "../plugins/provider.js";
import type { ResourceState } from "../resource/state.js";
import type { Urn } from "../resource/urn.js";
import type { Operation } from "./operations.js";

/** A step as it was when the event was sent: the states are copies. */
export interface StepMetadata {
  op: Operation;
  urn: Urn;
  type: string;
  provider: string;
  old: ResourceState | undefined;
  new: ResourceState | undefined;
  /** The state that the step is about. */
  res: ResourceState;
  /** Properties that make the resource be replaced. */
  keys: string[];
  /** Properties that changed. */
  diffs: string[];
  detailedDiff: DetailedDiff | undefined;
  /** Counts as an operation of its own, not as a part of one. */
  logical: boolean;
}

export type Severity = "debug" | "info" | "info#err" | "warning" | "error";

export interface Diagnostic {
  /** Empty for what concerns no resource. */
  urn: Urn;
  severity: Severity;
  message: string;
  /** Messages of one stream belong together, as the lines of one output do. 0 stands alone. */
  streamId: number;
  /** Shown while the resource is at work, not in the end. */
  ephemeral: boolean;
}

export interface Summary {
  isPreview: boolean;
  maybeCorrupt: boolean;
  durationSeconds: number;
  changes: Partial<Record<Operation, number>>;
  result: "succeeded" | "failed";
}

/** Everything that a deployment tells of itself; displays and logs are made of these. */
export type EngineEvent =
  | { type: "prelude"; config: Record<string, string> }
  | { type: "resource-pre"; step: StepMetadata; planning: boolean; internal: boolean }
  | { type: "resource-outputs"; step: StepMetadata; planning: boolean; internal: boolean }
  | { type: "resource-failed"; step: StepMetadata; status: number; steps: number }
  | { type: "diagnostic"; diagnostic: Diagnostic }
  | { type: "summary"; summary: Summary }
  | { type: "cancel" };

export type EventListener = (event: EngineEvent) => void;

/** Shorter ones would be found everywhere. */
const shortestSecret = 3;

/** Where diagnostics go. */
export class Diagnostics {
  private readonly secrets: readonly string[];

  constructor(
    private readonly listener: EventListener,
    /** Texts that no message may show: programs, providers and the SDK itself write what they were given. */
    secrets: readonly string[] = [],
  ) {
    this.secrets = secrets
      .filter((secret) => secret.length >= shortestSecret)
      .sort((left, right) => right.length - left.length);
  }

  private masked(message: string): string {
    return this.secrets.reduce((text, secret) => text.replaceAll(secret, "[secret]"), message);
  }

  report(
    severity: Severity,
    urn: Urn,
    message: string,
    options: { streamId?: number; ephemeral?: boolean } = {},
  ): void {
    const { streamId = 0, ephemeral = false } = options;
    this.listener({
      type: "diagnostic",
      diagnostic: { urn, severity, message: this.masked(message), streamId, ephemeral },
    });
  }

  error(urn: Urn, message: string): void {
    this.report("error", urn, message);
  }

  warning(urn: Urn, message: string): void {
    this.report("warning", urn, message);
  }

  info(urn: Urn, message: string): void {
    this.report("info", urn, message);
  }
}

/** Ends a deployment whose failure has been reported already. */
export class Bail extends Error {}
