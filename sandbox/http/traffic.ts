import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Context, Hono, MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import { ApiError } from "./app.js";
import { Faults, type FaultRule } from "./faults.js";
import { RequestLog } from "./request-log.js";

const codes: Readonly<Record<number, string>> = {
  429: "REQUEST_LIMIT_EXCEEDED",
  500: "INTERNAL_ERROR",
  503: "TEMPORARILY_UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};

/** What one server does to its traffic and what it saw of it: latency, faults, log, requests in flight. */
export class Traffic {
  /** Added to every answer, in ms; may be changed at any time. */
  latencyMs = 0;
  readonly faults = new Faults();
  readonly log: RequestLog;
  #inFlight = 0;
  #maxInFlight = 0;

  constructor(options: { readonly latencyMs?: number; readonly logCapacity?: number } = {}) {
    this.latencyMs = options.latencyMs ?? 0;
    this.log = new RequestLog(options.logCapacity);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** The most requests that were in flight at once since the start or the last `reset`. */
  get maxInFlight(): number {
    return this.#maxInFlight;
  }

  /** Forgets the log, the counters and the in-flight maximum; latency and faults stay. */
  reset(): void {
    this.log.reset();
    this.#maxInFlight = this.#inFlight;
  }

  /** Puts this traffic's middleware on an app; before anything else, so that it sees every request. */
  install(app: Hono): void {
    app.use(this.#account, this.#disturb);
  }

  readonly #account: MiddlewareHandler = async (context, next) => {
    const started = performance.now();
    const at = Date.now();
    this.#maxInFlight = Math.max(this.#maxInFlight, ++this.#inFlight);
    try {
      await next();
    } finally {
      this.#inFlight--;
      const url = new URL(context.req.url);
      this.log.add({
        at,
        method: context.req.method,
        path: url.pathname,
        query: url.search,
        route: routeOf(context) ?? url.pathname,
        status: context.get("cut") === true ? 0 : context.res.status,
        ms: performance.now() - started,
      });
    }
  };

  readonly #disturb: MiddlewareHandler = async (context, next) => {
    if (this.latencyMs > 0) await sleep(this.latencyMs);
    const path = new URL(context.req.url).pathname;
    const fault = await this.faults.strike(context.req.method, path, () => context.req.raw.clone().text());
    if (fault?.phase === "before") {
      const lost = await strike(context, fault);
      if (lost) return lost;
    }
    await next();
    if (fault?.phase === "after") {
      // Hono merges the headers of an answer that is replaced into the new one, unless it is taken away first.
      const answer = context.res;
      context.res = undefined;
      context.res = (await strike(context, fault)) ?? withHeaders(answer, fault.headers);
    }
    return undefined;
  };
}

/** Delays, then answers the rule's body, throws its error, cuts the connection, or lets the request pass (undefined). */
async function strike(context: Context, fault: FaultRule): Promise<Response | undefined> {
  if (fault.delayMs) await sleep(fault.delayMs);
  if (fault.cut) {
    context.set("cut", true);
    (context.env as { incoming: IncomingMessage }).incoming.socket.destroy();
    return RESPONSE_ALREADY_SENT;
  }
  if (fault.status === undefined) return undefined;
  if (fault.body !== undefined)
    return new Response(fault.body, {
      status: fault.status,
      headers: { "content-type": fault.contentType ?? "application/json", ...fault.headers },
    });
  const code = fault.errorCode ?? codes[fault.status] ?? `HTTP_${fault.status}`;
  throw new ApiError(fault.status, code, fault.message ?? "fault of the sandbox's rules", fault.headers);
}

function withHeaders(answer: Response, headers: FaultRule["headers"] = {}): Response {
  for (const [name, value] of Object.entries(headers)) answer.headers.set(name, value);
  return answer;
}

/** The pattern of the handler that answered, e.g. `/api/2.0/pools/:id`; undefined where none did. */
function routeOf(context: Context): string | undefined {
  return matchedRoutes(context).findLast((route) => route.method !== "ALL")?.path;
}
