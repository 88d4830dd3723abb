import {
  emptySnapshot,
  manifest,
  secretsProvider,
  serializeResource,
  type SecretSealer,
} from "../backend/deployment-file.js";
import type { OperationType, PendingOperation, ResourceState } from "../resource/state.js";
import {
  isRootStack,
  makeUrn,
  parseProviderReference,
  providerReference,
  urnName,
  urnType,
  type Urn,
} from "../resource/urn.js";
import type { BaseState } from "./generator/base-state.js";
import { SameStep } from "./steps/same-step.js";
import type { Step } from "./steps/step.js";

const pendingTypes: Partial<Record<Step["op"], OperationType>> = {
  create: "creating",
  "create-replacement": "creating",
  update: "updating",
  delete: "deleting",
  "delete-replaced": "deleting",
  discard: "deleting",
  "discard-replaced": "deleting",
  read: "reading",
  "read-replacement": "reading",
  import: "importing",
  "import-replacement": "importing",
};

export interface SnapshotSink {
  /** The deployment as JSON. */
  write(deployment: string): Promise<void>;
}

/**
 * Keeps the state on disk in step with what has happened: before an operation it says what is under way,
 * after it what came of it. New states stand in the order in which they were done, in front of the old ones that nothing has been done about.
 */
export class SnapshotWriter {
  private readonly done = new Set<ResourceState>();
  private readonly resources: ResourceState[] = [];
  private readonly operations = new Set<PendingOperation>();
  private readonly underWay = new Map<ResourceState, PendingOperation>();
  private readonly serialized = new Map<ResourceState, string>();
  private renamed = new Map<Urn, Urn>();
  private writing: Promise<void> | undefined;
  private next: Promise<void> | undefined;
  private clearCreates = false;

  constructor(
    private readonly base: BaseState,
    private readonly salt: string | undefined,
    private readonly seal: SecretSealer,
    private readonly sink: SnapshotSink,
    private readonly metadata: Record<string, unknown> = emptySnapshot().metadata,
  ) {}

  /** Forgets creations that an earlier run did not see end. */
  clearPendingCreates(): void {
    this.clearCreates = true;
  }

  /** Before a step: what it is about to do is on disk when this returns. */
  async begin(step: Step): Promise<void> {
    const type = pendingTypes[step.op];
    if (!type) return;
    const resource = type === "deleting" ? step.old : step.next;
    if (!resource) return;
    const operation = { resource, type };
    this.operations.add(operation);
    this.underWay.set(resource, operation);
    await this.save();
  }

  /** After a step. A partial failure counts as a success: the resource is there. */
  async end(step: Step, successful: boolean): Promise<void> {
    for (const state of [step.old, step.next]) {
      if (!state) continue;
      this.serialized.delete(state);
      const operation = this.underWay.get(state);
      if (operation) this.operations.delete(operation);
      this.underWay.delete(state);
    }
    if (successful && !this.record(step)) return;
    if (successful || pendingTypes[step.op]) await this.save();
  }

  /** Notes what a step made of the resources; false when nothing is to be written for it. */
  private record(step: Step): boolean {
    switch (step.op) {
      case "same":
        if (step.old) this.done.add(step.old);
        if (step instanceof SameStep && step.reason === "skipped-create") return false;
        if (step.next) this.resources.push(step.next);
        // Most resources are the same in most runs: what would be written is there already.
        return !(step.old && step.next && this.serialize(step.old) === this.serialize(step.next));
      case "create":
      case "create-replacement":
        if (step.next) this.resources.push(step.next);
        if (step.old?.pendingReplacement) this.done.add(step.old);
        return true;
      case "update":
      case "read":
        if (step.old) this.done.add(step.old);
        if (step.next) this.resources.push(step.next);
        return true;
      case "read-replacement":
      case "import":
      case "import-replacement":
        if (step.next) this.resources.push(step.next);
        return true;
      case "delete":
      case "delete-replaced":
      case "discard":
      case "discard-replaced":
        if (step.old && !step.old.pendingReplacement) this.done.add(step.old);
        return true;
      case "remove-pending-replace":
        if (step.old) this.done.add(step.old);
        return true;
      case "replace":
      case "refresh":
        return false;
    }
  }

