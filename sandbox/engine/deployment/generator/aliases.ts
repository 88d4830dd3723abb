import type { ResourceState } from "../../resource/state.js";
import { isRootStack, makeUrn, qualifiedType, urnName, urnType, type Urn } from "../../resource/urn.js";
import type { Diagnostics } from "../events.js";
import type { Alias } from "../registration/goal.js";

export interface AliasedResource {
  type: string;
  name: string;
  parent: Urn;
  aliases: readonly Alias[];
}

export interface OldResource {
  old: ResourceState | undefined;
  /** The URN that the resource had, when it is another than the one it has. */
  alias: Urn | undefined;
  /** Two resources claim one predecessor; the mistake has been reported. */
  invalid: boolean;
}

/** Finds what a resource was called in the last state. */
export class Aliases {
  /** New URNs by old. */
  private readonly claimed = new Map<Urn, Urn>();
  /** Old URNs by new. */
  private readonly previous = new Map<Urn, Urn>();

  constructor(
    private readonly stack: string,
    private readonly project: string,
    private readonly diagnostics: Diagnostics,
  ) {}

  /** The new URN of a resource of the last state, if it has got one. */
  successorOf(old: Urn): Urn | undefined {
    return this.claimed.get(old);
  }

  private collapse(resource: AliasedResource, alias: Alias): Urn {
    if ("urn" in alias) return alias.urn;
    // A parent that was renamed in this run is under its old name in the old URN.
    const parent = alias.parent ? (this.previous.get(alias.parent) ?? alias.parent) : resource.parent;
    const none = alias.noParent || (parent !== "" && isRootStack(parent));
    return makeUrn(
      alias.stack || this.stack,
      alias.project || this.project,
      none ? "" : parent,
      alias.type || resource.type,
      alias.name || resource.name,
    );
  }

  /** A child is often named `<parent>-<role>`: the old name then begins with the parent's old one. */
  private inherited(type: string, name: string, parent: Urn, parentAlias: Urn): Urn {
    const parentName = urnName(parent);
    const oldName = name.startsWith(parentName) ? urnName(parentAlias) + name.slice(parentName.length) : name;
    return `urn:pulumi:${this.stack}::${this.project}::${isRootStack(parentAlias) ? "" : `${qualifiedType(parentAlias)}$`}${type}::${oldName}`;
  }

  private candidates(resource: AliasedResource): Set<Urn> {
    const own = resource.aliases.map((alias) => this.collapse(resource, alias));
    const urns = new Set(own);
    const parentAlias = this.previous.get(resource.parent);
    if (parentAlias !== undefined) {
      urns.add(this.inherited(resource.type, resource.name, resource.parent, parentAlias));
      for (const alias of own) urns.add(this.inherited(urnType(alias), urnName(alias), resource.parent, parentAlias));
    }
    return urns;
  }

  /** The resource's own URN goes first: an alias must not take what another resource still is. */
  resolve(
    urn: Urn,
    resource: AliasedResource,
    olds: ReadonlyMap<Urn, ResourceState>,
    seen: ReadonlySet<Urn>,
  ): OldResource {
    let invalid = false;
    const claimant = this.claimed.get(urn);
    if (claimant !== undefined) {
      invalid = true;
      this.diagnostics.error(
        urn,
        `Duplicate resource URN '${urn}' conflicting with alias on resource with URN '${claimant}'`,
      );
    }
    for (const candidate of [urn, ...this.candidates(resource)]) {
      const old = olds.get(candidate);
      if (!old) continue;
      if (candidate === urn) return { old, alias: undefined, invalid };
      const other = seen.has(candidate) ? urn : this.claimed.get(candidate);
      if (other !== undefined) {
        invalid = true;
        this.diagnostics.error(
          urn,
          `Duplicate resource alias '${candidate}' applied to resource with URN '${urn}' conflicting with resource with URN '${other}'`,
        );
      }
      this.claimed.set(candidate, urn);
      this.previous.set(urn, candidate);
      return { old, alias: candidate, invalid };
    }
    return { old: undefined, alias: undefined, invalid };
  }
}
