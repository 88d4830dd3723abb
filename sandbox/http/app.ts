import { type Context, Hono } from "hono";
import { parseJson, stringifyJson, type JsonObject } from "./json.js";

/** An error with the body and status that the emulated API documents for it. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly errorCode: string,
    message: string,
    readonly headers: Record<string, string> = {},
    readonly details?: JsonObject[],
  ) {
    super(message);
  }
}

/** Answers `value` as JSON, with integers beyond 2^53 in full. */
export function reply(_context: Context, value: unknown = {}, status = 200): Response {
  return new Response(stringifyJson(value), { status, headers: { "content-type": "application/json" } });
}

/** The request's JSON body; an empty body is `{}`, anything but an object is MALFORMED_REQUEST. */
export async function jsonBody(context: Context): Promise<JsonObject> {
  const text = await context.req.text();
  if (text.trim() === "") return {};
  let body: unknown;
  try {
    body = parseJson(text);
  } catch (cause) {
    throw new ApiError(400, "MALFORMED_REQUEST", `Invalid JSON given in the body of the request: ${String(cause)}`);
  }
  if (body === null || typeof body !== "object" || Array.isArray(body))
    throw new ApiError(400, "MALFORMED_REQUEST", "Invalid JSON given in the body of the request - expected a map");
  return body as JsonObject;
}

/** What one emulated cloud says when a route is unknown and when a handler throws; the only place for error bodies. */
export interface ErrorStyle {
  body(error: ApiError): unknown;
}

/** An app that answers 501 with the route's name for what it does not emulate, never a friendly empty list. */
export function createApp(style: ErrorStyle): Hono {
  const app = new Hono({ strict: false });
  const answer = (error: ApiError): Response =>
    new Response(stringifyJson(style.body(error)), {
      status: error.status,
      headers: { "content-type": "application/json", ...error.headers },
    });
  app.onError((error) =>
    answer(error instanceof ApiError ? error : new ApiError(500, "INTERNAL_ERROR", `sandbox fault: ${error.stack}`)),
  );
  app.notFound((context) =>
    answer(
      new ApiError(
        501,
        "NOT_IMPLEMENTED",
        `the sandbox does not emulate ${context.req.method} ${new URL(context.req.url).pathname}`,
      ),
    ),
  );
  return app;
}
