import { dependencyUrns, type ResourceState } from "../../resource/state.js";
import {
  isRootStack,
  isProviderType,
  parseProviderReference,
  providerReference,
  type Urn,
} from "../../resource/urn.js";
import type { BaseState } from "./base-state.js";
import { Bail, type Diagnostics } from "../events.js";
import type { GeneratorState } from "./generator-state.js";
import type { Settle } from "../registration/goal.js";
import type { DeploymentOptions } from "../options.js";
import { SameStep } from "../steps/same-step.js";
import type { Step } from "../steps/step.js";

/** What `--target` and `--exclude` mean for one resource. Providers and the stack itself are always in. */
export function isIncluded(state: ResourceState, decided: GeneratorState, options: DeploymentOptions): boolean {
  if (isProviderType(state.type) || isRootStack(state.urn)) return true;
  if (decided.targets.constrained) {
    if (decided.targets.contains(state.urn)) return true;
    return options.targetDependents && dependsOnTarget(state, decided);
  }
  return !decided.excludes.constrained || !decided.excludes.contains(state.urn);
}

function dependsOnTarget(state: ResourceState, decided: GeneratorState): boolean {
  const urns = [...dependencyUrns(state), ...(state.provider ? [parseProviderReference(state.provider).urn] : [])];
  if (!urns.some((urn) => decided.targets.contains(urn))) return false;
  // Its own dependents come after it, and find it among the targets.
  decided.targets.add(state.urn);
  return true;
}

/** @throws Bail when a target without `*` names no resource */
export function checkTargets(decided: GeneratorState, base: BaseState, diagnostics: Diagnostics): void {
  let missing = false;
  for (const targets of [decided.targets, decided.excludes, decided.replaceTargets])
    for (const urn of targets.literalUrns) {
      if (base.olds.has(urn) || decided.urns.has(urn)) continue;
      missing = true;
      diagnostics.error(
        "",
        `Target '${urn}' could not be found in the stack.${urn.includes("$") ? "" : " Did you forget to escape $ in your shell?"}`,
      );
    }
  if (missing) throw new Bail("one or more targets could not be found in the stack");
}

/** A resource that is not a target stays as it is, and so does what it depends on: both must be in the new state, in order. */
export function untargetedSames(
  old: ResourceState,
  settle: Settle | undefined,
  decided: GeneratorState,
  base: BaseState,
): Step[] {
  const steps: Step[] = [];
  const visit = (state: ResourceState, answer: Settle | undefined): void => {
    if (state.delete) return;
    decided.urns.add(state.urn);
    decided.sames.add(state.urn);
    for (const urn of neededUrns(state, base)) {
      if (decided.isOperatedOn(urn)) continue;
      const dependency = base.olds.get(urn);
      if (!dependency) throw new Bail(`dependency ${urn} of untargeted resource ${state.urn} has no old state`);
      visit(dependency, undefined);
    }
    steps.push(new SameStep(state, { ...state, id: "" }, answer, "untargeted"));
  };
  visit(old, settle);
  return steps;
}

function neededUrns(state: ResourceState, base: BaseState): Urn[] {
  const urns = dependencyUrns(state);
  if (!state.provider) return urns;
  const { urn } = parseProviderReference(state.provider);
  const provider = base.olds.get(urn);
  const recorded = provider && providerReference(provider.urn, provider.id) === state.provider;
  return recorded ? [urn, ...urns] : urns;
}

/**
 * Steps that need a resource which `--target` left out are a mistake: nothing could be right about them.
 * @throws Bail in an update; a preview goes on to name all of them
 */
export function refuseSkippedDependencies(
  steps: readonly Step[],
  decided: GeneratorState,
  options: DeploymentOptions,
  diagnostics: Diagnostics,
): void {
  if (!decided.targets.constrained && !decided.replaceTargets.constrained) return;
  for (const step of steps) {
    if (!step.next || (step instanceof SameStep && step.reason === "skipped-create")) continue;
    for (const urn of dependencyUrns(step.next)) {
      if (!decided.skippedCreates.has(urn)) continue;
      decided.errored = true;
      diagnostics.error(
        step.urn,
        `Resource '${step.urn}' depends on '${urn}' which was was not specified in --target list.`,
      );
      if (!options.dryRun) throw new Bail("untargeted create");
      decided.skippedCreates.delete(urn);
    }
  }
}
