import * as grpc from "@grpc/grpc-js";
import emptyMessages from "google-protobuf/google/protobuf/empty_pb.js";
import pluginMessages from "@pulumi/pulumi/proto/plugin_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import services from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import { elideAssets, restoreAssets } from "../resource/assets.js";
import { providerPackage, urnName, urnType, type Urn } from "../resource/urn.js";
import {
  annotateSecrets,
  containsSecrets,
  containsUnknowns,
  isResourceReference,
  isSecret,
  makeSecret,
  mapEntries,
  mapProperties,
  revealSecrets,
  secretElement,
  unknownValue,
  type PropertyMap,
} from "../resource/values.js";
import { call, channelOptions, errorMessage, fromStruct, isUnimplemented, toStruct } from "../rpc/messages.js";
import { diffResult, failuresOf } from "./provider-responses.js";
import { initErrorFrom } from "./init-error.js";
import {
  DiffUnavailable,
  noDiff,
  type CheckResult,
  type DiffRequest,
  type DiffResult,
  type InvokeResult,
  type Provider,
  type ReadResult,
} from "./provider.js";

const service = services.ResourceProviderService;

interface Protocol {
  acceptsSecrets: boolean;
  acceptsResources: boolean;
  supportsPreview: boolean;
}

export interface Endpoint {
  /** `host:port` of the provider's server. */
  address: string;
  /** The provider was running before us and has to be told where the engine is. */
  attached: boolean;
  close(): void;
}

/** What a diff comes to when the provider does not say: whether anything differs in text. */
export type TextualDiff = (oldInputs: PropertyMap, newInputs: PropertyMap, ignored: readonly string[]) => DiffResult;

/** A provider behind Pulumi's gRPC protocol. */
export class GrpcProvider implements Provider {
  private protocol: Protocol | undefined;
  /** Whether the configuration is known; set by `configure`. */
  private configured: Promise<boolean> | undefined;

  private constructor(
    private readonly client: grpc.Client,
    private readonly endpoint: Endpoint,
    private readonly textualDiff: TextualDiff,
  ) {}

  static async connect(endpoint: Endpoint, engineAddress: string, textualDiff: TextualDiff): Promise<GrpcProvider> {
    const client = new grpc.Client(endpoint.address, grpc.credentials.createInsecure(), channelOptions);
    const provider = new GrpcProvider(client, endpoint, textualDiff);
    await provider.shakeHands(engineAddress);
    if (endpoint.attached) await provider.attach(engineAddress);
    return provider;
  }

  private async shakeHands(engineAddress: string): Promise<void> {
    const request = new messages.ProviderHandshakeRequest()
      .setEngineAddress(engineAddress)
      .setConfigureWithUrn(true)
      .setInvokeWithPreview(true);
    try {
      const response = await call(this.client, service.handshake, request);
      this.protocol = {
        acceptsSecrets: response.getAcceptSecrets(),
        acceptsResources: response.getAcceptResources(),
        // A provider that knows the handshake knows previews.
        supportsPreview: true,
      };
    } catch (error) {
      if (!isUnimplemented(error))
        throw new Error(`failed to handshake with '${this.endpoint.address}': ${errorMessage(error)}`, {
          cause: error,
        });
    }
  }

  private async attach(engineAddress: string): Promise<void> {
    try {
      await call(this.client, service.attach, new pluginMessages.PluginAttach().setAddress(engineAddress));
    } catch (error) {
      if (!isUnimplemented(error)) throw error;
    }
  }

  async checkConfig(urn: Urn, olds: PropertyMap, news: PropertyMap): Promise<CheckResult> {
    const request = new messages.CheckRequest()
      .setUrn(urn)
      .setName(urnName(urn))
      .setType(urnType(urn))
      .setOlds(toStruct(this.plain(olds)))
      .setNews(toStruct(this.plain(news)));
    try {
      const response = await call(this.client, service.checkConfig, request);
      const inputs = annotateSecrets(fromStruct(response.getInputs()), news);
      return { inputs, failures: failuresOf(response.getFailuresList()) };
    } catch (error) {
      if (isLogicallyUnimplemented(error)) return { inputs: news, failures: [] };
      throw error;
    }
  }

  async diffConfig(
    urn: Urn,
    oldInputs: PropertyMap,
    oldOutputs: PropertyMap,
    newInputs: PropertyMap,
  ): Promise<DiffResult> {
    const request = new messages.DiffRequest()
      .setUrn(urn)
      .setName(urnName(urn))
      .setType(urnType(urn))
      .setOldInputs(toStruct(this.plain(oldInputs)))
      .setOlds(toStruct(this.plain(oldOutputs)))
      .setNews(toStruct(this.plain(newInputs)));
    try {
      const { known, ...diff } = diffResult(await call(this.client, service.diffConfig, request));
      return known ? diff : { ...diff, changes: this.textualDiff(oldOutputs, newInputs, []).changes };
    } catch (error) {
      if (!isLogicallyUnimplemented(error)) throw error;
      // Without an answer nothing is replaced: any change of a provider's configuration would replace all that it made.
      return { ...noDiff, changes: this.textualDiff(oldOutputs, newInputs, []).changes };
    }
  }

