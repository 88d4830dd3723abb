import type { Config } from "../../config/stack-config.js";
import { setProviderVersion } from "../../plugins/provider-registry.js";
import { providerReference, providerType } from "../../resource/urn.js";
import { isObject, makeSecret, type PropertyMap } from "../../resource/values.js";
import { newGoal, type Goal } from "./goal.js";
import type { RegistrationResult } from "./goal.js";

/** A package as the program asks for it. */
export interface PackageRequest {
  name: string;
  version: string;
  downloadUrl: string;
}

/** `default`, with the version's parts and where the plugin comes from, if they are given. */
export function defaultProviderName({ version, downloadUrl }: PackageRequest): string {
  const parts = version ? version.split(/[.+-]/) : [];
  return ["default", ...parts, ...(downloadUrl ? [downloadUrl.replaceAll("://", "_")] : [])].join("_");
}

/** Marks where the plugin comes from, where the engine keeps such things. */
export function setProviderDownloadUrl(inputs: PropertyMap, url: string): PropertyMap {
  const internal = isObject(inputs.__internal) ? inputs.__internal : {};
  return { ...inputs, __internal: { ...internal, pluginDownloadURL: url } };
}

/** The providers that nobody declared: one for each package and version, made when first needed. */
export class DefaultProviders {
  private readonly references = new Map<string, Promise<string>>();

  constructor(
    private readonly config: Config,
    private readonly register: (goal: Goal) => Promise<RegistrationResult>,
  ) {}

  /** The provider's reference, `<urn>::<id>`. */
  reference(request: PackageRequest): Promise<string> {
    const key = `${request.name} ${request.version} ${request.downloadUrl}`;
    let reference = this.references.get(key);
    if (!reference) {
      reference = this.make(request);
      this.references.set(key, reference);
    }
    return reference;
  }

  private async make(request: PackageRequest): Promise<string> {
    const { state } = await this.register(
      newGoal({
        type: providerType(request.name),
        name: defaultProviderName(request),
        custom: true,
        properties: this.inputs(request),
      }),
    );
    return providerReference(state.urn, state.id);
  }

  private inputs({ name, version, downloadUrl }: PackageRequest): PropertyMap {
    let inputs: PropertyMap = {};
    for (const [key, { value, secret }] of this.config) {
      // Dynamic providers get all of a stack's configuration, others what has their name in front.
      const own = name === "pulumi-nodejs" ? key : key.startsWith(`${name}:`) ? key.slice(name.length + 1) : undefined;
      if (own !== undefined) inputs[own] = secret ? makeSecret(value) : value;
    }
    if (version) inputs = setProviderVersion(inputs, version);
    if (downloadUrl) inputs = setProviderDownloadUrl(inputs, downloadUrl);
    return inputs;
  }
}
