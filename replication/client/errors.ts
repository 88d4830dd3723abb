import { isArray, isObject, type JsonObject, parseJson } from "../values/json.js";
import { UnexpectedAnswer } from "../values/unexpected-answer.js";

export { UnexpectedAnswer };

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

  /** The object is not there. A route that is not there, or a page of a gateway, answers 404 as well, and says nothing of the object. */
  get notFound(): boolean {
    if (this.errorCode === "RESOURCE_DOES_NOT_EXIST") return true;
    return this.status === 404 && !noObject.has(this.errorCode);
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

/** Codes of a 404 that is not about the object: the first stands for an answer that is not Databricks' own. */
const noObject: ReadonlySet<string> = new Set([
  "HTTP_404",
  "ENDPOINT_NOT_FOUND",
  "FEATURE_DISABLED",
  "NOT_IMPLEMENTED",
]);

/** No answer at all: refused, cut off, or too late. What was asked may have happened. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
}

export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.notFound;
}

/**
 * Whether an answer about one object means that it is not there. Of a job or cluster Databricks then says that the parameter is
 * invalid.
 */
export function meansGone(error: unknown): boolean {
  return isNotFound(error) || (error instanceof ApiError && error.errorCode === "INVALID_PARAMETER_VALUE");
}

/** Whether the workspace has said no to the request itself: sent again, it would be refused again. */
export function isRefusal(error: unknown): error is ApiError {
  return error instanceof ApiError && !error.rateLimited && !error.outcomeUnknown;
}

/** Whether a write that failed with this error may have taken place all the same. */
export function mayHaveHappened(error: unknown): boolean {
  return (
    error instanceof ConnectionError ||
    error instanceof UnexpectedAnswer ||
    (error instanceof ApiError && error.outcomeUnknown)
  );
}

/** @param isHead An answer to HEAD has no body, so that its status is all that it says. */
export async function apiError(response: Response, call: string, isHead = false): Promise<ApiError> {
  const text = await response.text();
  const { code, message } = readErrorBody(text);
  return new ApiError(
    response.status,
    code ?? (isHead && response.status === 404 ? "NOT_FOUND" : `HTTP_${response.status}`),
    `${call}: ${message ?? (text.slice(0, 300) || response.statusText)}`,
    retryAfterMs(response.headers.get("retry-after")),
  );
}

function readErrorBody(text: string): { code?: string; message?: string } {
  try {
    const body = parseJson(text);
    if (!isObject(body)) return {};
    return {
      ...codeIn(body),
      ...(typeof (body.message ?? body.detail) === "string" ? { message: String(body.message ?? body.detail) } : {}),
    };
  } catch {
    return {};
  }
}

/** SCIM names no code, but says what it is by its schema. */
function codeIn({ error_code, schemas }: JsonObject): { code?: string } {
  if (typeof error_code === "string") return { code: error_code };
  return isArray(schemas) ? { code: "SCIM_ERROR" } : {};
}

/** `Retry-After` in ms: the header gives seconds or a date. */
function retryAfterMs(header: string | null): number | undefined {
  if (!header) return undefined;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
