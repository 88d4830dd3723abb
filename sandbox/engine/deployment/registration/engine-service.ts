import engine from "@pulumi/pulumi/proto/engine_pb.js";
import type { LogRequest, SetRootResourceRequest } from "@pulumi/pulumi/proto/engine_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import type { Handler } from "../../rpc/messages.js";
import { MonitorShutdown } from "./resource-monitor.js";
import type { Diagnostics, Severity } from "../events.js";

const severities: Record<number, Severity> = {
  [engine.LogSeverity.DEBUG]: "debug",
  [engine.LogSeverity.INFO]: "info",
  [engine.LogSeverity.WARNING]: "warning",
  [engine.LogSeverity.ERROR]: "error",
};

/** Pulumi's Engine service: what programs and providers tell the person, each on its resource's line. */
export function engineHandlers(diagnostics: Diagnostics, isOver: () => boolean): Record<string, Handler> {
  let rootUrn = "";
  return {
    log: (request: LogRequest) => {
      if (isOver()) throw new MonitorShutdown();
      const severity = severities[request.getSeverity()] ?? "info";
      diagnostics.report(severity, request.getUrn(), request.getMessage(), {
        streamId: request.getStreamid(),
        ephemeral: request.getEphemeral(),
      });
      return new empty.Empty();
    },
    getRootResource: () => new engine.GetRootResourceResponse().setUrn(rootUrn),
    setRootResource: (request: SetRootResourceRequest) => {
      rootUrn = request.getUrn();
      return new engine.SetRootResourceResponse();
    },
    requirePulumiVersion: () => new engine.RequirePulumiVersionResponse(),
  };
}
