import { randomBytes } from "node:crypto";
import { Hono } from "hono";
import type { Clock } from "./clock.js";
import { startWorkspaceServer, type WorkspaceServer } from "./databricks/server.js";
import type { StorageAccounts } from "./databricks/storage/storage-accounts.js";
import { setControls } from "./databricks/workspace-controls.js";
import { Workspace, type WorkspaceOptions } from "./databricks/workspace.js";
import type { FaultRule } from "./http/faults.js";
import type { JsonObject } from "./http/json.js";
import { listen, type Listening } from "./http/listen.js";

export type SlotName = "primary" | "secondary";
export const slotNames: readonly SlotName[] = ["primary", "secondary"];

/** The tag by which ARM's request says which slot a workspace takes. */
export const slotTag = "databricks-dr:stack";

/** What is switched on for a workspace; kept while there is none, and for the next one. */
export interface SlotSettings {
  latencyMs: number;
  rateLimits: boolean;
  faults: FaultRule[];
  /** Switches of the workspace that are not at their default. */
  controls: JsonObject;
}

export interface SlotsOptions {
  readonly clock: Clock;
  readonly storageAccounts: StorageAccounts;
  readonly ports?: Readonly<Record<SlotName, number>>;
  readonly latencyMs?: number;
  readonly rateLimits?: boolean;
  readonly clusterStartMs?: number;
  readonly clusterStopMs?: number;
}

/** What ARM, or an option, asks for when a workspace is to live. */
export interface WorkspaceRequest {
  readonly resourceId: string;
  readonly name: string;
  readonly region: string;
  readonly tier: "standard" | "premium";
  readonly tags: Readonly<Record<string, string>>;
}

interface Living {
  resourceId: string;
  readonly server: WorkspaceServer;
  readonly options: WorkspaceOptions;
}

interface Slot {
  readonly name: SlotName;
  readonly port: number;
  readonly url: string;
  readonly token: string;
  readonly userToken: string;
  readonly settings: SlotSettings;
  vacancy: Listening | undefined;
  living: Living | undefined;
}

/**
 * The places in which workspaces live. `primary` and `secondary` have an address and a token from the start, and answer
 * 404 until there is a workspace; any other workspace gets an address when it is made.
 */
export class WorkspaceSlots {
  readonly #others = new Map<string, Living>();
  readonly #onCreate: ((slot: SlotName) => void)[] = [];

  private constructor(
    private readonly options: SlotsOptions,
    private readonly slots: readonly Slot[],
  ) {}

  static async open(options: SlotsOptions): Promise<WorkspaceSlots> {
    const slots: Slot[] = [];
    for (const name of slotNames) {
      const vacancy = await listen(vacantApp(name), options.ports?.[name]);
      slots.push({
        name,
        port: vacancy.port,
        url: vacancy.url,
        token: `dapi-sandbox-${name}-${randomBytes(12).toString("hex")}`,
        userToken: `dapi-sandbox-${name}-user-${randomBytes(12).toString("hex")}`,
        settings: {
          latencyMs: options.latencyMs ?? 0,
          rateLimits: options.rateLimits ?? false,
          faults: [],
          controls: {},
        },
        vacancy,
        living: undefined,
      });
    }
    return new WorkspaceSlots(options, slots);
  }

  /** Address and tokens of a slot, whether or not a workspace is there; `userToken` is of no administrator. */
  at(name: SlotName): {
    readonly host: string;
    readonly token: string;
    readonly userToken: string;
    readonly settings: SlotSettings;
  } {
    const { url, token, userToken, settings } = this.#slot(name);
    return { host: url, token, userToken, settings };
  }

  /** The workspace's server; undefined while there is none. */
  server(name: SlotName): WorkspaceServer | undefined {
    return this.#slot(name).living?.server;
  }

