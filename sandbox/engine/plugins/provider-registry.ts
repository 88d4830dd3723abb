import { randomUUID } from "node:crypto";
import { providerPackage, providerReference, urnType, type Urn } from "../resource/urn.js";
import type { ResourceState } from "../resource/state.js";
import { equalValues, isObject, unknownValue, type PropertyMap } from "../resource/values.js";
import type { PluginHost } from "./plugin-host.js";
import type { CheckResult, DiffResult, Provider } from "./provider.js";

/** Where the engine keeps what is its own among a provider's inputs. */
const internalKey = "__internal";

const withoutInternal = (inputs: PropertyMap): PropertyMap => {
  const { [internalKey]: _internal, ...config } = inputs;
  return config;
};

const versionOf = (inputs: PropertyMap): string | undefined =>
  typeof inputs.version === "string" && inputs.version ? inputs.version : undefined;

/** Marks a provider's inputs with the plugin's version that is wanted. */
export const setProviderVersion = (inputs: PropertyMap, version: string): PropertyMap => ({
  ...inputs,
  [internalKey]: isObject(inputs[internalKey]) ? inputs[internalKey] : {},
  version,
});

/** The running providers of a deployment, by `<urn>::<id>`. A provider resource is checked, made and changed here and nowhere else. */
export class ProviderRegistry {
  private readonly configured = new Map<string, Provider>();
  /** Loaded by a check, not configured yet. */
  private readonly unconfigured = new Map<Urn, Provider>();
  private readonly loading = new Map<string, Promise<void>>();

  constructor(private readonly host: PluginHost) {}

  get(reference: string): Provider | undefined {
    return this.configured.get(reference);
  }

  private load(urn: Urn, inputs: PropertyMap): Promise<Provider> {
    return this.host.load(providerPackage(urnType(urn)), versionOf(inputs));
  }

  async check(urn: Urn, olds: PropertyMap | undefined, news: PropertyMap): Promise<CheckResult> {
    const provider = await this.load(urn, news);
    const result = await provider.checkConfig(urn, withoutInternal(olds ?? {}), withoutInternal(news));
    if (result.failures.length > 0) {
      provider.close();
      return result;
    }
    this.unconfigured.get(urn)?.close();
    this.unconfigured.set(urn, provider);
    const inputs = { ...result.inputs };
    if (inputs.version === undefined && news.version !== undefined) inputs.version = news.version;
    if (news[internalKey] !== undefined) inputs[internalKey] = news[internalKey];
    return { inputs, failures: [] };
  }

  async diff(
    urn: Urn,
    id: string,
    oldInputs: PropertyMap,
    oldOutputs: PropertyMap,
    newInputs: PropertyMap,
  ): Promise<DiffResult> {
    const provider = this.unconfigured.get(urn) ?? this.configured.get(providerReference(urn, id));
    if (!provider) throw new Error(`provider ${urn} has not been loaded`);
    return provider.diffConfig(urn, withoutInternal(oldInputs), oldOutputs, withoutInternal(newInputs));
  }

  /** What the provider of a reference says of another configuration of itself. */
  async diffWith(
    reference: string,
    urn: Urn,
    oldInputs: PropertyMap,
    oldOutputs: PropertyMap,
    newInputs: PropertyMap,
  ): Promise<DiffResult> {
    const provider = this.configured.get(reference);
    if (!provider) throw new Error(`failed to resolve provider reference: "${reference}"`);
    return provider.diffConfig(urn, withoutInternal(oldInputs), oldOutputs, withoutInternal(newInputs));
  }

  private async take(urn: Urn, inputs: PropertyMap): Promise<Provider> {
    const provider = this.unconfigured.get(urn);
    this.unconfigured.delete(urn);
    return provider ?? (await this.load(urn, inputs));
  }

  /** A provider that did not change, with the inputs that it had. */
  async same(state: ResourceState): Promise<void> {
    const reference = providerReference(state.urn, state.id);
    if (!state.id || state.id === unknownValue) throw new Error(`provider '${state.urn}' has an unknown ID`);
    if (this.configured.has(reference)) return;
    this.configureAs(reference, state.urn, state.id, state.inputs, await this.take(state.urn, state.inputs));
  }

  async create(urn: Urn, inputs: PropertyMap, preview: boolean): Promise<{ id: string; outputs: PropertyMap }> {
    const id = preview ? unknownValue : randomUUID();
    const outputs = withoutInternal(inputs);
    this.configureAs(providerReference(urn, id), urn, id, inputs, await this.take(urn, inputs));
    return { id, outputs };
  }

  async update(urn: Urn, id: string, inputs: PropertyMap): Promise<PropertyMap> {
    const reference = providerReference(urn, id);
    this.configured.get(reference)?.close();
    this.configureAs(reference, urn, id, inputs, await this.take(urn, inputs));
    return withoutInternal(inputs);
  }

  delete(urn: Urn, id: string): void {
    const reference = providerReference(urn, id);
    this.configured.get(reference)?.close();
    this.configured.delete(reference);
  }

  private configureAs(reference: string, urn: Urn, id: string, inputs: PropertyMap, provider: Provider): void {
    provider.configure(urn, id, withoutInternal(inputs));
    this.configured.set(reference, provider);
  }

  /** Loads a provider from its recorded state, unless it runs already. */
  async ensure(reference: string, recorded: () => ResourceState | undefined): Promise<Provider> {
    const running = this.configured.get(reference);
    if (running) return running;
    let loading = this.loading.get(reference);
    if (!loading) {
      loading = this.loadRecorded(reference, recorded());
      this.loading.set(reference, loading);
    }
    await loading;
    const provider = this.configured.get(reference);
    if (!provider) throw new Error(`could not find provider ${reference}`);
    return provider;
  }

  private async loadRecorded(reference: string, state: ResourceState | undefined): Promise<void> {
    if (!state) throw new Error(`could not find provider ${reference}`);
    const provider = await this.load(state.urn, state.inputs);
    if (this.configured.has(reference)) provider.close();
    else this.configureAs(reference, state.urn, state.id, state.inputs, provider);
  }

  /** Whether a provider resource's own inputs are the same, the engine's part left out. */
  static sameConfig(left: PropertyMap, right: PropertyMap): boolean {
    return equalValues(withoutInternal(left), withoutInternal(right));
  }

  private get all(): Provider[] {
    return [...this.configured.values(), ...this.unconfigured.values()];
  }

  async cancelAll(): Promise<void> {
    await Promise.allSettled(this.all.map((provider) => provider.cancel()));
  }

  closeAll(): void {
    for (const provider of this.all) provider.close();
  }
}
