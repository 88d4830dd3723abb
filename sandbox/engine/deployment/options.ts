import type { Urn } from "../resource/urn.js";

export interface DeploymentOptions {
  dryRun: boolean;
  parallel: number;
  /** Read every resource's real state before anything else. */
  refresh: boolean;
  /** Stop after that. */
  refreshOnly: boolean;
  destroy: boolean;
  targets: string[];
  excludes: string[];
  targetDependents: boolean;
  excludeProtected: boolean;
  /** Resources to replace whether they changed or not. */
  replaceTargets: string[];
  continueOnError: boolean;
  /** Also take pending creations out of the state on refresh. */
  clearPendingCreates: boolean;
  showSecrets: boolean;
}

/** URNs as `--target` names them: whole, with `*` for anything but `:` and `**` for anything. */
export class UrnTargets {
  private readonly literals: Set<Urn>;
  private readonly globs: RegExp[];

  constructor(patterns: readonly string[]) {
    this.literals = new Set(patterns.filter((pattern) => !pattern.includes("*")));
    this.globs = patterns.filter((pattern) => pattern.includes("*")).map(globExpression);
  }

  get constrained(): boolean {
    return this.literals.size > 0 || this.globs.length > 0;
  }

  /** Patterns without `*`, which must each name a resource. */
  get literalUrns(): Urn[] {
    return [...this.literals];
  }

  add(urn: Urn): void {
    this.literals.add(urn);
  }

  /** No targets at all mean everything. */
  contains(urn: Urn): boolean {
    return !this.constrained || this.literals.has(urn) || this.globs.some((glob) => glob.test(urn));
  }
}

function globExpression(pattern: string): RegExp {
  const source = pattern
    .split(/(\*\*|\*)/)
    .map((part) => (part === "**" ? ".*" : part === "*" ? "[^:]*" : part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")))
    .join("");
  return new RegExp(`^${source}$`);
}
