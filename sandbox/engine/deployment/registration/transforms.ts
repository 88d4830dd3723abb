import * as grpc from "@grpc/grpc-js";
import aliasMessages from "@pulumi/pulumi/proto/alias_pb.js";
import callbacks from "@pulumi/pulumi/proto/callback_pb.js";
import type { Callback } from "@pulumi/pulumi/proto/callback_pb.js";
import callbackServices from "@pulumi/pulumi/proto/callback_grpc_pb.js";
import resources from "@pulumi/pulumi/proto/resource_pb.js";
import type { RegisterResourceRequest, TransformResourceOptions } from "@pulumi/pulumi/proto/resource_pb.js";
import type { PropertyMap } from "../../resource/values.js";
import { call, channelOptions, fromStruct, toStruct } from "../../rpc/messages.js";

/** Functions in the program's process, which it offers for the engine to call. */
export class CallbackClients {
  private readonly clients = new Map<string, grpc.Client>();

  private client(target: string): grpc.Client {
    let client = this.clients.get(target);
    if (!client) {
      client = new grpc.Client(target, grpc.credentials.createInsecure(), channelOptions);
      this.clients.set(target, client);
    }
    return client;
  }

  async invoke(callback: Callback, request: Uint8Array): Promise<Uint8Array> {
    const message = new callbacks.CallbackInvokeRequest().setToken(callback.getToken()).setRequest(request);
    const response = await call(this.client(callback.getTarget()), callbackServices.CallbacksService.invoke, message);
    return response.getResponse_asU8();
  }

  close(): void {
    for (const client of this.clients.values()) client.close();
  }
}

/** The options of a registration in the form that transforms see and change. */
export function transformOptions(request: RegisterResourceRequest, provider: string): TransformResourceOptions {
  const options = new resources.TransformResourceOptions()
    .setDependsOnList(request.getDependenciesList())
    .setIgnoreChangesList(request.getIgnorechangesList())
    .setReplaceOnChangesList(request.getReplaceonchangesList())
    .setVersion(request.getVersion())
    .setAliasesList([
      ...request.getAliasurnsList().map((urn) => new aliasMessages.Alias().setUrn(urn)),
      ...request.getAliasesList(),
    ])
    .setProvider(provider)
    .setPluginDownloadUrl(request.getPlugindownloadurl())
    .setDeletedWith(request.getDeletedwith())
    .setReplaceWithList(request.getReplaceWithList())
    .setAdditionalSecretOutputsList(request.getAdditionalsecretoutputsList())
    .setImport(request.getImportid())
    .setHooks(request.getHooks())
    .setCustomTimeouts(request.getCustomtimeouts());
  const protect = request.getProtect();
  if (request.hasProtect() && protect !== undefined) options.setProtect(protect);
  const retain = request.getRetainondelete();
  if (request.hasRetainondelete() && retain !== undefined) options.setRetainOnDelete(retain);
  if (request.getDeletebeforereplacedefined() || request.getDeletebeforereplace())
    options.setDeleteBeforeReplace(request.getDeletebeforereplace());
  for (const [name, reference] of request.getProvidersMap().entries() as Iterable<[string, string]>)
    options.getProvidersMap().set(name, reference);
  return options;
}

export interface Transformed {
  properties: PropertyMap;
  options: TransformResourceOptions;
}

/** Runs transforms one after another, each on what the last one gave back. */
export async function runTransforms(
  clients: CallbackClients,
  transforms: readonly Callback[],
  request: RegisterResourceRequest,
  start: Transformed,
): Promise<Transformed> {
  let current = start;
  for (const transform of transforms) {
    const message = new resources.TransformRequest()
      .setType(request.getType())
      .setName(request.getName())
      .setCustom(request.getCustom())
      .setParent(request.getParent())
      .setProperties(toStruct(current.properties))
      .setOptions(current.options);
    const answer = resources.TransformResponse.deserializeBinary(
      await clients.invoke(transform, message.serializeBinary()),
    );
    current = {
      properties: answer.hasProperties() ? fromStruct(answer.getProperties()) : current.properties,
      options: answer.getOptions() ?? current.options,
    };
  }
  return current;
}

/** Runs the stack's invoke transforms on the arguments of one function call. */
export async function runInvokeTransforms(
  clients: CallbackClients,
  transforms: readonly Callback[],
  token: string,
  args: PropertyMap,
  provider: string,
  version: string,
): Promise<{ args: PropertyMap; provider: string; version: string }> {
  let current = { args, provider, version };
  for (const transform of transforms) {
    const message = new resources.TransformInvokeRequest()
      .setToken(token)
      .setArgs(toStruct(current.args))
      .setOptions(new resources.TransformInvokeOptions().setProvider(current.provider).setVersion(current.version));
    const answer = resources.TransformInvokeResponse.deserializeBinary(
      await clients.invoke(transform, message.serializeBinary()),
    );
    const options = answer.getOptions();
    current = {
      args: answer.hasArgs() ? fromStruct(answer.getArgs()) : current.args,
      provider: options?.getProvider() ?? current.provider,
      version: options?.getVersion() ?? current.version,
    };
  }
  return current;
}
