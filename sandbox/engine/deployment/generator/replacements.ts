import { requiresReplacement } from "../../plugins/provider.js";
import type { ResourceState } from "../../resource/state.js";
import { isProviderType, parseProviderReference, type Urn } from "../../resource/urn.js";
import { unknownValue, type PropertyMap } from "../../resource/values.js";
import type { BaseState } from "./base-state.js";
import { applyReplaceOnChanges } from "./diffing.js";
import type { GeneratorState } from "./generator-state.js";
import type { StepHost } from "../steps/step.js";

export interface DependentReplacement {
  state: ResourceState;
  keys: string[];
}

/**
 * The resources that must go before `root` can be deleted: those whose provider would replace them, were what they take from it unknown.
 * In the order of the state, so dependents stand after what they depend on.
 */
export async function dependentReplacements(
  root: ResourceState,
  base: BaseState,
  decided: GeneratorState,
  host: StepHost,
): Promise<DependentReplacement[]> {
  const replaced = new Set<Urn>([root.urn]);
  const found: DependentReplacement[] = [];
  // What has had its turn in this run no longer depends on the root: otherwise it would have waited for it.
  for (const state of base.graph.dependingOn(root, decided.operatedOn, false)) {
    const keys = await replaceKeys(state, replaced, host);
    if (!keys) continue;
    replaced.add(state.urn);
    found.push({ state, keys });
  }
  return found;
}

/** Undefined when the resource can stay. */
async function replaceKeys(
  state: ResourceState,
  replaced: ReadonlySet<Urn>,
  host: StepHost,
): Promise<string[] | undefined> {
  if (!state.custom || state.external) return undefined;
  if (state.provider && replaced.has(parseProviderReference(state.provider).urn)) return [];
  if (state.deletedWith && replaced.has(state.deletedWith)) return [];
  let affected = false;
  const inputs: PropertyMap = {};
  for (const [key, value] of Object.entries(state.inputs)) {
    const depends = (state.propertyDependencies[key] ?? []).some((urn) => replaced.has(urn));
    affected ||= depends;
    inputs[key] = depends ? unknownValue : value;
  }
  if (!affected) return undefined;
  // A provider that the program has not come to yet is the one that the state has: it is there to say what it makes of this.
  if (isProviderType(state.type)) await host.registry.same(state);
  const diff = isProviderType(state.type)
    ? await host.registry.diff(state.urn, state.id, state.inputs, state.outputs, inputs)
    : await (
        await host.providerOf(state)
      ).diff({
        urn: state.urn,
        id: state.id,
        oldInputs: state.inputs,
        oldOutputs: state.outputs,
        newInputs: inputs,
        ignoreChanges: state.ignoreChanges,
      });
  const result = applyReplaceOnChanges(diff, state.replaceOnChanges, false);
  return requiresReplacement(result) ? result.replaceKeys : undefined;
}

/** Resources that asked to be replaced, or are deleted, with another. */
export function cascadingReplacements(urn: Urn, base: BaseState): DependentReplacement[] {
  const found: DependentReplacement[] = [];
  const seen = new Set<Urn>([urn]);
  const visit = (cause: Urn): void => {
    for (const state of base.resources) {
      if (seen.has(state.urn) || state.delete) continue;
      const reason = state.replaceWith.includes(cause)
        ? "replaceWith"
        : state.deletedWith === cause
          ? "deletedWith"
          : "";
      if (!reason) continue;
      seen.add(state.urn);
      found.push({ state, keys: [reason] });
      visit(state.urn);
    }
  };
  visit(urn);
  return found;
}
