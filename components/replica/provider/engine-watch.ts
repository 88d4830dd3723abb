import * as grpc from "@grpc/grpc-js";

/** Pulumi gives the address of its engine to a provider's process as the first argument. */
export const engineAddress = process.argv[2]?.includes(":") ? process.argv[2] : undefined;

let watching = false;

/**
 * Ends this process when its engine is gone. A provider runs in a process group of its own and outlives an engine that is
 * killed: it would go on creating while the next `up` takes its inventory, and both would make the same copies.
 */
export function endWithEngine(): void {
  if (watching || engineAddress === undefined) return;
  watching = true;
  const client = new grpc.Client(engineAddress, grpc.credentials.createInsecure());
  void refused(client).then(() => process.exit(1));
}

/** Ends when the connection was there, is lost, and is refused. An idle one is closed by gRPC itself, and comes back. */
async function refused(client: grpc.Client): Promise<void> {
  const { READY, TRANSIENT_FAILURE } = grpc.connectivityState;
  const channel = client.getChannel();
  for (let wasThere = false; ;) {
    const state = channel.getConnectivityState(true);
    wasThere ||= state === READY;
    if (wasThere && state === TRANSIENT_FAILURE) return;
    await new Promise<void>((resolve) =>
      channel.watchConnectivityState(state, Number.POSITIVE_INFINITY, () => resolve()),
    );
  }
}
