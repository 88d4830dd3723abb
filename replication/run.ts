import { countedFor } from "./client/call-count.js";
import { collect } from "./client/collect.js";
import { type Credentials, signIn } from "./client/credentials.js";
import { isNotFound } from "./client/errors.js";
import { isArray, isObject, type JsonObject, objectsOf } from "./client/json.js";
import { Limiter } from "./client/limiter.js";
import { WorkspaceClient } from "./client/workspace-client.js";
import type { Item, Side } from "./kinds/kind.js";
import type { CopyIds } from "./resolver.js";
import { isKindName, kindNamed } from "./kinds/registry.js";
import { type CopyRecord, Manifest, manifestFolder } from "./manifest.js";
import { copyIdsOf, makePlan, type Plan } from "./plan.js";
import type { Progress, ProgressNote } from "./progress.js";
import type { Endpoint, KindName, ReplicationSettings } from "./settings.js";

/** The two ends of a replication, and how it is done. A side is missing while its workspace does not exist yet. */
export interface Replication {
  readonly source?: Endpoint;
  readonly target?: Endpoint;
  readonly settings: ReplicationSettings;
}

export type SideName = "source" | "target";

/** Kinds that are not replicated, whose objects stand for each other by name where the name is the only one of its sort. */
const namedKinds: Readonly<Record<string, { path: string; items: string; id: string; name: string }>> = {
  "instance-pools": {
    path: "/api/2.0/instance-pools/list",
    items: "instance_pools",
    id: "instance_pool_id",
    name: "instance_pool_name",
  },
  "cluster-policies": { path: "/api/2.0/policies/clusters/list", items: "policies", id: "policy_id", name: "name" },
};

/**
 * What one run knows of both workspaces. Each listing is taken once and shared by check, diff and apply of every kind; what
 * an apply changes is forgotten.
 */
export class Run {
  readonly source: Side | undefined;
  readonly target: Side | undefined;
  readonly settings: ReplicationSettings;
  readonly #cache = new Map<string, Promise<unknown>>();
  readonly #idMaps = new Map<string, CopyIds>();
  readonly #progress = new Map<string, Progress>();
  readonly #began = new Map<string, number>();
  readonly #made = Date.now();

  constructor(readonly replication: Replication) {
    this.settings = replication.settings;
    this.source = replication.source && side(replication.source, replication.settings);
    this.target = replication.target && side(replication.target, replication.settings);
  }

