import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ArmStorageAccounts } from "./azure/storage/account-storage.js";
import { startArmServer, type ArmServer } from "./azure/server.js";
import { Clock } from "./clock.js";
import { startControlServer } from "./control.js";
import type { WorkspaceServer } from "./databricks/server.js";
import type { SandboxDescription, WorkspaceDescription } from "./description.js";
import { engineDirectory, findPulumi } from "./engine/index.js";
import { writeEnvironment } from "./environment.js";
import { loadEstate, readEstate, type Estate } from "./estate.js";
import type { FaultRule } from "./http/faults.js";
import { snapshotOf, type SandboxParts } from "./parts.js";
import { azureNative } from "./providers/azure-native/azure-native.js";
import { databricks } from "./providers/databricks/databricks.js";
import { startProviderServer } from "./providers/provider-server.js";
import { providerVersion } from "./providers/provider-version.js";
import { slotNames, WorkspaceSlots, type SlotName } from "./workspace-slots.js";

export interface SandboxOptions {
  /** Fixes the ports: this one for control, the next for ARM, primary, secondary, azure-native, databricks. Free ones by default. */
  readonly port?: number;
  /** Both workspaces live from the start, without ARM; ARM's later creation adopts them. */
  readonly provisioned?: boolean;
  /** Added to every answer of workspaces and ARM, in ms. */
  readonly latencyMs?: number;
  /** Whether the workspaces' documented rate limits hold. */
  readonly rateLimits?: boolean;
  /** Faults of both workspaces from the start. */
  readonly faults?: readonly FaultRule[];
  /** How long a cluster takes to start and to stop, in ms of the clock. */
  readonly clusterStartMs?: number;
  readonly clusterStopMs?: number;
  /** How long ARM's operations take, in ms of the clock. */
  readonly armOperationMs?: number;
}

/** Both clouds, running in this process. */
export interface Sandbox {
  readonly description: SandboxDescription;
  readonly clock: Clock;
  readonly arm: ArmServer;
  readonly slots: WorkspaceSlots;
  /** @throws Error while the slot has no workspace. */
  workspace(slot: SlotName): WorkspaceServer;
  /** Loads an estate, from a file or as calls, into a slot's workspace. */
  loadEstate(
    estate: string | Estate,
    slot: SlotName,
    progress?: (done: number, total: number) => void,
  ): Promise<{ readonly calls: number }>;
  /** The state of ARM and of both workspaces as it is now; call the result to have it back. */
  snapshot(): () => Promise<void>;
  /** Ends everything: servers, child processes, files. */
  stop(): Promise<void>;
}

const clientId = "00000000-0000-4000-8000-00000c11e471";
const regions = { primary: "eastus2", secondary: "westus" } as const;

/** Starts ARM, two places for workspaces, the Pulumi providers over them, and the control server. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const clock = new Clock();
  const closers: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await close();
    clock.stop();
  };
  const opened = async <T extends { close(): Promise<void> }>(opening: Promise<T>): Promise<T> => {
    const server = await opening;
    closers.push(() => server.close());
    return server;
  };
  const portAt = (offset: number): number => (options.port === undefined ? 0 : options.port + offset);
  try {
    const directory = await temporaryDirectory(closers);
    const armToken = `arm-sandbox-${randomBytes(12).toString("hex")}`;
    const application = { clientId, clientSecret: `secret-sandbox-${randomBytes(12).toString("hex")}` };

    // ARM and the workspaces know each other: ARM makes workspaces, and their drivers reach ARM's storage accounts.
    let slots: WorkspaceSlots | undefined;
    const arm = await opened(
      startArmServer({
        clock,
        port: portAt(1),
        latencyMs: options.latencyMs,
        operationMs: options.armOperationMs,
        workspaces: {
          create: (request) => required(slots).create(request),
          remove: (resourceId) => required(slots).remove(resourceId),
        },
      }),
    );
    slots = await opened(
      WorkspaceSlots.open({
        clock,
        storageAccounts: new ArmStorageAccounts(arm.arm, application),
        ...(options.port === undefined ? {} : { ports: { primary: portAt(2), secondary: portAt(3) } }),
        latencyMs: options.latencyMs,
        rateLimits: options.rateLimits,
        clusterStartMs: options.clusterStartMs,
        clusterStopMs: options.clusterStopMs,
      }),
    );
    const living = slots;
    for (const name of slotNames) living.at(name).settings.faults.push(...(options.faults ?? []));
    if (options.provisioned) await provision(living);

    const { subscription } = arm.arm;
    const identity = { subscriptionId: subscription.id, tenantId: subscription.tenantId, clientId };
    const azureProvider = azureNative({
      version: providerVersion("azure-native"),
      endpoint: arm.url,
      token: armToken,
      ...identity,
    });
    const databricksProvider = databricks({
      version: providerVersion("databricks"),
      tokenFor: (host) => living.tokenFor(host),
      hostOf: (resourceId) => subscription.find(resourceId)?.properties.workspaceUrl as string | undefined,
    });
    const azurePort = (await opened(startProviderServer(azureProvider, portAt(4)))).port;
    const databricksPort = (await opened(startProviderServer(databricksProvider, portAt(5)))).port;

    const armDescription = {
      endpoint: arm.url,
      token: armToken,
      ...identity,
      clientSecret: application.clientSecret,
    };
    const env = await writeEnvironment({
      directory,
      profiles: { primary: living.at("primary"), secondary: living.at("secondary") },
      providers: { "azure-native": azurePort, databricks: databricksPort },
      arm: armDescription,
      engineDirectory: findPulumi() ? undefined : engineDirectory,
    });

    const parts = { clock, arm, slots: living, stop };
    const control = await opened(startControlServer(parts, portAt(0)));
    const address = (name: SlotName): WorkspaceDescription => {
      const { host, token, userToken } = living.at(name);
      return { host, token, userToken };
    };
    const description: SandboxDescription = {
      primary: address("primary"),
      secondary: address("secondary"),
      arm: armDescription,
      control: { url: control.url },
      env,
    };
    control.describe(description);
    return sandboxOf(parts, description);
  } catch (error) {
    await stop();
    throw error;
  }
}

function sandboxOf(parts: SandboxParts & { stop(): Promise<void> }, description: SandboxDescription): Sandbox {
  const { slots } = parts;
  return {
    ...parts,
    description,
    workspace: (slot) => {
      const server = slots.server(slot);
      if (!server) throw new Error(`the sandbox has no ${slot} workspace yet`);
      return server;
    },
    loadEstate: async (estate, slot, progress) =>
      loadEstate(typeof estate === "string" ? await readEstate(estate) : estate, {
        ...slots.at(slot),
        ...(progress ? { progress } : {}),
      }),
    snapshot: () => snapshotOf(parts),
  };
}

function required(slots: WorkspaceSlots | undefined): WorkspaceSlots {
  if (!slots) throw new Error("the sandbox is still starting");
  return slots;
}

async function provision(slots: WorkspaceSlots): Promise<void> {
  for (const name of slotNames)
    await slots.create({
      resourceId: "",
      name: `databricks-dr-${name}`,
      region: regions[name],
      tier: "premium",
      tags: { "databricks-dr:stack": name },
    });
}

/** Removed when the sandbox stops, and at the latest when the process ends. */
async function temporaryDirectory(closers: (() => Promise<void>)[]): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "databricks-dr-sandbox-"));
  const atExit = (): void => rmSync(directory, { recursive: true, force: true });
  process.once("exit", atExit);
  closers.push(async () => {
    process.off("exit", atExit);
    await rm(directory, { recursive: true, force: true });
  });
  return directory;
}
