import grpc from "@grpc/grpc-js";
import anyMessages from "google-protobuf/google/protobuf/any_pb.js";
import emptyMessages from "google-protobuf/google/protobuf/empty_pb.js";
import structMessages from "google-protobuf/google/protobuf/struct_pb.js";
import pluginMessages from "@pulumi/pulumi/proto/plugin_pb.js";
import services from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import statusMessages from "@pulumi/pulumi/proto/status_pb.js";
import { engineEnvironment } from "./engine-environment.js";
import { InitializationFailure, type Provider, type ResourceType } from "./provider.js";
import {
  differences,
  equal,
  holdsSecret,
  plainProperties,
  secret,
  unknownValue,
  type Difference,
  type Properties,
} from "./property-values.js";

type Struct = structMessages.Struct;
type Call<Request> = grpc.ServerUnaryCall<Request, unknown>;
type Handler<Request> = (request: Request, call: Call<Request>) => Promise<unknown>;

export interface ProviderServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves a provider over the engine's protocol on 127.0.0.1. An engine attaches to it by PULUMI_DEBUG_PROVIDERS, and all
 * provider instances of a program share it, each over a connection of its own; that tells their configurations apart.
 */
export async function startProviderServer<Session>(provider: Provider<Session>, port = 0): Promise<ProviderServer> {
  const server = new grpc.Server({
    "grpc.max_receive_message_length": 400 * 2 ** 20,
    "grpc.max_send_message_length": 400 * 2 ** 20,
  });
  const handlers = new ProviderHandlers(provider).all();
  const implementation: grpc.UntypedServiceImplementation = {};
  for (const method of Object.keys(services.ResourceProviderService)) {
    const handler = handlers[method];
    implementation[method] = (handler ? unary(handler) : refused(provider.name, method)) as grpc.UntypedHandleCall;
  }
  server.addService(services.ResourceProviderService, implementation);
  const bound = await new Promise<number>((resolve, reject) =>
    server.bindAsync(`127.0.0.1:${port}`, grpc.ServerCredentials.createInsecure(), (error, actual) =>
      error ? reject(error) : resolve(actual),
    ),
  );
  return {
    port: bound,
    close: () =>
      new Promise((resolve) => {
        server.forceShutdown();
        resolve();
      }),
  };
}

function refused(provider: string, method: string): grpc.handleUnaryCall<never, unknown> {
  return (_call, callback) =>
    callback({ code: grpc.status.UNIMPLEMENTED, details: `${provider} of the sandbox has no ${method}` });
}

function unary(handler: Handler<never>): grpc.handleUnaryCall<never, unknown> {
  return (call, callback) => {
    handler(call.request, call).then(
      (response) => callback(null, response),
      (error: unknown) => callback(toStatus(error), null),
    );
  };
}

function toStatus(error: unknown): Partial<grpc.StatusObject> {
  if (error instanceof InitializationFailure) {
    const detail = new messages.ErrorResourceInitFailed();
    detail.setId(error.id);
    detail.setProperties(toStruct(error.outputs));
    detail.setReasonsList([error.reason]);
    const any = new anyMessages.Any();
    any.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
    const status = new statusMessages.Status();
    status.setCode(grpc.status.UNKNOWN);
    status.setMessage(error.reason);
    status.addDetails(any);
    const metadata = new grpc.Metadata();
    metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
    return { code: grpc.status.UNKNOWN, details: error.reason, metadata };
  }
  return { code: grpc.status.UNKNOWN, details: error instanceof Error ? error.message : String(error) };
}

function toStruct(value: Properties): Struct {
  return structMessages.Struct.fromJavaScript(value as never);
}

function fromStruct(value: Struct | undefined): Properties {
  return (value?.toJavaScript() ?? {}) as Properties;
}

function typeOf(urn: string): string {
  return urn.split("::")[2]?.split("$").at(-1) ?? urn;
}

