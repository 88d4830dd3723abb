import { randomBytes } from "node:crypto";
import {
  DiffUnavailable,
  noDiff,
  requiresReplacement,
  type CheckResult,
  type DiffResult,
} from "../../plugins/provider.js";
import { ProviderRegistry } from "../../plugins/provider-registry.js";
import { ignoreChanges } from "../../resource/property-path.js";
import { newState, type ResourceState } from "../../resource/state.js";
import { isProviderType, makeUrn, parseProviderReference, type Urn } from "../../resource/urn.js";
import { equalValues, type PropertyMap } from "../../resource/values.js";
import { Aliases } from "./aliases.js";
import type { BaseState } from "./base-state.js";
import { reportCheckFailures } from "./check-failures.js";
import { applyReplaceOnChanges } from "./diffing.js";
import { Bail } from "../events.js";
import { GeneratorState } from "./generator-state.js";
import type { ReadRegistration, Registration } from "../registration/goal.js";
import { cascadingReplacements, dependentReplacements } from "./replacements.js";
import { CreateStep } from "../steps/create-step.js";
import { DeleteStep } from "../steps/delete-step.js";
import { ImportStep } from "../steps/import-step.js";
import { ReadStep } from "../steps/read-step.js";
import { ReplaceStep } from "../steps/replace-step.js";
import { SameStep } from "../steps/same-step.js";
import { emptyStepDiff, type Step, type StepDiff, type StepHost } from "../steps/step.js";
import { UpdateStep } from "../steps/update-step.js";
import { isIncluded, refuseSkippedDependencies, untargetedSames } from "./targeting.js";

interface Considered {
  registration: Registration;
  urn: Urn;
  old: ResourceState | undefined;
  state: ResourceState;
  randomSeed: Uint8Array;
}

const stepDiff = (diff: DiffResult): StepDiff => ({
  keys: diff.replaceKeys,
  diffs: diff.changedKeys,
  detailedDiff: diff.detailedDiff,
});

/** Decides what has to be done so that a resource becomes what the program wants. One resource at a time. */
export class StepGenerator {
  readonly decided: GeneratorState;
  readonly aliases: Aliases;

  constructor(
    private readonly stack: string,
    private readonly project: string,
    private readonly base: BaseState,
    private readonly host: StepHost,
    /** Carries a step out in the middle of a decision: an import must be known before what follows it is. */
    private readonly execute: (steps: Step[]) => Promise<boolean>,
    /** The earlier of two states that one resource has in this run. */
    private readonly supersede: (state: ResourceState) => void,
  ) {
    this.decided = new GeneratorState(host.options);
    this.aliases = new Aliases(stack, project, host.diagnostics);
  }

  /** The URN that a resource has or would have. */
  urnOf({ parent, type, name }: { parent: Urn; type: string; name: string }): Urn {
    return makeUrn(this.stack, this.project, parent, type, name);
  }

  private claim(parent: Urn, type: string, name: string): Urn {
    if (parent && !this.decided.urns.has(parent)) throw new Error(`could not find parent resource ${parent}`);
    const urn = this.urnOf({ parent, type, name });
    if (this.decided.urns.has(urn)) {
      const message = `Duplicate resource URN '${urn}'; try giving it a unique name`;
      this.host.diagnostics.error(urn, message);
      throw new Bail(message);
    }
    this.decided.urns.add(urn);
    return urn;
  }

  /** @throws Bail when a mistake has been reported already */
  async read({ goal, settle }: ReadRegistration): Promise<Step[]> {
    const urn = this.claim(goal.parent, goal.type, goal.name);
    const { old, alias } = this.aliases.resolve(urn, { ...goal, aliases: [] }, this.base.olds, this.decided.urns);
    if (!goal.id) throw new Error(`Expected an ID for ${urn}`);
    const state = newState({
      urn,
      type: goal.type,
      custom: true,
      external: true,
      id: goal.id,
      inputs: goal.properties,
      parent: goal.parent,
      provider: goal.provider,
      dependencies: goal.dependencies,
      additionalSecretOutputs: goal.additionalSecretOutputs,
      aliases: alias === undefined ? [] : [alias],
      sourcePosition: goal.sourcePosition,
      stackTrace: goal.stackTrace,
    });
    if (old && !old.external && old.id !== goal.id) {
      this.decided.replaces.add(urn);
      return [new ReadStep(old, state, settle, true), new ReplaceStep(old, state, emptyStepDiff)];
    }
    this.decided.reads.add(urn);
    return [new ReadStep(old, state, settle, false)];
  }

