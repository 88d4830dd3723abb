import type { ResourceState } from "../../resource/state.js";
import type { Urn } from "../../resource/urn.js";
import type { BaseState } from "./base-state.js";
import { Bail } from "../events.js";
import type { GeneratorState } from "./generator-state.js";
import { cascadingReplacements, dependentReplacements } from "./replacements.js";
import { DeleteStep } from "../steps/delete-step.js";
import { RemovePendingReplaceStep } from "../steps/replace-step.js";
import type { Step, StepHost } from "../steps/step.js";
import { untargetedSames } from "./targeting.js";

/** What `--target` allows to be deleted: the targets and everything that cannot live without them. Undefined means all. */
async function allowedDeletions(
  base: BaseState,
  decided: GeneratorState,
  host: StepHost,
): Promise<Set<Urn> | undefined> {
  if (!decided.targets.constrained) return undefined;
  const allowed = new Set<Urn>();
  for (const root of base.resources.filter(({ urn }) => decided.targets.contains(urn)))
    for (const state of [root, ...base.graph.dependingOn(root)]) {
      allowed.add(state.urn);
      const implied = [
        ...(await dependentReplacements(state, base, decided, host)),
        ...cascadingReplacements(state.urn, base),
      ];
      for (const { state: dependent } of implied) allowed.add(dependent.urn);
    }
  return allowed;
}

/** What `--exclude` keeps: the excluded and everything that they stand on. */
function keptResources(base: BaseState, decided: GeneratorState): Set<Urn> {
  const kept = new Set<Urn>();
  if (!decided.excludes.constrained) return kept;
  for (const state of base.resources)
    if (decided.excludes.contains(state.urn)) {
      kept.add(state.urn);
      for (const dependency of base.graph.transitiveDependenciesOf(state)) kept.add(dependency.urn);
    }
  return kept;
}

/** `--exclude-protected`: protected resources and what they stand on stay, without an error. */
function protectedResources(base: BaseState, enabled: boolean): Set<ResourceState> {
  const kept = new Set<ResourceState>();
  if (!enabled) return kept;
  for (const state of base.resources)
    if (state.protect) {
      kept.add(state);
      for (const dependency of base.graph.transitiveDependenciesOf(state)) kept.add(dependency);
    }
  return kept;
}

/**
 * After the program: deletes what waits for deletion and what the program no longer mentions; leaves as it is what is not a target.
 * @throws Bail when a deletion would take more than `--target` named
 */
export async function generateDeletions(
  base: BaseState,
  decided: GeneratorState,
  host: StepHost,
): Promise<{ sames: Step[]; deletes: Step[] }> {
  const allowed = await allowedDeletions(base, decided, host);
  const kept = keptResources(base, decided);
  const guarded = protectedResources(base, host.options.excludeProtected);
  const sames: Step[] = [];
  const deletes: Step[] = [];
  for (const state of base.resources) {
    const included = (allowed === undefined || allowed.has(state.urn)) && !kept.has(state.urn) && !guarded.has(state);
    if (!included) {
      if (!decided.isOperatedOn(state.urn)) sames.push(...untargetedSames(state, undefined, decided, base));
      continue;
    }
    if (state.delete) {
      if (decided.pendingDeletes.has(state)) continue;
      decided.deletes.add(state.urn);
      deletes.push(DeleteStep.replaced(state, "after"));
    } else if (!decided.isOperatedOn(state.urn) && !successorExists(state, decided)) {
      decided.deletes.add(state.urn);
      deletes.push(state.pendingReplacement ? new RemovePendingReplaceStep(state) : DeleteStep.of(state));
    }
  }
  refuseUntargeted(deletes, decided, host);
  return { sames, deletes };
}

/** Renamed in this run: it lives on under its new URN. */
const successorExists = (state: ResourceState, decided: GeneratorState): boolean => decided.renamed.has(state.urn);

function refuseUntargeted(deletes: readonly Step[], decided: GeneratorState, host: StepHost): void {
  const untargeted = deletes.filter(({ urn }) => !decided.targets.contains(urn));
  if (untargeted.length === 0 || host.options.targetDependents) return;
  for (const { urn } of untargeted)
    host.diagnostics.error(
      urn,
      `Resource '${urn}' will be destroyed but was not specified in --target list.\n` +
        "Either include resource in --target list or pass --target-dependents to proceed.",
    );
  decided.errored = true;
  if (!host.options.dryRun) throw new Bail("delete untargeted resource");
}

/**
 * Carries deletions out, each as soon as all that depends on it is gone.
 * What a failed deletion depends on stays.
 */
export async function scheduleDeletions(
  steps: readonly Step[],
  base: BaseState,
  execute: (step: Step) => Promise<boolean>,
): Promise<void> {
  const byState = new Map(steps.map((step) => [step.res, step]));
  const position = new Map(base.resources.map((state, index) => [state, index]));
  const running = new Map<Step, Promise<boolean>>();
  const dependentsOf = (state: ResourceState): Step[] =>
    base.graph.directDependentsOf(state).flatMap((dependent) => {
      const step = byState.get(dependent);
      return step ? [step] : [];
    });
  const run = (step: Step): Promise<boolean> => {
    let result = running.get(step);
    if (!result) {
      result = Promise.all(dependentsOf(step.res).map(run)).then((gone) =>
        gone.every(Boolean) ? execute(step) : false,
      );
      running.set(step, result);
    }
    return result;
  };
  // Latest first, so that without dependencies the order is the reverse of making.
  const order = [...steps].sort((left, right) => (position.get(right.res) ?? 0) - (position.get(left.res) ?? 0));
  await Promise.all(order.map(run));
}
