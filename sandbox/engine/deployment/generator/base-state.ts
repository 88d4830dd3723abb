import type { PendingOperation, ResourceState } from "../../resource/state.js";
import type { Urn } from "../../resource/urn.js";
import { DependencyGraph } from "./dependency-graph.js";

/** The state that a deployment starts from; a refresh replaces its resources before anything else happens. */
export class BaseState {
  private current: ResourceState[];
  private byUrn = new Map<Urn, ResourceState>();
  private dependencyGraph: DependencyGraph;

  constructor(
    resources: readonly ResourceState[],
    readonly pendingOperations: readonly PendingOperation[],
  ) {
    this.current = [...resources];
    this.dependencyGraph = new DependencyGraph(this.current);
    this.index();
  }

  private index(): void {
    this.byUrn = new Map(this.current.filter((state) => !state.delete).map((state) => [state.urn, state]));
    this.dependencyGraph = new DependencyGraph(this.current);
  }

  get resources(): readonly ResourceState[] {
    return this.current;
  }

  /** Resources that do not wait for deletion. */
  get olds(): ReadonlyMap<Urn, ResourceState> {
    return this.byUrn;
  }

  get graph(): DependencyGraph {
    return this.dependencyGraph;
  }

  /** Takes what a refresh found: new states for old, undefined for what is gone. What named the gone forgets them. */
  rebuild(refreshed: ReadonlyMap<ResourceState, ResourceState | undefined>): void {
    const resources: ResourceState[] = [];
    const present = new Set<Urn>();
    for (const state of this.current) {
      const found = refreshed.has(state) ? refreshed.get(state) : state;
      if (!found) continue;
      const there = (urns: Urn[]): Urn[] => urns.filter((urn) => present.has(urn));
      found.dependencies = there(found.dependencies);
      found.propertyDependencies = Object.fromEntries(
        Object.entries(found.propertyDependencies).map(([key, urns]) => [key, there(urns)]),
      );
      found.replaceWith = there(found.replaceWith);
      if (!present.has(found.deletedWith)) found.deletedWith = "";
      resources.push(found);
      present.add(found.urn);
    }
    for (const state of resources)
      if (state.parent && !present.has(state.parent)) state.parent = this.nearestParent(state.parent, present);
    this.current = resources;
    this.index();
  }

  private nearestParent(urn: Urn, present: ReadonlySet<Urn>): Urn {
    for (let parent: Urn | undefined = urn; parent; parent = this.byUrn.get(parent)?.parent)
      if (present.has(parent)) return parent;
    return "";
  }
}
