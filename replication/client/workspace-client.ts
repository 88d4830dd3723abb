import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { countCall } from "./call-count.js";
import type { Credentials } from "./sign-in.js";
import { ApiError, apiError, ConnectionError, UnexpectedAnswer } from "./errors.js";
import { isArray, isObject, type Json, type JsonObject, objectsOf, parseJson, stringifyJson } from "../values/json.js";
import { type Limiter, TooLongWait } from "./limiter.js";

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

/** For a workspace that has given no answer to all attempts of an earlier request, and to none since. */
const attemptsOfSilent = 2;
const refusedForMs = 5 * 60_000;
const firstBackoffMs = 250;
const longestBackoffMs = 20_000;
const answerWithinMs = 120_000;
/** A wait that a person who watches would take for a hang, in ms. */
const longWaitMs = 10_000;

/** A page may be empty, where all that it would show is hidden; a listing that shows so many in a row never ends. */
const mostEmptyPages = 20;

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
  #silent = false;
  /** Told when the workspace asks to be left alone for a while: how long, and what part of its API. */
  onWait: (seconds: number, family: string) => void = () => undefined;

  constructor(
    readonly host: string,
    private readonly signIn: () => Promise<Credentials>,
    private readonly limiter: Limiter,
    /** The workspace's id as Azure knows it; without it the first answer tells. */
    private readonly expectedId?: string,
  ) {}

  /** When the last request was sent, in ms since 1970. */
  get lastUsed(): number {
    return this.#lastUsed;
  }

  async get(path: string, query?: Query): Promise<JsonObject> {
    return this.#json({ method: "GET", path, ...(query ? { query } : {}), idempotent: true });
  }

  async post(path: string, body: JsonObject, options: RequestOptions = {}): Promise<JsonObject> {
    return this.#sendJson("POST", path, body, options.idempotent ?? false);
  }

  /** Sends fields and a file as a form does: what JSON would carry as text that is a third longer, and to a limit. */
  async postForm(path: string, fields: Readonly<Record<string, string>>, content: Uint8Array): Promise<void> {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    form.set("content", new Blob([new Uint8Array(content)]), "content");
    const encoded = new Response(form);
    const [contentType, bytes] = [encoded.headers.get("content-type")!, new Uint8Array(await encoded.arrayBuffer())];
    const body = (): Body => Readable.from([bytes]);
    await this.#send({ method: "POST", path, body, contentType, idempotent: true }, drained(`POST ${path}`));
  }

  /** Replaces: doing it twice is as good as once. */
  async put(path: string, body: JsonObject): Promise<JsonObject> {
    return this.#sendJson("PUT", path, body, true);
  }

  #sendJson(method: string, path: string, body: JsonObject, idempotent: boolean): Promise<JsonObject> {
    return this.#json({ method, path, body: () => stringifyJson(body), contentType: "application/json", idempotent });
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
    await this.#send({ method, path, query, body, contentType, idempotent: true }, drained(`${method} ${path}`));
  }

  async delete(path: string): Promise<void> {
    await this.#send({ method: "DELETE", path, idempotent: true }, drained(`DELETE ${path}`));
  }

  /**
   * The objects of a listing in pages of `page_token`. A page that cannot be read, or that comes again, is an error: a listing
   * is whole or it is none.
   */
  async *list(path: string, items: string, query: Query = {}): AsyncGenerator<JsonObject> {
    const seen = new Set<string>();
    const firsts = new Set<string>();
    let emptyPages = 0;
    for (let token: string | undefined = ""; token !== undefined;) {
      const page: JsonObject = await this.get(path, token === "" ? query : { ...query, page_token: token });
      const objects = page[items];
      if (objects !== undefined && !isArray(objects))
        throw new UnexpectedAnswer(`GET ${path}: ${items} is no list, but ${stringifyJson(objects).slice(0, 80)}`);
      yield* objectsOf(objects);
      emptyPages = objects?.length ? 0 : emptyPages + 1;
      if (emptyPages > mostEmptyPages)
        throw new UnexpectedAnswer(`GET ${path}: goes on after ${mostEmptyPages} empty pages`);
      const first = stringifyJson(objects?.[0]);
      if (objects?.length && firsts.has(first))
        throw new UnexpectedAnswer(`GET ${path}: a page that was read already comes again`);
      firsts.add(first);
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
    return this.#send(request, async (response) => jsonIn(await response.text(), `${request.method} ${request.path}`));
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
          if (Date.now() - refusedSince > Math.max(refusedForMs, this.limiter.longestWaitMs)) throw error;
          // All that wait for the same limit wait with it, and it goes first.
          const waitMs = asked ?? backoff;
          const family = this.limiter.slowDown(request.method, request.path, waitMs);
          if (family !== undefined && waitMs >= longWaitMs) this.onWait(waitMs / 1000, family);
          continue;
        }
        refusedSince = undefined;
        const most = this.#silent ? attemptsOfSilent : attempts;
        if (++failures >= most || !mayRetry(error, request.idempotent)) {
          this.#silent ||= failures >= most && error instanceof ConnectionError;
          throw error;
        }
        const waitMs = Math.max(asked ?? 0, backoff);
        const family = this.limiter.familyName(request.method, request.path);
        if (waitMs > this.limiter.longestWaitMs)
          throw new TooLongWait(family, waitMs / 1000, this.limiter.longestWaitMs / 1000, { cause: error });
        if (asked !== undefined && asked >= longWaitMs) this.onWait(waitMs / 1000, family);
        await sleep(waitMs);
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
      this.#silent = false;
      if (!response.ok) throw await apiError(response, call, request.method === "HEAD");
      this.#checkWorkspace(response, call);
      return await read(response);
    };
    try {
      return await answered();
    } catch (cause) {
      if (unreadable) throw unreadable.cause;
      if (cause instanceof ApiError || cause instanceof UnexpectedAnswer) throw cause;
      throw new ConnectionError(`${call}: ${this.host} gave no answer (${reason(cause)})`, { cause });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Each answer names the workspace that gave it. One of another workspace is not believed. */
  #checkWorkspace(response: Response, call: string): void {
    const id = response.headers.get("x-databricks-org-id") ?? undefined;
    if (id === undefined) return;
    this.#workspaceId ??= this.expectedId ?? id;
    if (id !== this.#workspaceId)
      throw new UnexpectedAnswer(
        `${call}: workspace ${id} answered at ${this.host}, where workspace ${this.#workspaceId} is`,
      );
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

function jsonIn(text: string, call: string): JsonObject {
  let answer: Json;
  try {
    answer = text === "" ? {} : parseJson(text);
  } catch {
    throw new UnexpectedAnswer(`${call}: the answer is no JSON; ${pageOrText(text)}`);
  }
  if (!isObject(answer)) throw new UnexpectedAnswer(`${call}: expected an object, got ${text.slice(0, 80)}`);
  return answer;
}

function pageOrText(text: string): string {
  return isPage(text) ? "a page came, such as one to sign in" : `it begins with ${JSON.stringify(text.slice(0, 40))}`;
}

/** Of an answer that says nothing but that it was done, a page is none. */
function drained(call: string): (response: Response) => Promise<void> {
  return async (response) => {
    const text = await response.text();
    if (isPage(text)) throw new UnexpectedAnswer(`${call}: the answer is no JSON; ${pageOrText(text)}`);
  };
}

function isPage(text: string): boolean {
  return /^\s*</.test(text);
}

function mayRetry(error: unknown, idempotent: boolean): boolean {
  if (error instanceof ConnectionError || error instanceof UnexpectedAnswer) return idempotent;
  if (!(error instanceof ApiError)) return false;
  return idempotent && error.outcomeUnknown;
}

function reason(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.message) : String(cause);
}
