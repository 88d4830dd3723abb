import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as replication from "../../replication/index.js";
import type { CopyRecord } from "../../replication/notes/record.js";
import { rememberedNotes } from "../../replication/replica/replica-state.js";
import { startNewRun } from "../../replication/replica/current-run.js";
import type { Json, JsonObject } from "../../replication/values/json.js";
import { parseJson, stringifyJson } from "../../replication/values/json.js";
import { type KeyPair, newKeyPair } from "../../replication/notes/signing.js";
import { Clock } from "../../sandbox/clock.js";
import { startWorkspaceServer, type WorkspaceServer } from "../../sandbox/databricks/server.js";
import { Workspace } from "../../sandbox/databricks/workspace.js";

/** One emulated workspace with a client that is not the replication's own. */
export interface TestWorkspace {
  readonly server: WorkspaceServer;
  readonly endpoint: replication.Endpoint;
  readonly keys: KeyPair;
  get(path: string): Promise<JsonObject>;
  post(path: string, body: Json): Promise<JsonObject>;
}

/** Two workspaces side by side, and the replication of one kind of the first into the second. */
export interface Pair {
  readonly primary: TestWorkspace;
  readonly secondary: TestWorkspace;
  readonly clock: Clock;
  /**
   * Previews and applies, as `up` would, in a run of its own; the state is kept from one to the next.
   *
   * @throws what stops the whole kind.
   */
  up(kind: replication.KindName, settings?: replication.ReplicationSettings): Promise<Outcome>;
  /** What a preview shows now. */
  preview(kind: replication.KindName, settings?: replication.ReplicationSettings): Promise<replication.ReplicaPicture>;
  refresh(kind: replication.KindName): Promise<replication.StoredState>;
  destroy(kind: replication.KindName): Promise<void>;
  /** Makes the standby the active side and the other way round: `up` then copies back. */
  swap(): void;
  /** Puts back what the standby of this moment holds. */
  activate(kind: replication.KindName, settings?: replication.ReplicationSettings): Promise<State>;
  /** An `up` of one kind of one stack in a role, whatever side it is by `swap`; the other one is its peer. */
  deploy(
    at: TestWorkspace,
    role: replication.Role,
    kind: replication.KindName,
    settings?: replication.ReplicationSettings,
  ): Promise<Outcome>;
  /** What a preview shows of the standby becoming active. */
  previewActivation(kind: replication.KindName): Promise<replication.ReplicaPicture>;
  /** What Pulumi's state has of a stack, by kind: to be looked at, or changed behind its back. */
  stateOf(at: TestWorkspace): Map<string, replication.ReplicaState>;
  loseState(): void;
  /** Keeps both workspaces and what Pulumi has of them; what it gives brings all of it back, as often as it is called. */
  keep(): () => void;
  close(): Promise<void>;
}

/** What Pulumi's state has, with every line of the ledger that is a file beside it. */
export type State = replication.ReplicaState & { readonly idMap: Readonly<Record<string, string>> };

export interface Outcome {
  readonly picture: replication.ReplicaPicture;
  readonly state: State;
  /** Ledger lines by name. */
  readonly lines: ReadonlyMap<string, replication.LedgerLine>;
  readonly changed: boolean;
  /** What a person saw as warnings. */
  readonly warnings: readonly string[];
}