  /** @throws Bail when a mistake has been reported already */
  async register(registration: Registration): Promise<Step[]> {
    const steps = await this.decide(registration);
    refuseSkippedDependencies(steps, this.decided, this.host.options, this.host.diagnostics);
    return steps;
  }

  private async decide(registration: Registration): Promise<Step[]> {
    const { goal, settle } = registration;
    const urn = this.claim(goal.parent, goal.type, goal.name);
    const { old, alias, invalid } = this.aliases.resolve(urn, goal, this.base.olds, this.decided.urns);
    if (invalid) throw new Bail(`resource ${urn} is invalid`);
    if (alias !== undefined) this.decided.renamed.add(alias);
    const state = newState({
      urn,
      type: goal.type,
      custom: goal.custom,
      inputs: goal.properties,
      parent: goal.parent,
      provider: goal.provider,
      protect: goal.protect,
      retainOnDelete: goal.retainOnDelete,
      dependencies: goal.dependencies,
      propertyDependencies: goal.propertyDependencies,
      additionalSecretOutputs: goal.additionalSecretOutputs,
      aliases: alias === undefined ? [] : [alias],
      customTimeouts: goal.customTimeouts,
      importId: goal.importId,
      deletedWith: goal.deletedWith,
      replaceWith: goal.replaceWith,
      ignoreChanges: goal.ignoreChanges,
      replaceOnChanges: goal.replaceOnChanges,
      refreshBeforeUpdate: old?.refreshBeforeUpdate ?? false,
      created: old?.created,
      modified: old?.modified,
      sourcePosition: goal.sourcePosition,
      stackTrace: goal.stackTrace,
    });
    if (isProviderType(goal.type)) {
      this.decided.providers.set(urn, state);
      if (alias !== undefined) this.decided.providers.set(alias, state);
    }
    const considered: Considered = { registration, urn, old, state, randomSeed: randomBytes(32) };

    const included = isIncluded(state, this.decided, this.host.options);
    if (!included) {
      if (old) return untargetedSames(old, settle, this.decided, this.base);
      this.decided.sames.add(urn);
      this.decided.skippedCreates.add(urn);
      return [SameStep.skippedCreate(state, settle)];
    }
    const ownedId = old?.importId || old?.id;
    if (goal.custom && goal.importId && (!old || old.external || ownedId !== goal.importId))
      return this.takeOver(considered);
    return this.checked(considered);
  }

  /** The import is done first; then the resource is treated as one that was always there. */
  private async takeOver(considered: Considered): Promise<Step[]> {
    const { urn, old, state, registration } = considered;
    const recreating = this.decided.deletes.has(urn);
    this.decided.imports.add(urn);
    const imported = { ...state };
    const original = old && !recreating ? old : undefined;
    const steps: Step[] = [new ImportStep(imported, original, registration.goal.ignoreChanges)];
    if (original) steps.push(new ReplaceStep(original, imported, emptyStepDiff));
    if (!(await this.execute(steps))) throw new Bail(`import of ${urn} failed`);
    const next = { ...state, created: imported.created, modified: imported.modified };
    const following = await this.checked({ ...considered, old: imported, state: next });
    if (following.length === 1 && following[0] instanceof SameStep) {
      registration.settle({ state: imported, result: "success", unknown: false });
      return [];
    }
    this.supersede(imported);
    return following;
  }

