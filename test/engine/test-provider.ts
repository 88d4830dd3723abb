import * as grpc from "@grpc/grpc-js";
import anyMessages from "google-protobuf/google/protobuf/any_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import struct from "google-protobuf/google/protobuf/struct_pb.js";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import engine from "@pulumi/pulumi/proto/engine_pb.js";
import engineServices from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import plugin from "@pulumi/pulumi/proto/plugin_pb.js";
import type { PluginAttach } from "@pulumi/pulumi/proto/plugin_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import type {
  CheckRequest,
  ConfigureRequest,
  CreateRequest,
  DeleteRequest,
  DiffRequest,
  InvokeRequest,
  ReadRequest,
  UpdateRequest,
} from "@pulumi/pulumi/proto/provider_pb.js";
import services from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import status from "@pulumi/pulumi/proto/status_pb.js";

export type Properties = Record<string, unknown>;

/** An object in the provider's cloud. */
export interface CloudObject {
  type: string;
  inputs: Properties;
  outputs: Properties;
}

export interface ProviderCall {
  method: string;
  urn: string;
  inputs?: Properties;
  olds?: Properties;
  timeout?: number;
  preview?: boolean;
  ignoreChanges?: string[];
}

const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const fromStruct = (message: Struct | undefined): Properties => (message ? (message.toJavaScript() as Properties) : {});
const toStruct = (properties: Properties): Struct =>
  struct.Struct.fromJavaScript(properties as Parameters<typeof Struct.fromJavaScript>[0]);
const isObject = (value: unknown): value is Properties =>
  value !== null && typeof value === "object" && !Array.isArray(value);
const secret = (value: unknown): Properties => ({ [signatureKey]: secretSignature, value });
function reveal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reveal);
  if (!isObject(value)) return value;
  if (value[signatureKey] === secretSignature) return reveal(value.value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, reveal(item)]));
}
const sorted = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(sorted)
    : isObject(value)
      ? Object.fromEntries(
          Object.entries(value)
            .sort()
            .map(([key, item]) => [key, sorted(item)]),
        )
      : value;
const same = (left: unknown, right: unknown): boolean =>
  JSON.stringify(sorted(reveal(left))) === JSON.stringify(sorted(reveal(right)));

/** Faults, by the resource's name: what its next operations meet. */
export interface Fault {
  on: "check" | "create" | "update" | "delete" | "read";
  /** The operation fails, with this message. */
  error?: string;
  /** The operation is done, but the resource is not in order. */
  initErrors?: string[];
  /** The operation waits for this. */
  until?: Promise<unknown>;
}

export interface TestProviderOptions {
  packageName?: string;
  version?: string;
  /** Understands secrets; otherwise they come and go in clear. */
  acceptsSecrets?: boolean;
  /** Knows the handshake; otherwise Configure says what it understands. */
  handshake?: boolean;
  /** Gives a detailed diff. */
  detailedDiff?: boolean;
}

/**
 * A resource provider for tests, in the test's own process: any type, any properties.
 * `key` is what cannot change in place; `deleteFirst: true` asks for the old to go before the new; `size` gets a default of 1.
 */
export class TestProvider {
  readonly cloud = new Map<string, CloudObject>();
  readonly calls: ProviderCall[] = [];
  readonly faults = new Map<string, Fault>();
  readonly configurations: Properties[] = [];
  canceled = 0;
  port = 0;
  private readonly made = new Map<string, number>();
  private engineAddress = "";
  private readonly server = new grpc.Server();

  private constructor(private readonly options: Required<TestProviderOptions>) {}

  static async start(options: TestProviderOptions = {}): Promise<TestProvider> {
    const provider = new TestProvider({
      packageName: "test",
      version: "1.2.3",
      acceptsSecrets: true,
      handshake: true,
      detailedDiff: true,
      ...options,
    });
    await provider.listen();
    return provider;
  }

