import { setTimeout as sleep } from "node:timers/promises";
import { countCall } from "./call-count.js";
import type { Credentials } from "./credentials.js";
import { ApiError, apiError, ConnectionError } from "./errors.js";
import { isObject, type Json, type JsonObject, objectsOf, parseJson, stringifyJson } from "./json.js";
import type { Limiter } from "./limiter.js";

/** A text, or bytes as they come. */
export type Body = string | AsyncIterable<Uint8Array>;

export type Query = Readonly<Record<string, string | number | boolean | bigint | undefined>>;

export interface RequestOptions {
  /**
   * Whether doing it twice is as good as once. Only then is it sent again after an error that leaves open whether it
   * happened. What was answered 429 did not happen, and is sent again for as long as the workspace may just be busy.
   */
  readonly idempotent?: boolean;
}

const attempts = 7;
const refusedForMs = 5 * 60_000;
const firstBackoffMs = 250;
const longestBackoffMs = 20_000;
const answerWithinMs = 120_000;

interface Outgoing {
  readonly method: string;
  readonly path: string;
  readonly query?: Query;
  readonly body?: () => Body;
  readonly contentType?: string;
  readonly idempotent: boolean;
}

/** One workspace over REST: signed in, rate limited, retried where that is safe, with paging and exact 64-bit ids. */
export class WorkspaceClient {
  #credentials: Promise<Credentials> | undefined;
  #workspaceId: string | undefined;
  #lastUsed = Date.now();

  constructor(
    readonly host: string,
    private readonly signIn: () => Promise<Credentials>,
    private readonly limiter: Limiter,
  ) {}

  /** When the last request was sent, in ms since 1970. */
  get lastUsed(): number {
    return this.#lastUsed;
  }

  async get(path: string, query?: Query): Promise<JsonObject> {
    return this.#json({ method: "GET", path, ...(query ? { query } : {}), idempotent: true });
  }

