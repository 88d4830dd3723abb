import type { AddressInfo } from "node:net";
import type { Server } from "node:http";
import { serve } from "@hono/node-server";
import type { Hono } from "hono";

/** A server that answers on 127.0.0.1; `close` ends open connections too, and resolves when the port is free. */
export interface Listening {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Serves `app` on 127.0.0.1, on a free port unless one is given. Rejects when the port is taken. */
export function listen(app: Hono, port = 0): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port }, (address: AddressInfo) => {
      server.off("error", reject);
      resolve({
        url: `http://127.0.0.1:${address.port}`,
        port: address.port,
        close: () =>
          new Promise<void>((closed, failed) => {
            server.close((error) => (error ? failed(error) : closed()));
            server.closeAllConnections();
          }),
      });
    }) as Server;
    // Idle connections of pooled clients outlive a test's pauses; a reset by the server would look like a fault.
    server.keepAliveTimeout = 60_000;
    server.once("error", reject);
  });
}
