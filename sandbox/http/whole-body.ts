import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";

const withoutBody = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * A server that hands a request on only once its body has arrived to the end. A client that is killed in the middle of
 * one must have done nothing: what came of the body could be a valid request by itself, an empty one above all.
 */
export function createWholeBodyServer(listener: RequestListener): Server {
  return createServer((incoming, outgoing) => void receive(incoming, outgoing, listener));
}

async function receive(incoming: IncomingMessage, outgoing: ServerResponse, listener: RequestListener): Promise<void> {
  if (!withoutBody.has(incoming.method ?? "")) {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
    } catch {
      // Reset by the client: there is nobody to answer.
    }
    if (!incoming.complete) {
      outgoing.destroy();
      return;
    }
    // Where @hono/node-server looks for a body that has been read already.
    Object.assign(incoming, { rawBody: Buffer.concat(chunks) });
  }
  listener(incoming, outgoing);
}
