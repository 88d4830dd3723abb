import grpc from "@grpc/grpc-js";
import structMessages from "google-protobuf/google/protobuf/struct_pb.js";
import services from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import statusMessages from "@pulumi/pulumi/proto/status_pb.js";

export type Values = Record<string, unknown>;

const struct = (values: Values) => structMessages.Struct.fromJavaScript(values as never);
const values = (given: structMessages.Struct | undefined) => (given?.toJavaScript() ?? {}) as Values;
const urnOf = (type: string, name: string) => `urn:pulumi:primary::databricks-dr::${type}::${name}`;

/** One provider instance as the engine holds it: a connection of its own, configured once. */
export class ProviderInstance {
  readonly #client: services.ResourceProviderClient;

  constructor(port: number) {
    this.#client = new services.ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {
      "grpc.use_local_subchannel_pool": 1,
    });
  }

  #call<Request, Response>(
    method: (request: Request, callback: (error: grpc.ServiceError | null, response: Response) => void) => unknown,
    request: Request,
  ): Promise<Response> {
    return new Promise((resolve, reject) =>
      method.call(this.#client, request, (error, response) => (error ? reject(error) : resolve(response))),
    );
  }

  async configure(config: Values): Promise<void> {
    const request = new messages.ConfigureRequest();
    request.setArgs(struct(config));
    await this.#call(this.#client.configure, request);
  }

  async check(type: string, name: string, news: Values, olds: Values = {}) {
    const request = new messages.CheckRequest();
    request.setUrn(urnOf(type, name));
    request.setNews(struct(news));
    request.setOlds(struct(olds));
    request.setRandomseed(Buffer.from("0123456789abcdef0123456789abcdef"));
    const response = await this.#call<messages.CheckRequest, messages.CheckResponse>(this.#client.check, request);
    return {
      inputs: values(response.getInputs()),
      failures: response.getFailuresList().map((failure) => failure.getReason()),
    };
  }

  async diff(type: string, id: string, oldInputs: Values, news: Values, ignoreChanges: string[] = []) {
    const request = new messages.DiffRequest();
    request.setUrn(urnOf(type, "x"));
    request.setId(id);
    request.setOldInputs(struct(oldInputs));
    request.setOlds(struct(oldInputs));
    request.setNews(struct(news));
    request.setIgnorechangesList(ignoreChanges);
    const response = await this.#call<messages.DiffRequest, messages.DiffResponse>(this.#client.diff, request);
    return {
      changes: response.getChanges() === messages.DiffResponse.DiffChanges.DIFF_SOME,
      replaces: response.getReplacesList(),
      paths: [...response.getDetaileddiffMap().keys()],
      deleteBeforeReplace: response.getDeletebeforereplace(),
    };
  }

  async create(type: string, name: string, inputs: Values, preview = false): Promise<{ id: string; outputs: Values }> {
    const request = new messages.CreateRequest();
    request.setUrn(urnOf(type, name));
    request.setProperties(struct(inputs));
    request.setPreview(preview);
    const response = await this.#call<messages.CreateRequest, messages.CreateResponse>(this.#client.create, request);
    return { id: response.getId(), outputs: values(response.getProperties()) };
  }

  async update(type: string, id: string, olds: Values, news: Values, preview = false): Promise<Values> {
    const request = new messages.UpdateRequest();
    request.setUrn(urnOf(type, "x"));
    request.setId(id);
    request.setOlds(struct(olds));
    request.setNews(struct(news));
    request.setPreview(preview);
    return values(
      (await this.#call<messages.UpdateRequest, messages.UpdateResponse>(this.#client.update, request)).getProperties(),
    );
  }

  async read(type: string, id: string, olds?: { inputs: Values; outputs: Values }) {
    const request = new messages.ReadRequest();
    request.setUrn(urnOf(type, "x"));
    request.setId(id);
    request.setProperties(struct(olds?.outputs ?? {}));
    if (olds) request.setInputs(struct(olds.inputs));
    const response = await this.#call<messages.ReadRequest, messages.ReadResponse>(this.#client.read, request);
    return { id: response.getId(), inputs: values(response.getInputs()), outputs: values(response.getProperties()) };
  }

  async delete(type: string, id: string, outputs: Values = {}): Promise<void> {
    const request = new messages.DeleteRequest();
    request.setUrn(urnOf(type, "x"));
    request.setId(id);
    request.setProperties(struct(outputs));
    await this.#call(this.#client.delete, request);
  }

  async invoke(token: string, args: Values = {}): Promise<Values> {
    const request = new messages.InvokeRequest();
    request.setTok(token);
    request.setArgs(struct(args));
    return values(
      (await this.#call<messages.InvokeRequest, messages.InvokeResponse>(this.#client.invoke, request)).getReturn(),
    );
  }

  close(): void {
    this.#client.close();
  }
}

/** What the engine learns from a creation that went half way: the id to keep, and why it failed. */
export function initializationFailure(error: unknown): { id: string; reasons: string[] } | undefined {
  const [bytes] = (error as grpc.ServiceError).metadata?.get("grpc-status-details-bin") ?? [];
  if (!(bytes instanceof Uint8Array)) return undefined;
  const [detail] = statusMessages.Status.deserializeBinary(bytes).getDetailsList();
  if (!detail) return undefined;
  const failure = messages.ErrorResourceInitFailed.deserializeBinary(detail.getValue_asU8());
  return { id: failure.getId(), reasons: failure.getReasonsList() };
}

export const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export function secretOf(value: unknown): Values {
  return { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value };
}
