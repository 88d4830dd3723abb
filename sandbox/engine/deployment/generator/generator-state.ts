import type { ResourceState } from "../../resource/state.js";
import type { Urn } from "../../resource/urn.js";
import { UrnTargets, type DeploymentOptions } from "../options.js";

/** What has been decided so far, by URN. */
export class GeneratorState {
  /** Registered or read in this run. */
  readonly urns = new Set<Urn>();
  readonly reads = new Set<Urn>();
  readonly creates = new Set<Urn>();
  readonly sames = new Set<Urn>();
  readonly updates = new Set<Urn>();
  readonly deletes = new Set<Urn>();
  readonly replaces = new Set<Urn>();
  readonly imports = new Set<Urn>();
  /** Not made, because not a target. */
  readonly skippedCreates = new Set<Urn>();
  /** Deleted ahead of a replacement; the same URN may have other states that wait for deletion. */
  readonly pendingDeletes = new Set<ResourceState>();
  /** Why a resource that was deleted for another's sake will be replaced. */
  readonly dependentReplaceKeys = new Map<Urn, string[]>();
  /** Provider resources of this run. */
  readonly providers = new Map<Urn, ResourceState>();
  /** Old URNs of resources that this run knows under another. */
  readonly renamed = new Set<Urn>();
  readonly targets: UrnTargets;
  readonly excludes: UrnTargets;
  readonly replaceTargets: UrnTargets;
  /** A mistake was reported, and the deployment went on to find others. */
  errored = false;

  constructor(options: DeploymentOptions) {
    this.targets = new UrnTargets(options.targets);
    this.excludes = new UrnTargets(options.excludes);
    this.replaceTargets = new UrnTargets(options.replaceTargets);
  }

  /** Every resource that has had its turn. */
  get operatedOn(): Set<Urn> {
    return new Set([
      ...this.reads,
      ...this.creates,
      ...this.sames,
      ...this.updates,
      ...this.deletes,
      ...this.replaces,
      ...this.imports,
    ]);
  }

  isOperatedOn(urn: Urn): boolean {
    return [this.reads, this.creates, this.sames, this.updates, this.deletes, this.replaces, this.imports].some(
      (urns) => urns.has(urn),
    );
  }

  isReplaceTarget(urn: Urn): boolean {
    return this.replaceTargets.constrained && this.replaceTargets.contains(urn);
  }
}