function nameOf(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

const kinds = {
  add: [messages.PropertyDiff.Kind.ADD, messages.PropertyDiff.Kind.ADD_REPLACE],
  delete: [messages.PropertyDiff.Kind.DELETE, messages.PropertyDiff.Kind.DELETE_REPLACE],
  update: [messages.PropertyDiff.Kind.UPDATE, messages.PropertyDiff.Kind.UPDATE_REPLACE],
} as const;

class ProviderHandlers<Session> {
  readonly #sessions = new Map<string, Session>();

  constructor(private readonly provider: Provider<Session>) {}

  all(): Readonly<Record<string, Handler<never>>> {
    return {
      handshake: async () => {
        const response = new messages.ProviderHandshakeResponse();
        response.setAcceptSecrets(true);
        response.setAcceptResources(true);
        return response;
      },
      attach: async () => new emptyMessages.Empty(),
      cancel: async () => new emptyMessages.Empty(),
      getPluginInfo: async () => {
        const info = new pluginMessages.PluginInfo();
        info.setVersion(this.provider.version);
        return info;
      },
      checkConfig: async (request: messages.CheckRequest) => {
        const response = new messages.CheckResponse();
        response.setInputs(request.getNews());
        return response;
      },
      diffConfig: async (request: messages.DiffRequest) => this.#diffConfig(request),
      configure: (request: messages.ConfigureRequest, call: Call<never>) => this.#configure(request, call),
      check: (request: messages.CheckRequest, call: Call<never>) => this.#check(request, call),
      diff: async (request: messages.DiffRequest) => this.#diff(request),
      create: (request: messages.CreateRequest, call: Call<never>) => this.#create(request, call),
      read: (request: messages.ReadRequest, call: Call<never>) => this.#read(request, call),
      update: (request: messages.UpdateRequest, call: Call<never>) => this.#update(request, call),
      delete: (request: messages.DeleteRequest, call: Call<never>) => this.#delete(request, call),
      invoke: (request: messages.InvokeRequest, call: Call<never>) => this.#invoke(request, call),
    } as Readonly<Record<string, Handler<never>>>;
  }

  #type(urn: string): ResourceType<Session> {
    const token = typeOf(urn);
    const type = this.provider.types[token];
    if (!type) throw new Error(`${this.provider.name} of the sandbox does not emulate the resource type '${token}'`);
    return type;
  }

  #session(call: { getPeer(): string }): Session {
    const session = this.#sessions.get(call.getPeer());
    if (session === undefined) throw new Error(`${this.provider.name}: the provider has not been configured`);
    return session;
  }

  #diffConfig(request: messages.DiffRequest): messages.DiffResponse {
    const response = new messages.DiffResponse();
    const [old, now] = [
      plainProperties(fromStruct(request.getOldInputs())),
      plainProperties(fromStruct(request.getNews())),
    ];
    const changed = [...new Set([...Object.keys(old), ...Object.keys(now)])].filter(
      (key) => key !== "version" && !key.startsWith("__") && !equal(old[key], now[key]),
    );
    response.setDiffsList(changed);
    response.setChanges(
      changed.length > 0 ? messages.DiffResponse.DiffChanges.DIFF_SOME : messages.DiffResponse.DiffChanges.DIFF_NONE,
    );
    return response;
  }

  async #configure(request: messages.ConfigureRequest, call: Call<never>): Promise<messages.ConfigureResponse> {
    const environment = (await engineEnvironment(call.getPeer())) ?? process.env;
    const session = await this.provider.configure(plainProperties(fromStruct(request.getArgs())), environment);
    this.#sessions.set(call.getPeer(), session);
    const response = new messages.ConfigureResponse();
    response.setAcceptsecrets(true);
    response.setSupportspreview(true);
    response.setAcceptresources(true);
    return response;
  }

  async #check(request: messages.CheckRequest, call: Call<never>): Promise<messages.CheckResponse> {
    const type = this.#type(request.getUrn());
    const given = fromStruct(request.getNews());
    const { inputs, failures } = await type.check(
      {
        name: nameOf(request.getUrn()),
        news: plainProperties(given),
        olds: plainProperties(fromStruct(request.getOlds())),
        randomSeed: request.getRandomseed_asU8(),
      },
      this.#sessions.get(call.getPeer()),
    );
    const response = new messages.CheckResponse();
    response.setInputs(toStruct(withSecrets(inputs, given, [])));
    response.setFailuresList(
      failures.map(({ property, reason }) => {
        const failure = new messages.CheckFailure();
        failure.setProperty(property);
        failure.setReason(reason);
        return failure;
      }),
    );
    return response;
  }

  #diff(request: messages.DiffRequest): messages.DiffResponse {
    const type = this.#type(request.getUrn());
    const ignored = request.getIgnorechangesList();
    const found = differences(
      publicProperties(fromStruct(request.getOldInputs())),
      publicProperties(fromStruct(request.getNews())),
      (path, old, now) => ignored.includes(path) || (type.same?.(path, old, now) ?? false),
    );
    const replaces = found.filter(({ path }) => type.replaceOn.some((prefix) => isAtOrBelow(path, prefix)));
    const response = new messages.DiffResponse();
    response.setChanges(
      found.length > 0 ? messages.DiffResponse.DiffChanges.DIFF_SOME : messages.DiffResponse.DiffChanges.DIFF_NONE,
    );
    response.setDiffsList(topLevel(found));
    response.setReplacesList(topLevel(replaces));
    response.setDeletebeforereplace(replaces.length > 0);
    response.setHasdetaileddiff(true);
    for (const difference of found) {
      const detail = new messages.PropertyDiff();
      detail.setKind(kinds[difference.kind][replaces.includes(difference) ? 1 : 0]);
      detail.setInputdiff(true);
      response.getDetaileddiffMap().set(difference.path, detail);
    }
    return response;
  }

  async #create(request: messages.CreateRequest, call: Call<never>): Promise<messages.CreateResponse> {
    const type = this.#type(request.getUrn());
    const given = fromStruct(request.getProperties());
    const inputs = plainProperties(given);
    const secrets = type.secretOutputs ?? [];
    const response = new messages.CreateResponse();
    if (request.getPreview()) {
      response.setProperties(toStruct(withSecrets({ ...unknowns(type.outputs), ...inputs }, given, secrets)));
      return response;
    }
    try {
      const { id, outputs } = await type.create(inputs, this.#session(call));
      response.setId(id);
      response.setProperties(toStruct(withSecrets(outputs, given, secrets)));
      return response;
    } catch (error) {
      if (error instanceof InitializationFailure)
        throw new InitializationFailure(error.id, withSecrets(error.outputs, given, secrets), error.reason);
      throw error;
    }
  }

  async #read(request: messages.ReadRequest, call: Call<never>): Promise<messages.ReadResponse> {
    const type = this.#type(request.getUrn());
    const oldOutputs = fromStruct(request.getProperties());
    const oldInputs = request.hasInputs() ? fromStruct(request.getInputs()) : undefined;
    const isImport = oldInputs === undefined || Object.keys(oldInputs).length === 0;
    const found = await type.read(request.getId(), this.#session(call), {
      inputs: isImport ? undefined : plainProperties(oldInputs),
      outputs: plainProperties(oldOutputs),
    });
    const response = new messages.ReadResponse();
    // An answer without an id says that the resource is gone.
    if (!found) return response;
    const wasSecret = { ...oldOutputs, ...oldInputs };
    response.setId(request.getId());
    response.setProperties(toStruct(withSecrets(found.outputs, wasSecret, type.secretOutputs ?? [])));
    response.setInputs(toStruct(withSecrets(found.inputs, wasSecret, [])));
    return response;
  }

  async #update(request: messages.UpdateRequest, call: Call<never>): Promise<messages.UpdateResponse> {
    const type = this.#type(request.getUrn());
    const given = fromStruct(request.getNews());
    const inputs = plainProperties(given);
    const olds = plainProperties(fromStruct(request.getOlds()));
    const response = new messages.UpdateResponse();
    const outputs = request.getPreview()
      ? { ...unknowns(type.outputs), ...inputs, ...pick(olds, type.stableOutputs) }
      : await type.update(request.getId(), inputs, this.#session(call), olds);
    response.setProperties(toStruct(withSecrets(outputs, given, type.secretOutputs ?? [])));
    return response;
  }

  async #delete(request: messages.DeleteRequest, call: Call<never>): Promise<emptyMessages.Empty> {
    const type = this.#type(request.getUrn());
    await type.delete(request.getId(), this.#session(call), plainProperties(fromStruct(request.getProperties())));
    return new emptyMessages.Empty();
  }

  async #invoke(request: messages.InvokeRequest, call: Call<never>): Promise<messages.InvokeResponse> {
    const invoked = this.provider.functions[request.getTok()];
    if (!invoked)
      throw new Error(`${this.provider.name} of the sandbox does not emulate the function '${request.getTok()}'`);
    const response = new messages.InvokeResponse();
    response.setReturn(toStruct(await invoked(plainProperties(fromStruct(request.getArgs())), this.#session(call))));
    return response;
  }
}

/** `values` with each top-level one made secret that was secret in `given` or is named in `always`. */
function withSecrets(values: Properties, given: Properties, always: readonly string[]): Properties {
  return Object.fromEntries(
    Object.entries(values)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, always.includes(key) || holdsSecret(given[key]) ? secret(value) : value]),
  );
}

function publicProperties(given: Properties): Properties {
  return Object.fromEntries(Object.entries(plainProperties(given)).filter(([key]) => !key.startsWith("__")));
}

function unknowns(names: readonly string[]): Properties {
  return Object.fromEntries(names.map((name) => [name, unknownValue]));
}

function pick(values: Properties, names: readonly string[]): Properties {
  return Object.fromEntries(names.filter((name) => name in values).map((name) => [name, values[name]]));
}

function isAtOrBelow(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}.`) || path.startsWith(`${prefix}[`);
}

function topLevel(found: readonly Difference[]): string[] {
  return [...new Set(found.map(({ path }) => /^[^.[]+/.exec(path)?.[0] ?? path))];
}
