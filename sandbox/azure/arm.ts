import type { Hono } from "hono";
import type { Clock } from "../clock.js";
import { Operations } from "./operations.js";
import { Subscription, type ArmResource } from "./subscription.js";

/** What ARM asks of the workspaces' side: to bring a workspace to life, and to end it. */
export interface WorkspaceHost {
  /** Starts the workspace; resolves once its address answers. */
  create(workspace: {
    readonly resourceId: string;
    readonly name: string;
    readonly region: string;
    readonly tier: "standard" | "premium";
    readonly tags: Readonly<Record<string, string>>;
  }): Promise<{ readonly workspaceUrl: string; readonly workspaceId: string }>;
  remove(resourceId: string): Promise<void>;
}

/** One resource provider of ARM, or one part of it: its routes, and how its resources look when they are read. */
export interface ArmService {
  readonly name: string;
  mount(app: Hono, arm: Arm): void;
  /** Full types that `present` knows; others are shown as they are kept. */
  readonly types?: readonly string[];
  present?(resource: ArmResource, arm: Arm): ArmResource;
}

export interface ArmOptions {
  readonly clock: Clock;
  readonly workspaces: WorkspaceHost;
  /** Port on 127.0.0.1; a free one by default. */
  readonly port?: number;
  readonly latencyMs?: number;
  /** How long an asynchronous operation takes, in ms of the clock; 40 by default, a workspace takes five times that. */
  readonly operationMs?: number;
  /** How far the geo-redundant copy of a storage account lags behind, in ms; 4 minutes by default. */
  readonly geoReplicationLagMs?: number;
}

/** Azure Resource Manager over one subscription. */
export class Arm {
  readonly subscription: Subscription;
  readonly operations: Operations;
  /** May be changed while ARM runs: a test of data loss sets it. */
  geoReplicationLagMs: number;

  constructor(
    readonly options: ArmOptions,
    private readonly services: readonly ArmService[],
  ) {
    this.subscription = new Subscription(options.clock);
    this.operations = new Operations(options.clock);
    this.geoReplicationLagMs = options.geoReplicationLagMs ?? 4 * 60_000;
  }

  get clock(): Clock {
    return this.options.clock;
  }

  get operationMs(): number {
    return this.options.operationMs ?? 40;
  }

  /** The resource as a GET shows it. */
  present(resource: ArmResource): ArmResource {
    const service = this.services.find((candidate) => candidate.types?.includes(resource.type));
    return service?.present?.(resource, this) ?? resource;
  }
}
