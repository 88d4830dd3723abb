import { isObject, parseJson } from "./json.js";

/** An answer of the workspace that says no. `status` is HTTP's, `errorCode` Databricks' own (`RESOURCE_DOES_NOT_EXIST`, …). */
export class ApiError extends Error {
  override readonly name = "ApiError";
  constructor(
    readonly status: number,
    readonly errorCode: string,
    message: string,
    readonly retryAfterMs?: number,
  ) {
    super(message);
  }

  get notFound(): boolean {
    return this.status === 404 || this.errorCode === "RESOURCE_DOES_NOT_EXIST";
  }

  /** To be sent again later. A quota (of pins, of machines) answers 429 as well, and does not pass by waiting. */
  get rateLimited(): boolean {
    return (this.status === 429 || this.errorCode === "REQUEST_LIMIT_EXCEEDED") && !this.errorCode.includes("QUOTA");
  }

  /** The server may or may not have done what was asked; a gateway answered for it, or it was overloaded. */
  get outcomeUnknown(): boolean {
    return this.status >= 500 && this.status !== 501;
  }
}

/** No answer at all: refused, cut off, or too late. What was asked may have happened. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
}

export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.notFound;
}

/** Whether a write that failed with this error may have taken place all the same. */
export function mayHaveHappened(error: unknown): boolean {
  return error instanceof ConnectionError || (error instanceof ApiError && error.outcomeUnknown);
}

export async function apiError(response: Response, call: string): Promise<ApiError> {
  const text = await response.text();
  const { code, message } = readErrorBody(text);
  return new ApiError(
    response.status,
    code ?? `HTTP_${response.status}`,
    `${call}: ${message ?? (text.slice(0, 300) || response.statusText)}`,
    retryAfterMs(response.headers.get("retry-after")),
  );
}

function readErrorBody(text: string): { code?: string; message?: string } {
  try {
    const body = parseJson(text);
    if (!isObject(body)) return {};
    return {
      ...(typeof body.error_code === "string" ? { code: body.error_code } : {}),
      ...(typeof body.message === "string" ? { message: body.message } : {}),
    };
  } catch {
    return {};
  }
}

/** `Retry-After` in ms: the header gives seconds or a date. */
function retryAfterMs(header: string | null): number | undefined {
  if (!header) return undefined;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