  configure(urn: Urn, id: string, inputs: PropertyMap): void {
    const { version: _version, ...settings } = inputs;
    if (containsUnknowns(settings)) {
      this.protocol ??= { acceptsSecrets: false, acceptsResources: false, supportsPreview: false };
      this.configured = Promise.resolve(false);
      return;
    }
    this.configured = this.sendConfiguration(urn, id, inputs);
    // Every call awaits it and reports its failure; without a call there is nothing to report it on.
    this.configured.catch(() => undefined);
  }

  private async sendConfiguration(urn: Urn, id: string, inputs: PropertyMap): Promise<boolean> {
    const request = new messages.ConfigureRequest()
      .setArgs(toStruct(inputs))
      .setAcceptsecrets(true)
      .setAcceptresources(true)
      .setSendsOldInputs(true)
      .setSendsOldInputsToDelete(true)
      .setId(id)
      .setUrn(urn)
      .setName(urnName(urn))
      .setType(urnType(urn));
    const prefix = `${providerPackage(urnType(urn))}:config:`;
    for (const [key, value] of Object.entries(inputs)) {
      if (key === "version") continue;
      const clear = revealSecrets(value);
      request.getVariablesMap().set(prefix + key, typeof clear === "string" ? clear : JSON.stringify(clear));
    }
    const response = await call(this.client, service.configure, request);
    this.protocol ??= {
      acceptsSecrets: response.getAcceptsecrets(),
      acceptsResources: response.getAcceptresources(),
      supportsPreview: response.getSupportspreview(),
    };
    return true;
  }

  /** Waits for the configuration; false when it is not known. */
  private async ready(): Promise<{ known: boolean; protocol: Protocol }> {
    const known = await (this.configured ?? Promise.resolve(true));
    return {
      known,
      protocol: this.protocol ?? { acceptsSecrets: false, acceptsResources: false, supportsPreview: false },
    };
  }

  /** Secrets and resource references in a form that a provider without support for them reads. */
  private readonly plain = (properties: PropertyMap): PropertyMap => this.fitted(properties, false, false);

  private fitted(properties: PropertyMap, secrets: boolean, resources: boolean): PropertyMap {
    return mapProperties(properties, (value) => {
      if (!secrets && isSecret(value)) return secretElement(value);
      if (!resources && isResourceReference(value))
        return value.id === undefined ? (value.urn ?? null) : value.id === "" ? unknownValue : value.id;
      return value;
    });
  }

  private struct(properties: PropertyMap, { acceptsSecrets, acceptsResources }: Protocol): Struct {
    return toStruct(this.fitted(properties, acceptsSecrets, acceptsResources));
  }

  /** What a provider has had before, without the contents of assets. */
  private elided(properties: PropertyMap, protocol: Protocol): Struct {
    return this.struct(elideAssets(properties), protocol);
  }

  private opened(message: Struct | undefined, inputs: PropertyMap, { acceptsSecrets }: Protocol): PropertyMap {
    const properties = fromStruct(message);
    return acceptsSecrets ? properties : annotateSecrets(properties, inputs);
  }

  async check(
    urn: Urn,
    olds: PropertyMap | undefined,
    news: PropertyMap,
    randomSeed: Uint8Array,
  ): Promise<CheckResult> {
    const { known, protocol } = await this.ready();
    if (!known) return { inputs: news, failures: [] };
    const request = new messages.CheckRequest()
      .setUrn(urn)
      .setName(urnName(urn))
      .setType(urnType(urn))
      .setOlds(this.struct(olds ?? {}, protocol))
      .setNews(this.struct(news, protocol))
      .setRandomseed(randomSeed);
    const response = await call(this.client, service.check, request);
    return {
      inputs: this.opened(response.getInputs(), news, protocol),
      failures: failuresOf(response.getFailuresList()),
    };
  }

  async diff(details: DiffRequest): Promise<DiffResult> {
    const { urn, id, oldInputs, oldOutputs, newInputs, ignoreChanges } = details;
    const { known, protocol } = await this.ready();
    if (!known)
      throw new DiffUnavailable(
        "The provider for this resource has inputs that are not known during preview.\n" +
          "This preview may not correctly represent the changes that will be applied during an update.",
      );
    const request = new messages.DiffRequest()
      .setUrn(urn)
      .setId(id)
      .setName(urnName(urn))
      .setType(urnType(urn))
      .setOldInputs(this.elided(oldInputs, protocol))
      .setOlds(this.elided(oldOutputs, protocol))
      .setNews(this.elided(newInputs, protocol))
      .setIgnorechangesList([...ignoreChanges]);
    const { known: answered, ...diff } = diffResult(await call(this.client, service.diff, request));
    if (answered) return diff;
    return {
      ...this.textualDiff(oldInputs, newInputs, ignoreChanges),
      replaceKeys: diff.replaceKeys,
      deleteBeforeReplace: diff.deleteBeforeReplace,
    };
  }

