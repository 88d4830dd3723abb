import { randomUUID } from "node:crypto";
import type { Clock } from "../clock.js";
import type { JsonObject } from "../http/json.js";
import { resourceGroupNotFound, resourceNotFound } from "./arm-error.js";
import { parseResourceId, type ResourceId } from "./resource-id.js";

/** A resource as ARM keeps it; `properties.provisioningState` says how far it is. */
export interface ArmResource {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  location?: string;
  tags?: JsonObject;
  sku?: JsonObject;
  kind?: string;
  identity?: JsonObject;
  managedBy?: string;
  etag?: string;
  properties: JsonObject;
}

/** A management lock on a scope. https://learn.microsoft.com/azure/azure-resource-manager/management/lock-resources */
export interface Lock {
  readonly id: string;
  readonly name: string;
  readonly scope: string;
  readonly level: "CanNotDelete" | "ReadOnly";
  readonly notes?: string;
}

export interface SubscriptionSnapshot {
  readonly resources: ReadonlyMap<string, ArmResource>;
  readonly locks: ReadonlyMap<string, Lock>;
}

/** All that one Azure subscription holds. Ids are compared without regard to case, as ARM does. */
export class Subscription {
  readonly #resources = new Map<string, ArmResource>();
  readonly #locks = new Map<string, Lock>();
  readonly id = "00000000-0000-4000-8000-0000005a9db0";
  readonly tenantId = "00000000-0000-4000-8000-0000007e9a97";

  constructor(readonly clock: Clock) {}

  get path(): string {
    return `/subscriptions/${this.id}`;
  }

  /** The id of a resource: `names` and the type's parts are interleaved. */
  idOf(resourceGroup: string, type: string, ...names: string[]): string {
    const [namespace, ...types] = type.split("/");
    const tail = names.flatMap((name, index) => [types[index], name]).join("/");
    return `${this.path}/resourceGroups/${resourceGroup}/providers/${namespace}/${tail}`;
  }

  find(id: string): ArmResource | undefined {
    return this.#resources.get(id.toLowerCase());
  }

  /** @throws 404 as ARM words it: the group first, then the resource. */
  get(id: string): ArmResource {
    const resource = this.find(id);
    if (resource) return resource;
    const parsed = parseResourceId(id) as ResourceId;
    this.requireGroup(parsed.resourceGroup);
    throw resourceNotFound(parsed);
  }

  requireGroup(name: string): ArmResource {
    const group = this.find(`${this.path}/resourceGroups/${name}`);
    if (!group) throw resourceGroupNotFound(name);
    return group;
  }

  put(resource: ArmResource): ArmResource {
    resource.etag = `W/"${randomUUID()}"`;
    this.#resources.set(resource.id.toLowerCase(), resource);
    return resource;
  }

  /** Removes the resource and everything below it. */
  remove(id: string): void {
    const key = id.toLowerCase();
    for (const other of this.#resources.keys())
      if (other === key || other.startsWith(`${key}/`)) this.#resources.delete(other);
    for (const [lockId, lock] of this.#locks) if (isWithin(lock.scope, id)) this.#locks.delete(lockId);
  }

  /** Resources of that type, below `scope` where one is given. */
  list(type: string, scope: string = this.path): ArmResource[] {
    return [...this.#resources.values()].filter(
      (resource) => resource.type.toLowerCase() === type.toLowerCase() && isWithin(resource.id, scope),
    );
  }

  /** Every resource below `scope`, not `scope` itself. */
  below(scope: string): ArmResource[] {
    const prefix = `${scope.toLowerCase()}/`;
    return [...this.#resources.values()].filter((resource) => resource.id.toLowerCase().startsWith(prefix));
  }

  get locks(): Map<string, Lock> {
    return this.#locks;
  }

  snapshot(): SubscriptionSnapshot {
    return structuredClone({ resources: this.#resources, locks: this.#locks });
  }

  restore(snapshot: SubscriptionSnapshot): void {
    const { resources, locks } = structuredClone(snapshot);
    this.#resources.clear();
    for (const [key, resource] of resources) this.#resources.set(key, resource);
    this.#locks.clear();
    for (const [key, lock] of locks) this.#locks.set(key, lock);
  }
}

/** Whether `id` is `scope` or lies below it. */
export function isWithin(id: string, scope: string): boolean {
  const [inner, outer] = [id.toLowerCase(), scope.toLowerCase()];
  return inner === outer || inner.startsWith(`${outer}/`);
}
