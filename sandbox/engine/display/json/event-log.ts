import * as fs from "node:fs";
import * as grpc from "@grpc/grpc-js";
import events from "@pulumi/pulumi/proto/events_pb.js";
import type { EventRequest } from "@pulumi/pulumi/proto/events_pb.js";
import eventServices from "@pulumi/pulumi/proto/events_grpc_pb.js";
import type { EngineEvent } from "../../deployment/events.js";
import { channelOptions } from "../../rpc/messages.js";
import { eventJson } from "./event-json.js";

/** `--event-log`: every event as JSON, to a file or to a service of the caller's. */
export interface EventLog {
  handle(event: EngineEvent): void;
  close(): Promise<void>;
}

const remotePrefix = "tcp://";

/** Opens a log to a file's path, or to `tcp://host:port`. */
export function openEventLog(target: string): EventLog {
  const sink = target.startsWith(remotePrefix) ? remoteSink(target.slice(remotePrefix.length)) : fileSink(target);
  let sequence = 0;
  return {
    handle(event) {
      const body = eventJson(event);
      if (!body) return;
      sink.write(JSON.stringify({ sequence: sequence++, timestamp: Math.floor(Date.now() / 1000), ...body }));
    },
    close: () => sink.close(),
  };
}

interface Sink {
  write(line: string): void;
  close(): Promise<void>;
}

function fileSink(file: string): Sink {
  // Written at once, line by line: who reads along must see each event when it happens, a kill notwithstanding.
  const descriptor = fs.openSync(file, "a", 0o600);
  return {
    write: (line) => fs.writeSync(descriptor, `${line}\n`),
    close: () => {
      fs.closeSync(descriptor);
      return Promise.resolve();
    },
  };
}

function remoteSink(address: string): Sink {
  const client = new grpc.Client(address, grpc.credentials.createInsecure(), channelOptions);
  const { streamEvents } = eventServices.EventsService;
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const stream = client.makeClientStreamRequest<EventRequest, unknown>(
    streamEvents.path,
    streamEvents.requestSerialize,
    streamEvents.responseDeserialize,
    () => finish(),
  );
  // Nobody listening any more is no reason to stop an update.
  stream.on("error", () => finish());
  return {
    write: (line) => stream.write(new events.EventRequest().setEvent(line)),
    close: async () => {
      stream.end();
      await finished;
      client.close();
    },
  };
}
