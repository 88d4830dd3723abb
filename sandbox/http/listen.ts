import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import { createWholeBodyServer } from "./whole-body.js";

/** A server that answers on 127.0.0.1; `close` ends open connections too, and resolves when the port is free. */
export interface Listening {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Serves `app` on 127.0.0.1, on a free port unless one is given. Rejects when the port is taken. */
export function listen(app: Hono, port = 0): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const listener = getRequestListener(app.fetch, { hostname: "127.0.0.1" });
    const server = createWholeBodyServer((incoming, outgoing) => void listener(incoming, outgoing));
    // Idle connections of pooled clients outlive a test's pauses; a reset by the server would look like a fault.
    server.keepAliveTimeout = 60_000;
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      const address = server.address() as AddressInfo;
      resolve({
        url: `http://127.0.0.1:${address.port}`,
        port: address.port,
        close: () =>
          new Promise<void>((closed, failed) => {
            server.close((error) => (error ? failed(error) : closed()));
            server.closeAllConnections();
          }),
      });
    });
  });
}
