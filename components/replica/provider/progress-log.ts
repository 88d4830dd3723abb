import * as grpc from "@grpc/grpc-js";
import { engineAddress } from "./engine-watch.js";
import { describe } from "./progress-text.js";
import type { Progress, ProgressNote } from "@databricks-dr/replication";
import engineGrpc from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engine from "@pulumi/pulumi/proto/engine_pb.js";

const shortestIntervalMs = 250;

let client: engineGrpc.EngineClient | undefined;

/** Shows progress on the line of one resource; what only counts is shown a few times a second. */
export function progressOf(urn: string): Progress {
  let shownAt = 0;
  return (note) => {
    const transient = note.severity === undefined;
    const last = note.total !== undefined && note.done === note.total;
    if (transient && !last && Date.now() - shownAt < shortestIntervalMs) return;
    shownAt = Date.now();
    send(urn, note, transient);
  };
}

function send(urn: string, note: ProgressNote, ephemeral: boolean): void {
  if (engineAddress === undefined) return;
  client ??= new engineGrpc.EngineClient(engineAddress, grpc.credentials.createInsecure());
  const request = new engine.LogRequest();
  request.setSeverity(note.severity === "warning" ? engine.LogSeverity.WARNING : engine.LogSeverity.INFO);
  request.setMessage(describe(note));
  request.setUrn(urn);
  request.setEphemeral(ephemeral);
  // Progress is a courtesy: an engine that is gone must not stop the work.
  client.log(request, () => undefined);
}
