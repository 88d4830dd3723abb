import { randomUUID } from "node:crypto";
import type { Context } from "hono";
import type { Clock } from "../clock.js";
import { ApiError } from "../http/app.js";

export interface Operation {
  readonly id: string;
  readonly startTime: number;
  /** The path that holds the result, empty for a deletion. */
  readonly resultPath: string;
  status: "InProgress" | "Succeeded" | "Failed";
  error?: ApiError;
}

/**
 * ARM's asynchronous operations. https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations
 */
export class Operations {
  readonly #operations = new Map<string, Operation>();
  readonly #running = new Set<Promise<void>>();

  constructor(private readonly clock: Clock) {}

  /** Does `finish` after `delayMs` of the sandbox's clock, and keeps the outcome for who asks. */
  start(delayMs: number, resultPath: string, finish: () => void | Promise<void>): Operation {
    const operation: Operation = {
      id: randomUUID(),
      startTime: this.clock.now(),
      resultPath,
      status: "InProgress",
    };
    this.#operations.set(operation.id, operation);
    this.clock.after(delayMs, () => {
      const run = this.#finish(operation, finish).finally(() => this.#running.delete(run));
      this.#running.add(run);
    });
    return operation;
  }

  find(id: string): Operation | undefined {
    return this.#operations.get(id);
  }

  /** Resolves once what has begun to finish has finished; for an orderly stop. */
  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }

  async #finish(operation: Operation, finish: () => void | Promise<void>): Promise<void> {
    try {
      await finish();
      operation.status = "Succeeded";
    } catch (error) {
      operation.status = "Failed";
      operation.error =
        error instanceof ApiError ? error : new ApiError(500, "InternalServerError", `sandbox fault: ${String(error)}`);
    }
  }
}

export interface PollHeaders {
  readonly asyncOperation?: boolean;
  readonly location?: boolean;
}

/** The headers that tell a client where to ask; which of the two a provider sends differs by provider. */
export function pollHeaders(
  context: Context,
  namespace: string,
  region: string,
  operation: Operation,
  send: PollHeaders,
): Record<string, string> {
  const url = new URL(context.req.url);
  const base = `${url.origin}/subscriptions/${context.req.param("subscriptionId")}/providers/${namespace}/locations/${region}`;
  const version = `api-version=${url.searchParams.get("api-version") ?? ""}`;
  return {
    "Retry-After": "0",
    ...(send.asyncOperation ? { "Azure-AsyncOperation": `${base}/operationStatuses/${operation.id}?${version}` } : {}),
    ...(send.location ? { Location: `${base}/operationResults/${operation.id}?${version}` } : {}),
  };
}

/** `response` with `headers` added. */
export function withHeaders(response: Response, headers: Record<string, string>): Response {
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  return response;
}