export async function startPair({ tier = "premium" }: { tier?: "standard" | "premium" } = {}): Promise<Pair> {
  const clock = new Clock();
  const directory = await mkdtemp(join(tmpdir(), "pair-"));
  const [primary, secondary] = await Promise.all([
    startWorkspace("primary", "1000000000000001", "eastus2", tier, clock),
    startWorkspace("secondary", "2000000000000002", "westus", tier, clock),
  ]);
  const profiles = [primary, secondary].map(
    ({ endpoint, server }) =>
      `[${endpoint.stack}]\nhost = ${endpoint.host}\ntoken = ${server.workspace.options.token}\n`,
  );
  const configFile = join(directory, "databrickscfg");
  await writeFile(configFile, profiles.join("\n"));
  process.env.DATABRICKS_CONFIG_FILE = configFile;

  let standby = secondary;
  const states = new Map([primary, secondary].map((at) => [at, new Map<string, replication.ReplicaState>()]));
  /** The inputs of the last deployment, which Pulumi gives to `check`. */
  const inputs = new Map([primary, secondary].map((at) => [at, new Map<string, Inputs>()]));
  const argsFor = (
    at: TestWorkspace,
    role: replication.Role,
    kind: replication.KindName,
    settings: replication.ReplicationSettings,
  ): replication.ReplicaArgs => ({
    kind,
    role,
    local: at.endpoint,
    peer: (at === primary ? secondary : primary).endpoint,
    settings: { rateLimits: unlimited, ...settings },
    signingKey: at.keys.privateKey,
  });

  const look = (
    at: TestWorkspace,
    role: replication.Role,
    kind: replication.KindName,
    settings: replication.ReplicationSettings = {},
    progress?: replication.Progress,
    tell?: replication.TellLines,
  ): Promise<replication.ReplicaPicture> => {
    startNewRun();
    return replication.preview(argsFor(at, role, kind, settings), inputs.get(at)!.get(kind) ?? {}, progress, tell);
  };

  const deploy: Pair["deploy"] = async (at, role, kind, settings = {}) => {
    const warnings: string[] = [];
    const progress: replication.Progress = ({ severity, text }) => {
      if (severity === "warning") warnings.push(text);
    };
    let told: readonly replication.LedgerLine[] = [];
    const tell: replication.TellLines = (lines) => (told = lines.map(replication.withoutSecrets));
    const picture = await look(at, role, kind, settings, progress, tell);
    const args = argsFor(at, role, kind, settings);
    const before = states.get(at)!.get(kind);
    const changed = !before || replication.needsApply(before, args, picture);
    const applied = changed ? await replication.apply(args, picture, before, progress, tell) : before;
    const pairs = told.flatMap(({ id, copyId }) => (id !== undefined && copyId !== undefined ? [[id, copyId]] : []));
    states.get(at)!.set(kind, applied);
    const idMap = Object.fromEntries(pairs) as Record<string, string>;
    const state = { ...applied, idMap, ledger: { ...applied.ledger, lines: told } };
    inputs.get(at)!.set(kind, { ...picture, role });
    const lines = new Map(told.map((line) => [line.name, line]));
    return { picture, state, changed, lines, warnings };
  };

  return {
    primary,
    secondary,
    clock,
    deploy,
    preview: (kind, settings) => look(standby, "standby", kind, settings),
    async up(kind, settings) {
      const outcome = await deploy(standby, "standby", kind, settings);
      const whole = outcome.lines.get(kind);
      if (outcome.changed && whole?.outcome === "failed") throw new Error(whole.why);
      return outcome;
    },
    async refresh(kind) {
      startNewRun();
      return replication.refresh(states.get(standby)!.get(kind)!);
    },
    async destroy(kind) {
      startNewRun();
      await replication.removeCopies(states.get(standby)!.get(kind)!);
      states.get(standby)!.delete(kind);
      inputs.get(standby)!.delete(kind);
    },
    swap() {
      standby = standby === primary ? secondary : primary;
    },
    previewActivation: (kind) => look(standby, "active", kind),
    activate: async (kind, settings) => (await deploy(standby, "active", kind, settings)).state,
    stateOf: (at) => states.get(at)!,
    keep() {
      const workspaces = [primary, secondary].map(
        ({ server: { workspace } }) => [workspace, workspace.snapshot()] as const,
      );
      const maps: Map<string, unknown>[] = [...states.values(), ...inputs.values()];
      const known = maps.map((each) => [each, new Map(each)] as const);
      return () => {
        for (const [workspace, snapshot] of workspaces) workspace.restore(snapshot);
        for (const [now, then] of known) {
          now.clear();
          for (const [kind, value] of then) now.set(kind, value);
        }
      };
    },
    loseState() {
      for (const each of [...states.values(), ...inputs.values()]) each.clear();
    },
    async close() {
      clock.stop();
      await Promise.all([primary.server.close(), secondary.server.close()]);
      await rm(directory, { recursive: true });
    },
  };
}

/** An emulated workspace has limits only where a test asks for them: what a real one allows a second would be waited for. */
const unlimited = Object.fromEntries(replication.rateLimitFamilies.map((family) => [family, 1_000]));

/** What Pulumi keeps of the inputs of a deployment. */
type Inputs = replication.ReplicaPicture & { readonly role: replication.Role };

async function startWorkspace(
  stack: string,
  id: string,
  region: string,
  tier: "standard" | "premium",
  clock: Clock,
): Promise<TestWorkspace> {
  const token = `dapi-fake-${stack}-${randomUUID()}`;
  const workspace = new Workspace({
    id,
    name: stack,
    region,
    tier,
    clock,
    token,
    clusterStartMs: 20,
    clusterStopMs: 10,
  });
  const server = await startWorkspaceServer({ workspace });
  const call = async (method: string, path: string, body?: Json): Promise<JsonObject> => {
    const response = await fetch(`${server.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: stringifyJson(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return parseJson(text) as JsonObject;
  };
  const test = {
    server,
    get: (path: string) => call("GET", path),
    post: (path: string, body: Json) => call("POST", path, body),
  };
  const operations = await test.post("/api/2.1/clusters/create", {
    cluster_name: "operations",
    spark_version: "15.4.x-scala2.12",
    node_type_id: "Standard_DS3_v2",
    num_workers: 0,
    spark_conf: { "spark.databricks.cluster.profile": "singleNode", "spark.master": "local[*]" },
    custom_tags: { ResourceClass: "SingleNode", [replication.operationsTag]: "true" },
  });
  const keys = newKeyPair();
  const endpoint: replication.Endpoint = {
    stack,
    host: server.url,
    location: region,
    auth: { method: "auto" },
    operationsClusterId: String(operations.cluster_id),
    workspaceId: id,
    notesKey: keys.publicKey,
  };
  return { ...test, endpoint, keys };
}

/** What a state knows of what is held: name and triggers. */
export function heldIn(state: replication.StoredState): CopyRecord[] {
  return [...rememberedNotes(state).records.values()].filter(({ held }) => held);
}

/** The clusters of a workspace by name, without the operations cluster. */
export async function clustersOf({ get }: TestWorkspace): Promise<Map<string, JsonObject>> {
  const { clusters = [] } = await get("/api/2.1/clusters/list?page_size=100");
  const own = (clusters as JsonObject[]).filter(({ cluster_name }) => cluster_name !== "operations");
  return new Map(own.map((each) => [String(each.cluster_name), each]));
}