  /** The token for a host of this sandbox. */
  tokenFor(host: string): string | undefined {
    const slot = this.slots.find(({ url }) => url === host);
    if (slot) return slot.token;
    return [...this.#others.values()].find(({ server }) => server.url === host)?.options.token;
  }

  /** Calls `listener` each time a workspace comes to life in a slot. */
  onCreate(listener: (slot: SlotName) => void): void {
    this.#onCreate.push(listener);
  }

  /** Brings a workspace to life, or adopts the one that `provisioned` made. */
  async create(request: WorkspaceRequest): Promise<{ workspaceUrl: string; workspaceId: string }> {
    const slot = this.slots.find(({ name }) => name === request.tags[slotTag]);
    if (!slot || (slot.living && slot.living.resourceId !== "")) {
      const living = await this.#start(request, `dapi-sandbox-${randomBytes(12).toString("hex")}`, 0);
      this.#others.set(request.resourceId.toLowerCase(), living);
      return { workspaceUrl: living.server.url, workspaceId: living.options.id };
    }
    if (slot.living) slot.living.resourceId = request.resourceId.toLowerCase();
    else await this.#occupy(slot, request);
    const { server, options } = slot.living as unknown as Living;
    return { workspaceUrl: server.url, workspaceId: options.id };
  }

  /** Ends the workspace of that Azure resource; its slot is vacant again. */
  async remove(resourceId: string): Promise<void> {
    const key = resourceId.toLowerCase();
    const slot = this.slots.find(({ living }) => living?.resourceId === key);
    if (slot) return this.#vacate(slot);
    const other = this.#others.get(key);
    this.#others.delete(key);
    await other?.server.close();
  }

  /** Puts what `settings` says on the living workspace. */
  apply(name: SlotName): void {
    const { living, settings } = this.#slot(name);
    if (!living) return;
    living.server.traffic.latencyMs = settings.latencyMs;
    living.server.limits.enabled = settings.rateLimits;
    living.server.traffic.faults.clear();
    for (const rule of settings.faults) living.server.traffic.faults.add(rule);
  }

  /** Sets switches of the workspace, now and for the next one; `null` gives one its default back. */
  control(name: SlotName, changes: JsonObject): void {
    const { living, settings } = this.#slot(name);
    const kept = Object.entries({ ...settings.controls, ...changes }).filter(([, value]) => value !== null);
    settings.controls = Object.fromEntries(kept);
    if (living) setControls(living.server.workspace.controls, changes, living.options);
  }

  /** The state of both slots' workspaces. A workspace that lives at its own address is no part of it. */
  snapshot(): () => Promise<void> {
    const states = this.slots.map((slot) => ({
      slot,
      living: slot.living && { ...slot.living, tables: slot.living.server.workspace.snapshot() },
    }));
    return async () => {
      for (const { slot, living } of states) {
        if (!living || slot.living?.options.id !== living.options.id) await this.#vacate(slot);
        if (!living) continue;
        if (!slot.living) await this.#revive(slot, living.options, living.resourceId);
        if (!slot.living) continue;
        slot.living.resourceId = living.resourceId;
        slot.living.server.workspace.restore(living.tables);
      }
    };
  }

  async close(): Promise<void> {
    const servers = [...this.slots.map(({ living }) => living), ...this.#others.values()];
    await Promise.all([
      ...servers.map((living) => living?.server.close()),
      ...this.slots.map(({ vacancy }) => vacancy?.close()),
    ]);
  }

  #slot(name: SlotName): Slot {
    const slot = this.slots.find((candidate) => candidate.name === name);
    if (!slot) throw new Error(`the sandbox has no slot '${String(name)}'`);
    return slot;
  }

  async #occupy(slot: Slot, request: WorkspaceRequest): Promise<void> {
    await this.#revive(
      slot,
      { ...this.#optionsOf(request, slot.token), userToken: slot.userToken },
      request.resourceId.toLowerCase(),
    );
    for (const listener of this.#onCreate) listener(slot.name);
  }

  async #revive(slot: Slot, options: WorkspaceOptions, resourceId: string): Promise<void> {
    await slot.vacancy?.close();
    slot.vacancy = undefined;
    const server = await startWorkspaceServer({ workspace: new Workspace(options), port: slot.port });
    slot.living = { resourceId, server, options };
    setControls(server.workspace.controls, slot.settings.controls, options);
    this.apply(slot.name);
  }

  async #vacate(slot: Slot): Promise<void> {
    await slot.living?.server.close();
    slot.living = undefined;
    slot.vacancy ??= await listen(vacantApp(slot.name), slot.port);
  }

  async #start(request: WorkspaceRequest, token: string, port: number): Promise<Living> {
    const options = this.#optionsOf(request, token);
    const server = await startWorkspaceServer({ workspace: new Workspace(options), port });
    return { resourceId: request.resourceId.toLowerCase(), server, options };
  }

  #optionsOf({ name, region, tier }: WorkspaceRequest, token: string): WorkspaceOptions {
    const { clock, storageAccounts, clusterStartMs, clusterStopMs } = this.options;
    return {
      id: workspaceId(),
      name,
      region,
      tier,
      clock,
      token,
      storageAccounts,
      ...(clusterStartMs === undefined ? {} : { clusterStartMs }),
      ...(clusterStopMs === undefined ? {} : { clusterStopMs }),
    };
  }
}

/** Sixteen digits, as in `adb-<id>.<n>.azuredatabricks.net`. */
function workspaceId(): string {
  return String(randomBytes(8).readBigUInt64BE() % 9_000_000_000_000_000n);
}

function vacantApp(name: SlotName): Hono {
  const app = new Hono();
  app.all("*", (context) =>
    context.json(
      {
        error_code: "WORKSPACE_NOT_FOUND",
        message: `the sandbox has no ${name} workspace yet: it comes to life when ARM creates a Microsoft.Databricks/workspaces with the tag ${slotTag} = ${name}`,
      },
      404,
    ),
  );
  return app;
}
