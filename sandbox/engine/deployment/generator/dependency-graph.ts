import { dependencyUrns, type ResourceState } from "../../resource/state.js";
import { parseProviderReference, providerReference, type Urn } from "../../resource/urn.js";

/** Who depends on whom, over a list in which every resource stands after what it depends on. */
export class DependencyGraph {
  private readonly position: Map<ResourceState, number>;
  private readonly byUrn = new Map<Urn, ResourceState[]>();
  private dependents: Map<ResourceState, ResourceState[]> | undefined;

  constructor(readonly resources: readonly ResourceState[]) {
    this.position = new Map(resources.map((state, index) => [state, index]));
    for (const state of resources) {
      const same = this.byUrn.get(state.urn);
      if (same) same.push(state);
      else this.byUrn.set(state.urn, [state]);
    }
  }

  contains(state: ResourceState): boolean {
    return this.position.has(state);
  }

  /** What a resource depends on directly, its provider and parent included; of those with one URN, all that stand before it. */
  dependenciesOf(state: ResourceState): ResourceState[] {
    const before = this.position.get(state) ?? Infinity;
    const found = new Set<ResourceState>();
    for (const urn of dependencyUrns(state))
      for (const candidate of this.byUrn.get(urn) ?? [])
        if ((this.position.get(candidate) ?? Infinity) < before) found.add(candidate);
    if (state.provider) {
      const { urn } = parseProviderReference(state.provider);
      for (const candidate of this.byUrn.get(urn) ?? [])
        if (providerReference(candidate.urn, candidate.id) === state.provider) found.add(candidate);
    }
    found.delete(state);
    return [...found];
  }

  /** What depends on a resource directly. */
  directDependentsOf(state: ResourceState): ResourceState[] {
    if (!this.dependents) {
      this.dependents = new Map();
      for (const dependent of this.resources)
        for (const dependency of this.dependenciesOf(dependent)) {
          const list = this.dependents.get(dependency);
          if (list) list.push(dependent);
          else this.dependents.set(dependency, [dependent]);
        }
    }
    return this.dependents.get(state) ?? [];
  }

  /** Everything that depends on a resource, directly or not, in the list's order; `ignore` is not followed. */
  dependingOn(state: ResourceState, ignore: ReadonlySet<Urn> = new Set(), includeChildren = true): ResourceState[] {
    const found = new Set<ResourceState>();
    const frontier = [state];
    for (let next = frontier.pop(); next; next = frontier.pop())
      for (const dependent of this.directDependentsOf(next)) {
        if (found.has(dependent) || ignore.has(dependent.urn) || dependent === state) continue;
        if (!includeChildren && dependsOnlyAsChild(dependent, next)) continue;
        found.add(dependent);
        frontier.push(dependent);
      }
    return this.resources.filter((resource) => found.has(resource));
  }

  transitiveDependenciesOf(state: ResourceState): Set<ResourceState> {
    const found = new Set<ResourceState>();
    const frontier = [state];
    for (let next = frontier.pop(); next; next = frontier.pop())
      for (const dependency of this.dependenciesOf(next)) {
        if (found.has(dependency)) continue;
        found.add(dependency);
        frontier.push(dependency);
      }
    return found;
  }
}

function dependsOnlyAsChild(dependent: ResourceState, on: ResourceState): boolean {
  if (dependent.parent !== on.urn) return false;
  const others = [
    ...dependent.dependencies,
    ...Object.values(dependent.propertyDependencies).flat(),
    dependent.deletedWith,
    ...dependent.replaceWith,
  ];
  return !others.includes(on.urn) && dependent.provider !== providerReference(on.urn, on.id);
}