  async create(
    urn: Urn,
    inputs: PropertyMap,
    timeout: number,
    preview: boolean,
  ): Promise<{ id: string; outputs: PropertyMap }> {
    const { known, protocol } = await this.ready();
    if (preview && !known) return { id: "", outputs: {} };
    if (preview && !protocol.supportsPreview) return { id: "", outputs: inputs };
    const request = new messages.CreateRequest()
      .setUrn(urn)
      .setName(urnName(urn))
      .setType(urnType(urn))
      .setProperties(this.struct(inputs, protocol))
      .setTimeout(timeout)
      .setPreview(preview);
    try {
      const response = await call(this.client, service.create, request);
      const id = response.getId();
      if (id === "" && !preview) throw new Error(`plugin returned empty resource.ID from create '${urn}'`);
      return { id, outputs: this.opened(response.getProperties(), inputs, protocol) };
    } catch (error) {
      throw initErrorFrom(error, (message) => this.opened(message, inputs, protocol)) ?? error;
    }
  }

  async update(details: DiffRequest & { timeout: number; preview: boolean }): Promise<PropertyMap> {
    const { urn, id, oldInputs, oldOutputs, newInputs, ignoreChanges, timeout, preview } = details;
    const { known, protocol } = await this.ready();
    if (preview && !known) return {};
    if (preview && !protocol.supportsPreview) return newInputs;
    const request = new messages.UpdateRequest()
      .setUrn(urn)
      .setId(id)
      .setName(urnName(urn))
      .setType(urnType(urn))
      .setOlds(this.elided(oldOutputs, protocol))
      .setNews(this.struct(newInputs, protocol))
      .setOldInputs(this.elided(oldInputs, protocol))
      .setIgnorechangesList([...ignoreChanges])
      .setTimeout(timeout)
      .setPreview(preview);
    try {
      const response = await call(this.client, service.update, request);
      return this.opened(response.getProperties(), newInputs, protocol);
    } catch (error) {
      throw initErrorFrom(error, (message) => this.opened(message, newInputs, protocol)) ?? error;
    }
  }

  async read(
    urn: Urn,
    id: string,
    inputs: PropertyMap | undefined,
    state: PropertyMap,
    timeout: number,
  ): Promise<ReadResult> {
    const { known, protocol } = await this.ready();
    if (!known) return { id, inputs: {}, outputs: {} };
    const request = new messages.ReadRequest()
      .setUrn(urn)
      .setId(id)
      .setName(urnName(urn))
      .setType(urnType(urn))
      .setProperties(this.elided(state, protocol))
      .setTimeout(timeout);
    if (inputs) request.setInputs(this.elided(inputs, protocol));
    const reread = (message: Struct | undefined, before: PropertyMap): PropertyMap =>
      restoreAssets(this.opened(message, before, protocol), inputs ?? {});
    try {
      const response = await call(this.client, service.read, request);
      return {
        id: response.getId(),
        inputs: response.hasInputs() ? reread(response.getInputs(), inputs ?? {}) : undefined,
        outputs: response.hasProperties() ? reread(response.getProperties(), state) : undefined,
      };
    } catch (error) {
      throw initErrorFrom(error, (message) => this.opened(message, { ...inputs, ...state }, protocol)) ?? error;
    }
  }

  async delete(urn: Urn, id: string, inputs: PropertyMap, outputs: PropertyMap, timeout: number): Promise<void> {
    const { protocol } = await this.ready();
    const request = new messages.DeleteRequest()
      .setUrn(urn)
      .setId(id)
      .setName(urnName(urn))
      .setType(urnType(urn))
      .setProperties(this.elided(outputs, protocol))
      .setOldInputs(this.elided(inputs, protocol))
      .setTimeout(timeout);
    await call(this.client, service.delete, request);
  }

  async invoke(token: string, args: PropertyMap, preview: boolean): Promise<InvokeResult> {
    const { known, protocol } = await this.ready();
    if (!known) return { properties: {}, failures: [] };
    const request = new messages.InvokeRequest().setTok(token).setArgs(this.struct(args, protocol)).setPreview(preview);
    const response = await call(this.client, service.invoke, request);
    const properties = fromStruct(response.getReturn());
    const secret = !protocol.acceptsSecrets && containsSecrets(args);
    return {
      properties: secret ? mapEntries(properties, makeSecret) : properties,
      failures: failuresOf(response.getFailuresList()),
    };
  }

  async cancel(): Promise<void> {
    try {
      await call(this.client, service.cancel, new emptyMessages.Empty());
    } catch (error) {
      // A provider need not know how to cancel; one that is gone needs no cancelling.
      if (!isUnimplemented(error) && !isUnavailable(error)) throw error;
    }
  }

  close(): void {
    this.client.close();
    this.endpoint.close();
  }
}

const isUnavailable = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === grpc.status.UNAVAILABLE;

/** Dynamic providers written before CheckConfig and DiffConfig answer with an error of their own. */
const isLogicallyUnimplemented = (error: unknown): boolean =>
  isUnimplemented(error) || /not yet implemented/i.test(errorMessage(error));
