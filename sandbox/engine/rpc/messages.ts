import struct from "google-protobuf/google/protobuf/struct_pb.js";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import * as grpc from "@grpc/grpc-js";
import type { PropertyMap, PropertyValue } from "../resource/values.js";

/** A replica's inventory may be large; Pulumi's own limit is the same. */
export const channelOptions: grpc.ChannelOptions = {
  "grpc.max_receive_message_length": 400 << 20,
  "grpc.max_send_message_length": 400 << 20,
};

const withoutUndefined = (value: PropertyValue): PropertyValue => {
  if (Array.isArray(value)) return value.map((item) => withoutUndefined(item ?? null));
  if (value === null || typeof value !== "object") return value;
  const clean: PropertyMap = {};
  for (const [key, item] of Object.entries(value)) if (item !== undefined) clean[key] = withoutUndefined(item);
  return clean;
};

export const toStruct = (properties: PropertyMap): Struct =>
  struct.Struct.fromJavaScript(withoutUndefined(properties) as Parameters<typeof Struct.fromJavaScript>[0]);

export const fromStruct = (message: Struct | undefined): PropertyMap =>
  message ? (message.toJavaScript() as PropertyMap) : {};

/** One unary call, named by its entry in a generated service definition. */
export function call<Request, Response>(
  client: grpc.Client,
  method: grpc.MethodDefinition<Request, Response>,
  request: Request,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      (error: grpc.ServiceError | null, response?: Response) => {
        if (error) reject(error);
        else resolve(response as Response);
      },
    );
  });
}

export const isServiceError = (error: unknown): error is grpc.ServiceError =>
  error instanceof Error && "code" in error && "details" in error;

export const isUnimplemented = (error: unknown): boolean =>
  isServiceError(error) && error.code === grpc.status.UNIMPLEMENTED;

/** What went wrong, without gRPC's code in front. */
export const errorMessage = (error: unknown): string =>
  isServiceError(error) ? error.details || error.message : error instanceof Error ? error.message : String(error);

/** Answers one method: with a message, or a promise of one. Its request is of the method's own type. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each entry of a service takes a message of its own
export type Handler = (request: any) => unknown;

/**
 * Puts handlers behind a service definition. Methods without one are answered as unimplemented;
 * a handler's error becomes the call's, with its `code` if it has one.
 */
export function implementService(
  definition: grpc.ServiceDefinition,
  handlers: Record<string, Handler>,
): grpc.UntypedServiceImplementation {
  const implementation: grpc.UntypedServiceImplementation = {};
  for (const method of Object.keys(definition)) {
    const handler = handlers[method];
    implementation[method] = ((
      request: grpc.ServerUnaryCall<unknown, unknown>,
      callback: grpc.sendUnaryData<unknown>,
    ) => {
      if (!handler) {
        callback({ code: grpc.status.UNIMPLEMENTED, details: `${method} is not implemented` });
        return;
      }
      // Not at once: a handler that throws must answer like one that rejects.
      Promise.resolve()
        .then(() => handler(request.request))
        .then(
          (response) => callback(null, response),
          (error: unknown) => {
            const code =
              error instanceof Error && "code" in error && typeof error.code === "number"
                ? error.code
                : grpc.status.UNKNOWN;
            callback({ code, details: errorMessage(error) });
          },
        );
    }) as grpc.UntypedHandleCall;
  }
  return implementation;
}

/** Listens on a free port of this machine. */
export function listen(server: grpc.Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
      if (error) reject(error);
      else resolve(`127.0.0.1:${port}`);
    });
  });
}
