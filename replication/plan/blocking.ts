import type { Run } from "../inventory/run.js";
import type { Kind } from "../kinds/kind.js";
import { type Reference, referencesOf } from "../kinds/references.js";
import { mapAll } from "../values/for-all.js";
import { whyMissing } from "./missing-copies.js";
import { copyIdsOf, type PlannedCopy, type Plans } from "./planned.js";
import { mappingNotAvailable, Resolver } from "./resolver.js";

/** Translates references by what is copied already and what this plan, or the plan of the kind referred to, will make. */
export function resolverFor(kind: Kind, run: Run, plans: Plans, copies: readonly PlannedCopy[]): Resolver {
  const own = copyIdsOf(copies);
  return new Resolver(kind, run, async (name) => (name === kind.name ? own : plans.copyIds(name)));
}

/** What refers to an object of another kind that has no counterpart cannot be copied. */
export async function blockUnmapped(kind: Kind, run: Run, plans: Plans, copies: readonly PlannedCopy[]): Promise<void> {
  const resolver = resolverFor(kind, run, plans, copies);
  for (const copy of copies) {
    if (copy.action === "skip" || copy.action === "blocked" || !copy.prepared) continue;
    const references = referencesOf(kind, copy.prepared.definition).filter((each) => each.kind !== kind.name);
    const resolved = await Promise.all(references.map((each) => resolver.resolve(each)));
    const missing = references.filter((_, index) => resolved[index] === undefined);
    block(copy, missing);
    copy.waits = missing.some((each) => run.isStale(each.kind));
  }
}

/** A job whose job cannot be made cannot be made either: blocking goes on until nothing more follows from it. */
export function blockDependents(kind: Kind, run: Run, copies: readonly PlannedCopy[]): void {
  if (!kind.references?.some((each) => each.kind === kind.name)) return;
  const mappings = run.settings.idMappings?.[kind.name] ?? {};
  for (let blocked = true; blocked;) {
    const available = new Set(copies.filter(isOrWillBe).map(({ source }) => source.id));
    const missingOf = ({ prepared }: PlannedCopy): Reference[] =>
      referencesOf(kind, prepared!.definition).filter(
        (each) => each.kind === kind.name && mappings[each.id] === undefined && !available.has(each.id),
      );
    const open = copies.filter(({ action, prepared }) => prepared && (action === "create" || action === "none"));
    blocked = open.map((copy) => block(copy, missingOf(copy))).some(Boolean);
  }
}

function block(copy: PlannedCopy, missing: readonly Reference[]): boolean {
  if (missing.length === 0) return false;
  copy.action = "blocked";
  copy.missing = missing;
  copy.why.unshift(mappingNotAvailable(missing));
  return true;
}

/** Says which objects those are that have no copy, and why, once it is known of all. */
export async function explainMissing(
  kind: Kind,
  run: Run,
  plans: Plans,
  copies: readonly PlannedCopy[],
): Promise<void> {
  const blocked = copies.filter(({ missing }) => missing !== undefined);
  const whys = await mapAll(blocked, ({ missing }) => whyMissing(missing!, run, plans, { kind: kind.name, copies }));
  for (const [index, { why }] of blocked.entries()) why[0] = whys[index]!;
}

function isOrWillBe({ action, actual }: PlannedCopy): boolean {
  return action === "create" || actual !== undefined;
}