  private async check(
    { urn, state }: Considered,
    olds: PropertyMap | undefined,
    news: PropertyMap,
    seed: Uint8Array,
  ): Promise<CheckResult> {
    if (!state.custom) return { inputs: news, failures: [] };
    if (isProviderType(state.type)) return this.host.registry.check(urn, olds, news);
    return (await this.host.providerOf(state)).check(urn, olds, news, seed);
  }

  private reportInvalid({ urn, state }: Considered, result: CheckResult): void {
    if (result.failures.length === 0) return;
    reportCheckFailures(this.host.diagnostics, state, result.failures);
    throw new Bail(`resource ${urn} is invalid`);
  }

  private async checked(considered: Considered): Promise<Step[]> {
    const { registration, urn, old, state, randomSeed } = considered;
    const { goal, settle } = registration;
    const { decided } = this;
    const recreating = decided.deletes.has(urn);
    const afresh = recreating || !old || old.external || decided.isReplaceTarget(urn);
    const inputs = old ? ignoreChanges(goal.properties, old.inputs, goal.ignoreChanges) : goal.properties;
    const result = await this.check(
      considered,
      afresh ? undefined : old.inputs,
      afresh ? goal.properties : inputs,
      randomSeed,
    );
    this.reportInvalid(considered, result);
    state.inputs = result.inputs;

    if (recreating && old) {
      // It was deleted for another's sake; now it is known that it is wanted again.
      decided.deletes.delete(urn);
      decided.replaces.add(urn);
      const diff: StepDiff = { ...emptyStepDiff, keys: decided.dependentReplaceKeys.get(urn) ?? [] };
      return [new ReplaceStep(old, state, emptyStepDiff), CreateStep.replacement(old, state, settle, diff, false)];
    }
    if (old?.external) {
      decided.creates.add(urn);
      return [
        CreateStep.replacement(old, state, settle, emptyStepDiff, true),
        new ReplaceStep(old, state, emptyStepDiff),
      ];
    }
    if (!old) {
      decided.creates.add(urn);
      return [CreateStep.fresh(state, settle)];
    }
    return this.compared(considered, old);
  }

  private async compared(considered: Considered, old: ResourceState): Promise<Step[]> {
    const { registration, urn, state } = considered;
    const { goal, settle } = registration;
    const hasInitErrors = old.initErrors.length > 0;
    const diff = applyReplaceOnChanges(await this.diff(considered, old), goal.replaceOnChanges, hasInitErrors);
    if ((diff.changes && requiresReplacement(diff)) || old.pendingReplacement)
      return this.replaced(considered, old, diff);
    if (diff.changes || hasInitErrors) {
      this.decided.updates.add(urn);
      return [new UpdateStep(old, state, settle, stepDiff(diff), goal.ignoreChanges)];
    }
    this.decided.sames.add(urn);
    return [new SameStep(old, state, settle)];
  }

  private async diff({ registration, urn, state }: Considered, old: ResourceState): Promise<DiffResult> {
    const { goal } = registration;
    const blame = (key: string): DiffResult => ({ ...noDiff, changes: true, replaceKeys: [key] });
    if (this.decided.isReplaceTarget(urn)) return blame("id");
    if (state.replaceWith.some((other) => this.decided.replaces.has(other))) return blame("replaceWith");
    if (state.deletedWith && this.decided.replaces.has(state.deletedWith)) return blame("deletedWith");
    if (await this.providerChanged(old, state)) return blame("provider");
    if (!state.custom) return equalValues(old.inputs, state.inputs) ? noDiff : { ...noDiff, changes: true };
    if (isProviderType(state.type)) {
      if (ProviderRegistry.sameConfig(old.inputs, state.inputs)) return noDiff;
      return this.host.registry.diff(urn, old.id, old.inputs, old.outputs, state.inputs);
    }
    const provider = await this.host.providerOf(state);
    try {
      return await provider.diff({
        urn,
        id: old.id,
        oldInputs: old.inputs,
        oldOutputs: old.outputs,
        newInputs: state.inputs,
        ignoreChanges: goal.ignoreChanges,
      });
    } catch (error) {
      if (!(error instanceof DiffUnavailable)) throw error;
      this.host.diagnostics.warning(urn, error.message);
      return { ...noDiff, changes: true };
    }
  }