  async post(path: string, body: JsonObject, options: RequestOptions = {}): Promise<JsonObject> {
    return this.#json({
      method: "POST",
      path,
      body: () => stringifyJson(body),
      contentType: "application/json",
      idempotent: options.idempotent ?? false,
    });
  }

  /** The bytes of an answer, as they arrive. An error while they arrive is the reader's to see. */
  async download(path: string, query?: Query): Promise<AsyncIterable<Uint8Array>> {
    const request = { method: "GET", path, ...(query ? { query } : {}), idempotent: true };
    return this.#send(request, (response) => (response.body ?? []) as AsyncIterable<Uint8Array>);
  }

  async head(path: string): Promise<Headers> {
    return this.#send({ method: "HEAD", path, idempotent: true }, (response) => response.headers);
  }

  /** Sends bytes as they are. `body` is called anew for each attempt; its own error is thrown as it is, and ends them. */
  async upload(method: "PUT" | "POST", path: string, query: Query, body: () => Body): Promise<void> {
    const contentType = "application/octet-stream";
    await this.#send({ method, path, query, body, contentType, idempotent: true }, drain);
  }

  async delete(path: string): Promise<void> {
    await this.#send({ method: "DELETE", path, idempotent: true }, drain);
  }

  /**
   * The objects of a listing in pages of `page_token`. A page that cannot be read is an error: a listing is whole or it
   * is none.
   */
  async *list(path: string, items: string, query: Query = {}): AsyncGenerator<JsonObject> {
    const seen = new Set<string>();
    for (let token: string | undefined = ""; token !== undefined;) {
      const page: JsonObject = await this.get(path, token === "" ? query : { ...query, page_token: token });
      yield* objectsOf(page[items]);
      const next: Json | undefined = page.next_page_token;
      token = typeof next === "string" && next !== "" ? next : undefined;
      if (token !== undefined && seen.has(token)) throw new Error(`GET ${path}: page ${token} follows itself`);
      if (token !== undefined) seen.add(token);
    }
  }

  /** The workspace's own id, from the header that every answer carries. */
  async workspaceId(): Promise<string> {
    if (this.#workspaceId === undefined) await this.get("/api/2.0/preview/scim/v2/Me");
    if (this.#workspaceId === undefined) throw new Error(`${this.host} does not say its workspace id`);
    return this.#workspaceId;
  }

  async #json(request: Outgoing): Promise<JsonObject> {
    const text = await this.#send(request, (response) => response.text());
    const answer = text === "" ? {} : parseJson(text);
    if (!isObject(answer))
      throw new Error(`${request.method} ${request.path}: expected an object, got ${text.slice(0, 80)}`);
    return answer;
  }

  async #send<T>(request: Outgoing, read: (response: Response) => T | Promise<T>): Promise<T> {
    let failures = 0;
    let refusedSince: number | undefined;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.limiter.run(request.method, request.path, attempt > 1, () => this.#once(request, read));
      } catch (error) {
        const backoff = Math.min(longestBackoffMs, firstBackoffMs * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2);
        const asked = error instanceof ApiError ? error.retryAfterMs : undefined;
        if (error instanceof ApiError && error.rateLimited) {
          refusedSince ??= Date.now();
          if (Date.now() - refusedSince > refusedForMs) throw error;
          // All that wait for the same limit wait with it, and it goes first.
          this.limiter.slowDown(request.method, request.path, asked ?? backoff);
          continue;
        }
        refusedSince = undefined;
        if (++failures >= attempts || !mayRetry(error, request.idempotent)) throw error;
        await sleep(Math.max(asked ?? 0, backoff));
      }
    }
  }

  async #once<T>(request: Outgoing, read: (response: Response) => T | Promise<T>): Promise<T> {
    this.#credentials ??= this.signIn();
    const headers = await (await this.#credentials)();
    countCall();
    this.#lastUsed = Date.now();
    const call = `${request.method} ${request.path}`;
    // AbortSignal.timeout would keep each answer in memory until its time is up. It is for the answer to begin, or to be
    // read here, since the last of the body was sent; a download that stalls later on is ended by fetch itself.
    const tooLate = new AbortController();
    const timer = setTimeout(() => tooLate.abort(new Error(`none in ${answerWithinMs / 1000} s`)), answerWithinMs);
    let unreadable: { readonly cause: unknown } | undefined;
    const sent = async function* (body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
      try {
        for await (const chunk of body) {
          timer.refresh();
          yield chunk;
        }
      } catch (cause) {
        unreadable = { cause };
        throw cause;
      }
    };
    const answered = async (): Promise<T> => {
      const response = await fetch(this.#url(request), {
        method: request.method,
        headers: {
          ...headers,
          "user-agent": "databricks-dr",
          ...(request.contentType ? { "content-type": request.contentType } : {}),
        },
        ...(request.body ? { body: bodyOf(request.body(), sent), duplex: "half" } : {}),
        signal: tooLate.signal,
      });
      this.#workspaceId ??= response.headers.get("x-databricks-org-id") ?? undefined;
      if (!response.ok) throw await apiError(response, call);
      return await read(response);
    };
    try {
      return await answered();
    } catch (cause) {
      if (unreadable) throw unreadable.cause;
      if (cause instanceof ApiError) throw cause;
      throw new ConnectionError(`${call}: ${this.host} gave no answer (${reason(cause)})`, { cause });
    } finally {
      clearTimeout(timer);
    }
  }

  #url({ path, query }: Outgoing): URL {
    const url = new URL(path, this.host);
    for (const [key, value] of Object.entries(query ?? {}))
      if (value !== undefined) url.searchParams.set(key, String(value));
    return url;
  }
}

function bodyOf(
  body: Body,
  sent: (body: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>,
): NonNullable<RequestInit["body"]> {
  return typeof body === "string" ? body : (ReadableStream.from(sent(body)) as ReadableStream<Uint8Array>);
}

async function drain(response: Response): Promise<void> {
  await response.arrayBuffer();
}

function mayRetry(error: unknown, idempotent: boolean): boolean {
  if (error instanceof ConnectionError) return idempotent;
  if (!(error instanceof ApiError)) return false;
  return idempotent && error.outcomeUnknown;
}

function reason(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.message) : String(cause);
}
