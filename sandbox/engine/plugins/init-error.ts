import type * as grpc from "@grpc/grpc-js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import status from "@pulumi/pulumi/proto/status_pb.js";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import type { PropertyMap } from "../resource/values.js";
import { isServiceError } from "../rpc/messages.js";
import { InitError } from "./provider.js";

const detailsKey = "grpc-status-details-bin";
const initFailedType = "pulumirpc.ErrorResourceInitFailed";

/** The half-way failure that a provider packed into a gRPC error's details, if it did. */
export function initErrorFrom(
  error: unknown,
  open: (message: Struct | undefined) => PropertyMap,
): InitError | undefined {
  if (!isServiceError(error)) return undefined;
  const [details] = (error.metadata as grpc.Metadata | undefined)?.get(detailsKey) ?? [];
  if (!details || typeof details === "string") return undefined;
  for (const detail of status.Status.deserializeBinary(details).getDetailsList()) {
    const failed = detail.unpack(messages.ErrorResourceInitFailed.deserializeBinary, initFailedType);
    if (failed)
      return new InitError(
        failed.getId(),
        open(failed.getProperties()),
        failed.hasInputs() ? open(failed.getInputs()) : undefined,
        failed.getReasonsList(),
      );
  }
  return undefined;
}