  /** Another provider replaces what the old one made, unless it says that it can go on with it. */
  private async providerChanged(old: ResourceState, state: ResourceState): Promise<boolean> {
    if (old.provider === state.provider) return false;
    if (!old.provider || !state.provider) return true;
    const before = parseProviderReference(old.provider);
    const after = parseProviderReference(state.provider);
    if (this.aliases.successorOf(before.urn) === after.urn) return false;
    const oldProvider = this.base.olds.get(before.urn);
    const newProvider = this.decided.providers.get(after.urn);
    if (!oldProvider || !newProvider) return before.urn !== after.urn;
    const { inputs, outputs } = oldProvider;
    return requiresReplacement(
      await this.host.registry.diffWith(state.provider, after.urn, inputs, outputs, newProvider.inputs),
    );
  }

  private async replaced(considered: Considered, old: ResourceState, diff: DiffResult): Promise<Step[]> {
    const { registration, urn, state, randomSeed } = considered;
    const { goal, settle } = registration;
    const { decided, host } = this;
    if (state.protect && old.protect) this.refuseProtected(urn, urn, "");
    if (goal.importId) this.refuseReplacingImport(urn);
    decided.replaces.add(urn);
    if (state.custom && !decided.isReplaceTarget(urn)) {
      // The first check carried defaults over from the old resource; a new one gets its own.
      const result = await this.check(considered, undefined, goal.properties, randomSeed);
      this.reportInvalid(considered, result);
      state.inputs = result.inputs;
    }
    const shown = stepDiff(diff);
    if (!(goal.deleteBeforeReplace ?? diff.deleteBeforeReplace))
      return [CreateStep.replacement(old, state, settle, shown, true), new ReplaceStep(old, state, shown)];

    const steps: Step[] = [];
    const dependents = [
      ...(await dependentReplacements(old, this.base, decided, host)),
      ...cascadingReplacements(urn, this.base),
    ];
    for (const { state: dependent, keys } of dependents.reverse()) {
      if (decided.pendingDeletes.has(dependent)) continue;
      if (dependent.protect && !dependent.delete)
        this.refuseProtected(dependent.urn, urn, ` as part of replacing ${JSON.stringify(urn)}`);
      decided.dependentReplaceKeys.set(dependent.urn, keys);
      decided.deletes.add(dependent.urn);
      decided.pendingDeletes.add(dependent);
      steps.push(dependent.delete ? DeleteStep.of(dependent) : DeleteStep.replaced(dependent, "before"));
    }
    if (!old.pendingReplacement) {
      if (old.custom && !isProviderType(old.type)) await host.providerOf(old);
      steps.push(DeleteStep.replaced(old, "before"));
    }
    return [...steps, new ReplaceStep(old, state, shown), CreateStep.replacement(old, state, settle, shown, false)];
  }

  private refuseProtected(protectedUrn: Urn, reportOn: Urn, why: string): void {
    const command = why ? `, or use the command:\n\`pulumi state unprotect '${protectedUrn}'\`` : "";
    const message =
      `unable to replace resource ${JSON.stringify(protectedUrn)}${why || "\n"}${why ? " " : ""}as it is currently marked for protection. ` +
      "To unprotect the resource, remove the `protect` flag from the resource in your Pulumi " +
      `program and run \`pulumi up\`${command}`;
    this.host.diagnostics.error(reportOn, message);
    this.decided.errored = true;
    // A preview goes on, so that what would be replaced is seen.
    if (!this.host.options.dryRun || why) throw new Bail(message);
  }

  private refuseReplacingImport(urn: Urn): void {
    const message =
      "previously-imported resources that still specify an ID may not be replaced; " +
      "please remove the `import` declaration from your program";
    if (!this.host.options.dryRun) throw new Error(message);
    this.host.diagnostics.warning(urn, message);
  }
}