  /** Shows what is said of a kind where that kind is shown: kinds share a run, and work side by side. */
  showOn(kind: KindName, progress: Progress): void {
    this.#progress.set(kind, progress);
    if (!this.#began.has(kind)) this.#began.set(kind, Date.now());
  }

  /** How long neither workspace was asked anything: a run that works is never idle for long, whatever its length. */
  get idleMs(): number {
    const used = [this.source, this.target].map((at) => at?.client.lastUsed ?? this.#made);
    return Date.now() - Math.max(...used);
  }

  /** Since this run first looked at that kind. */
  secondsOn(kind: KindName): number {
    return (Date.now() - (this.#began.get(kind) ?? Date.now())) / 1000;
  }

  #tell(note: ProgressNote): void {
    const progress = this.#progress.get(note.kind) ?? [...this.#progress.values()].at(-1);
    progress?.(note);
  }

  /** Every object of a kind on one side; none while the workspace does not exist. */
  items(sideName: SideName, kind: KindName): Promise<readonly Item[]> {
    const at = this[sideName];
    if (!at) return Promise.resolve([]);
    return this.once(`items ${sideName} ${kind}`, async () => {
      this.#tell({ kind, text: `listing the ${kind} of ${at.endpoint.stack}` });
      return inventory(kind, at, () => countedFor(kind, () => kindNamed(kind).list(at, this)));
    });
  }

  /** What earlier runs noted on one side about the copies there. */
  manifest(sideName: SideName, kind: KindName): Promise<Manifest> {
    const at = this[sideName];
    if (!at) return Promise.resolve(Manifest.empty(kind));
    return this.once(`manifest ${sideName} ${kind}`, async () => {
      const manifest = await inventory(kind, at, () => Manifest.read(at.client, kind));
      if (manifest.damaged)
        this.#tell({
          kind,
          text: `the notes on the copies in ${at.endpoint.stack} (${manifestFolder}/${kind}.json) cannot be read any more; they are made anew`,
          severity: "warning",
        });
      return manifest;
    });
  }

  /** Lets the state stand in for a manifest that is gone from the target. */
  async recall(kind: KindName, records: Readonly<Record<string, CopyRecord>>): Promise<void> {
    const manifest = await this.manifest("target", kind);
    if (!manifest.recall(records)) return;
    for (const key of [`items target ${kind}`, `plan ${kind}`]) this.#cache.delete(key);
  }

  plan(kind: KindName): Promise<Plan> {
    return this.once(`plan ${kind}`, () => makePlan(kindNamed(kind), this));
  }

  /** Takes the id map that an earlier kind of this deployment gave: what it lacks has no copy. */
  giveIdMap(kind: string, idMap: Readonly<Record<string, string>>): void {
    this.#idMaps.set(kind, { ids: new Map(Object.entries(idMap)), pending: new Set() });
  }

  /** The copies of a replicated kind; undefined for a kind that is not replicated. */
  async copyIds(kind: string): Promise<CopyIds | undefined> {
    const given = this.#idMaps.get(kind);
    if (given) return given;
    return isKindName(kind) ? copyIdsOf((await this.plan(kind)).copies) : undefined;
  }

  /** The ids of an unreplicated kind by name, for names that only one object has. */
  idsByName(sideName: SideName, kind: string): Promise<ReadonlyMap<string, string>> {
    const at = this[sideName];
    const listing = namedKinds[kind];
    if (!at || !listing) return Promise.resolve(new Map());
    return this.once(`names ${sideName} ${kind}`, async () => {
      const ids = new Map<string, string | undefined>();
      const objects =
        kind === "cluster-policies"
          ? await collect(at.client.list(listing.path, listing.items))
          : objectsOf((await at.client.get(listing.path))[listing.items]);
      for (const each of objects) {
        const name = String(each[listing.name]);
        ids.set(name, ids.has(name) ? undefined : String(each[listing.id]));
      }
      return new Map([...ids].filter((entry): entry is [string, string] => entry[1] !== undefined));
    });
  }

  /** Whether a user (by name) or service principal (by application id) is in the target; true when it cannot be asked. */
  principalExists(name: string): Promise<boolean> {
    const at = this.target;
    if (!at) return Promise.resolve(true);
    return this.once(`principal ${name}`, async () => {
      const [path, attribute] = name.includes("@") ? ["Users", "userName"] : ["ServicePrincipals", "applicationId"];
      try {
        const answer = await at.client.get(`/api/2.0/preview/scim/v2/${path}`, {
          filter: `${attribute} eq "${name.replaceAll('"', '\\"')}"`,
          count: 1,
          startIndex: 1,
        });
        return objectsOf(answer.Resources).length > 0;
      } catch (error) {
        if (isNotFound(error)) return false;
        throw error;
      }
    });
  }

  /** The keys of one of the target's secret scopes; undefined when there is no such scope. */
  secretKeys(scope: string): Promise<ReadonlySet<string> | undefined> {
    const at = this.target;
    if (!at) return Promise.resolve(undefined);
    return this.once(`secrets ${scope}`, async () => {
      try {
        const { secrets } = await at.client.get("/api/2.0/secrets/list", { scope });
        return new Set(objectsOf(secrets).map(({ key }) => String(key)));
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    });
  }

  /** The node types that the target's region offers. */
  nodeTypes(): Promise<ReadonlySet<string>> {
    const at = this.target;
    if (!at) return Promise.resolve(new Set());
    return this.once("node types", async () => {
      const { node_types } = await at.client.get("/api/2.1/clusters/list-node-types");
      return new Set(
        objectsOf(node_types)
          .filter(isOffered)
          .map((each) => String(each.node_type_id)),
      );
    });
  }

  /** Shares one look-up among all that ask within a run; a failed one is asked again. */
  once<T>(key: string, look: () => Promise<T>): Promise<T> {
    const known = this.#cache.get(key);
    if (known) return known as Promise<T>;
    const looking = look();
    this.#cache.set(key, looking);
    looking.catch(() => this.#cache.delete(key));
    return looking;
  }

  /** The target's objects of that kind have changed. */
  forget(kind: KindName): void {
    for (const key of [`items target ${kind}`, `manifest target ${kind}`, `plan ${kind}`]) this.#cache.delete(key);
  }
}

/** A workspace, named, whose inventory could not be taken. */
class NotListed extends Error {}

/** Says of a failed look-up which workspace it is that does not answer; once, where one inventory needs another. */
async function inventory<T>(kind: KindName, { endpoint }: Side, look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (cause) {
    if (cause instanceof NotListed) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new NotListed(`${kind}: cannot be listed on ${endpoint.stack} (${endpoint.host}): ${why}`, { cause });
  }
}

/** A type that the region or the subscription lacks is listed all the same, with a status that says so. */
function isOffered({ node_info }: JsonObject): boolean {
  const status = isObject(node_info) && isArray(node_info.status) ? node_info.status : [];
  return !status.some((each) => each === "NotAvailableInRegion" || each === "NotEnabledOnSubscription");
}

const limiters = new Map<string, Limiter>();

function side(endpoint: Endpoint, settings: ReplicationSettings): Side {
  let limiter = limiters.get(endpoint.host);
  if (!limiter) limiters.set(endpoint.host, (limiter = new Limiter(settings)));
  const credentials = (): Promise<Credentials> =>
    signIn({
      host: endpoint.host,
      method: endpoint.auth.method,
      ...(endpoint.auth.profile ? { profile: endpoint.auth.profile } : {}),
      ...(endpoint.resourceId ? { resourceId: endpoint.resourceId } : {}),
    });
  return { endpoint, client: new WorkspaceClient(endpoint.host, credentials, limiter) };
}