  /** For PULUMI_DEBUG_PROVIDERS. */
  get attachment(): string {
    return `${this.options.packageName}:${this.port}`;
  }

  stop(): void {
    this.server.forceShutdown();
  }

  /** Calls of a method, for one resource. */
  callsOf(method: string, name?: string): ProviderCall[] {
    return this.calls.filter(
      (call) => call.method === method && (name === undefined || call.urn.endsWith(`::${name}`)),
    );
  }

  private listen(): Promise<void> {
    const handlers: Record<string, (request: never) => unknown> = {
      ...(this.options.handshake ? { handshake: () => this.handshake() } : {}),
      attach: (request: PluginAttach) => {
        this.engineAddress = request.getAddress();
        return new empty.Empty();
      },
      getPluginInfo: () => new plugin.PluginInfo().setVersion(this.options.version),
      checkConfig: (request: CheckRequest) => new messages.CheckResponse().setInputs(request.getNews()),
      diffConfig: (request: DiffRequest) => this.diffConfig(request),
      configure: (request: ConfigureRequest) => this.configure(request),
      check: (request: CheckRequest) => this.check(request),
      diff: (request: DiffRequest) => this.diff(request),
      create: (request: CreateRequest) => this.create(request),
      update: (request: UpdateRequest) => this.update(request),
      read: (request: ReadRequest) => this.read(request),
      delete: (request: DeleteRequest) => this.delete(request),
      invoke: (request: InvokeRequest) => this.invoke(request),
      cancel: () => {
        this.canceled++;
        return new empty.Empty();
      },
    };
    const implementation: grpc.UntypedServiceImplementation = {};
    for (const method of Object.keys(services.ResourceProviderService)) {
      const handler = handlers[method];
      implementation[method] = ((call: grpc.ServerUnaryCall<never, unknown>, callback: grpc.sendUnaryData<unknown>) => {
        if (!handler) return callback({ code: grpc.status.UNIMPLEMENTED, details: method });
        Promise.resolve()
          .then(() => handler(call.request))
          .then(
            (response) => callback(null, response),
            (error: unknown) =>
              callback(
                error instanceof Error && "code" in error
                  ? (error as grpc.ServiceError)
                  : { code: grpc.status.UNKNOWN, details: error instanceof Error ? error.message : String(error) },
              ),
          );
      }) as grpc.UntypedHandleCall;
    }
    this.server.addService(services.ResourceProviderService, implementation);
    return new Promise((resolve, reject) => {
      this.server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
        this.port = port;
        if (error) reject(error);
        else resolve();
      });
    });
  }

  private handshake(): InstanceType<typeof messages.ProviderHandshakeResponse> {
    return new messages.ProviderHandshakeResponse()
      .setAcceptSecrets(this.options.acceptsSecrets)
      .setAcceptResources(true);
  }

  private configure(request: ConfigureRequest): InstanceType<typeof messages.ConfigureResponse> {
    this.configurations.push(fromStruct(request.getArgs()));
    return new messages.ConfigureResponse()
      .setAcceptsecrets(this.options.acceptsSecrets)
      .setAcceptresources(true)
      .setSupportspreview(true);
  }

  private diffConfig(request: DiffRequest): InstanceType<typeof messages.DiffResponse> {
    const olds = fromStruct(request.getOldInputs());
    const news = fromStruct(request.getNews());
    const changed = Object.keys({ ...olds, ...news }).filter((key) => key !== "version" && !same(olds[key], news[key]));
    const response = new messages.DiffResponse().setDiffsList(changed).setChanges(changed.length > 0 ? 2 : 1);
    // Another region cannot go on with what was made in the first.
    if (changed.includes("region")) response.setReplacesList(["region"]);
    return response;
  }

  private nameOf(urn: string): string {
    return urn.split("::").slice(3).join("::");
  }

  private async meet(urn: string, operation: Fault["on"]): Promise<Fault | undefined> {
    const fault = this.faults.get(this.nameOf(urn));
    if (fault?.on !== operation) return undefined;
    await fault.until;
    if (fault.error !== undefined) throw new Error(fault.error);
    return fault;
  }

  private async check(request: CheckRequest): Promise<InstanceType<typeof messages.CheckResponse>> {
    const urn = request.getUrn();
    const news = fromStruct(request.getNews());
    const olds = fromStruct(request.getOlds());
    this.calls.push({ method: "check", urn, inputs: news, olds });
    await this.meet(urn, "check");
    const response = new messages.CheckResponse();
    if (news.bad !== undefined) response.addFailures().setProperty("bad").setReason("is never right");
    if (news.worse !== undefined) response.addFailures().setReason("the whole resource is wrong");
    const inputs: Properties = { size: 1, ...news };
    // An automatic name is made once and carried over.
    if (news.autoName === true)
      inputs.label =
        olds.label ?? `${this.nameOf(urn)}-${Buffer.from(request.getRandomseed_asU8()).toString("hex").slice(0, 6)}`;
    return response.setInputs(toStruct(inputs));
  }

  private diff(request: DiffRequest): InstanceType<typeof messages.DiffResponse> {
    const olds = fromStruct(request.getOldInputs());
    const news = fromStruct(request.getNews());
    const ignored = request.getIgnorechangesList();
    this.calls.push({ method: "diff", urn: request.getUrn(), inputs: news, olds, ignoreChanges: ignored });
    // `comment` is of no importance: a change of it alone is none.
    const changed = Object.keys({ ...olds, ...news }).filter(
      (key) => key !== "comment" && !ignored.includes(key) && !same(olds[key], news[key]),
    );
    const replaces = changed.filter((key) => key === "key");
    const response = new messages.DiffResponse()
      .setDiffsList(changed)
      .setReplacesList(replaces)
      .setChanges(
        changed.length > 0 ? messages.DiffResponse.DiffChanges.DIFF_SOME : messages.DiffResponse.DiffChanges.DIFF_NONE,
      )
      .setDeletebeforereplace(replaces.length > 0 && reveal(news.deleteFirst) === true);
    if (!this.options.detailedDiff) return response;
    const { Kind } = messages.PropertyDiff;
    for (const key of changed) {
      const replace = key === "key";
      const kind =
        olds[key] === undefined
          ? replace
            ? Kind.ADD_REPLACE
            : Kind.ADD
          : news[key] === undefined
            ? replace
              ? Kind.DELETE_REPLACE
              : Kind.DELETE
            : replace
              ? Kind.UPDATE_REPLACE
              : Kind.UPDATE;
      response.getDetaileddiffMap().set(key, new messages.PropertyDiff().setKind(kind).setInputdiff(true));
    }
    return response.setHasdetaileddiff(true);
  }

  private outputsOf(urn: string, id: string, inputs: Properties): Properties {
    const stored = this.options.acceptsSecrets ? inputs : (reveal(inputs) as Properties);
    return {
      ...stored,
      computed: `computed-${this.nameOf(urn)}`,
      self: id,
      ...(this.options.acceptsSecrets ? { token: secret(`token-${this.nameOf(urn)}`) } : {}),
    };
  }

  private initFailure(id: string, outputs: Properties, inputs: Properties, reasons: string[]): Error {
    const detail = new messages.ErrorResourceInitFailed()
      .setId(id)
      .setProperties(toStruct(outputs))
      .setInputs(toStruct(inputs))
      .setReasonsList(reasons);
    const packed = new anyMessages.Any();
    packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
    const message = new status.Status().setCode(grpc.status.UNKNOWN).setMessage("init failed");
    message.addDetails(packed);
    const metadata = new grpc.Metadata();
    metadata.add("grpc-status-details-bin", Buffer.from(message.serializeBinary()));
    return Object.assign(new Error("init failed"), { code: grpc.status.UNKNOWN, details: "init failed", metadata });
  }

  private async create(request: CreateRequest): Promise<InstanceType<typeof messages.CreateResponse>> {
    const urn = request.getUrn();
    const inputs = fromStruct(request.getProperties());
    this.calls.push({ method: "create", urn, inputs, timeout: request.getTimeout(), preview: request.getPreview() });
    const response = new messages.CreateResponse();
    // What does not depend on the creation is known before it.
    if (request.getPreview())
      return response.setProperties(toStruct({ ...inputs, computed: unknownValue, self: unknownValue }));
    const fault = await this.meet(urn, "create");
    const name = this.nameOf(urn);
    this.made.set(name, (this.made.get(name) ?? 0) + 1);
    const id = `${name}-${this.made.get(name)}`;
    const outputs = this.outputsOf(urn, id, inputs);
    this.cloud.set(id, { type: request.getType(), inputs, outputs });
    if (fault?.initErrors) throw this.initFailure(id, outputs, inputs, fault.initErrors);
    return response.setId(id).setProperties(toStruct(outputs));
  }

  private async update(request: UpdateRequest): Promise<InstanceType<typeof messages.UpdateResponse>> {
    const urn = request.getUrn();
    const id = request.getId();
    const inputs = fromStruct(request.getNews());
    const olds = fromStruct(request.getOlds());
    this.calls.push({
      method: "update",
      urn,
      inputs,
      olds,
      timeout: request.getTimeout(),
      preview: request.getPreview(),
    });
    const response = new messages.UpdateResponse();
    if (request.getPreview()) return response.setProperties(toStruct({ ...olds, ...inputs }));
    const fault = await this.meet(urn, "update");
    const outputs = this.outputsOf(urn, id, inputs);
    this.cloud.set(id, { type: request.getType(), inputs, outputs });
    if (fault?.initErrors) throw this.initFailure(id, outputs, inputs, fault.initErrors);
    return response.setProperties(toStruct(outputs));
  }

  private async read(request: ReadRequest): Promise<InstanceType<typeof messages.ReadResponse>> {
    const urn = request.getUrn();
    const id = request.getId();
    this.calls.push({ method: "read", urn });
    await this.meet(urn, "read");
    const response = new messages.ReadResponse();
    const found = this.cloud.get(id);
    if (!found) return response;
    return response.setId(id).setInputs(toStruct(found.inputs)).setProperties(toStruct(found.outputs));
  }

  private async delete(request: DeleteRequest): Promise<InstanceType<typeof empty.Empty>> {
    this.calls.push({ method: "delete", urn: request.getUrn(), timeout: request.getTimeout() });
    await this.meet(request.getUrn(), "delete");
    this.cloud.delete(request.getId());
    return new empty.Empty();
  }

  private invoke(request: InvokeRequest): InstanceType<typeof messages.InvokeResponse> {
    const args = fromStruct(request.getArgs());
    this.calls.push({ method: "invoke", urn: request.getTok(), inputs: args });
    if (args.fail !== undefined) throw new Error(String(args.fail));
    return new messages.InvokeResponse().setReturn(toStruct({ ...args, answered: true }));
  }

  /** Writes a message on a resource's line. */
  async log(urn: string, message: string, ephemeral: boolean): Promise<void> {
    const client = new grpc.Client(this.engineAddress, grpc.credentials.createInsecure());
    const { log } = engineServices.EngineService;
    const request = new engine.LogRequest()
      .setSeverity(engine.LogSeverity.INFO)
      .setUrn(urn)
      .setMessage(message)
      .setEphemeral(ephemeral);
    await new Promise<void>((resolve, reject) => {
      client.makeUnaryRequest(
        log.path,
        log.requestSerialize,
        log.responseDeserialize,
        request,
        (error: Error | null) => {
          client.close();
          if (error) reject(error);
          else resolve();
        },
      );
    });
  }
}