  /** A state was taken over and changed again: the earlier one is history. */
  supersede(state: ResourceState): void {
    this.done.add(state);
  }

  /** A refresh has changed the state that the run starts from. */
  async rebased(): Promise<void> {
    this.serialized.clear();
    await this.save();
  }

  /** A component's or the stack's outputs came in. */
  async outputsChanged(state: ResourceState): Promise<void> {
    this.serialized.delete(state);
    await this.save();
  }

  /** Writes whatever there is; returns when it is on disk. */
  save(): Promise<void> {
    // Many steps end while one write is under way: they share the one after it, so that n steps do not write n whole states.
    this.next ??= (this.writing ?? Promise.resolve()).then(() => {
      this.next = undefined;
      this.writing = this.sink.write(this.render()).finally(() => {
        this.writing = undefined;
      });
      return this.writing;
    });
    return this.next;
  }

  private get pending(): PendingOperation[] {
    // Creations that an earlier run did not see end stay until a person has looked after them.
    const earlier = this.clearCreates ? [] : this.base.pendingOperations.filter(({ type }) => type === "creating");
    return [...this.operations, ...earlier];
  }

  private render(): string {
    const states = [...this.resources, ...this.base.resources].filter((state) => !this.done.has(state));
    this.follow(states);
    const resources = states.map((state) => this.serialize(state)).join(",");
    const operations = this.pending
      .map(({ resource, type }) => `{"resource":${this.plain(resource)},"type":${JSON.stringify(type)}}`)
      .join(",");
    return (
      `{"manifest":${JSON.stringify(manifest())}` +
      (this.salt ? `,"secrets_providers":${JSON.stringify(secretsProvider(this.salt))}` : "") +
      (resources ? `,"resources":[${resources}]` : "") +
      (operations ? `,"pending_operations":[${operations}]` : "") +
      `,"metadata":${JSON.stringify(this.metadata)}}`
    );
  }

  /** Learns which resources were renamed: references of old states must follow, or the state would not hold together. */
  private follow(states: readonly ResourceState[]): void {
    const renamed = new Map<Urn, Urn>();
    for (const state of states) {
      for (const alias of state.aliases) renamed.set(alias, state.urn);
      const parent = renamed.get(state.parent);
      if (parent !== undefined && !isRootStack(parent)) {
        const [, , stack = ""] = state.urn.split(":");
        const project = state.urn.split("::")[1] ?? "";
        renamed.set(state.urn, makeUrn(stack, project, parent, urnType(state.urn), urnName(state.urn)));
      }
    }
    if (renamed.size !== this.renamed.size) this.serialized.clear();
    this.renamed = renamed;
  }

  private serialize(state: ResourceState): string {
    let text = this.serialized.get(state);
    if (text === undefined) {
      text = this.plain(state);
      this.serialized.set(state, text);
    }
    return text;
  }

  private plain(state: ResourceState): string {
    return JSON.stringify(serializeResource(this.settled(state), this.seal));
  }

  private settled(state: ResourceState): ResourceState {
    if (this.renamed.size === 0) return state;
    const follow = (urn: Urn): Urn => this.renamed.get(urn) ?? urn;
    const provider = state.provider && parseProviderReference(state.provider);
    return {
      ...state,
      urn: follow(state.urn),
      aliases: [],
      parent: follow(state.parent),
      dependencies: state.dependencies.map(follow),
      propertyDependencies: Object.fromEntries(
        Object.entries(state.propertyDependencies).map(([key, urns]) => [key, urns.map(follow)]),
      ),
      deletedWith: follow(state.deletedWith),
      replaceWith: state.replaceWith.map(follow),
      provider: provider ? providerReference(follow(provider.urn), provider.id) : state.provider,
    };
  }
}
