import { setTimeout as sleep } from "node:timers/promises";
import { isObject, type Properties } from "../property-values.js";

/** A failure as azure-native words it. */
export class ArmFailure extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(`Status=${status} Code="${code}" Message="${message}"`);
  }
}

const transient = [408, 429, 500, 502, 503, 504];
const retries = 3;
const pollMs = 20;

/** Requests to ARM, with the retries of Azure's SDKs and operations followed to their end. */
export class ArmClient {
  constructor(
    private readonly endpoint: string,
    private readonly token: string,
  ) {}

  /** Undefined where there is no such resource. */
  async get(path: string, query: string): Promise<Properties | undefined> {
    try {
      return (await this.#send("GET", path, query)).body;
    } catch (error) {
      if (error instanceof ArmFailure && error.status === 404) return undefined;
      throw error;
    }
  }

  post(path: string, query: string, body?: Properties): Promise<Properties> {
    return this.#send("POST", path, query, body).then((answer) => answer.body);
  }

  /**
   * Writes the resource; the returned promise `done` ends when the operation does. A failure before ARM accepted the
   * write rejects this call, one after it rejects `done`.
   */
  async put(path: string, query: string, body: Properties): Promise<{ done: Promise<void> }> {
    const answer = await this.#send("PUT", path, query, body);
    return { done: this.#follow(answer.headers) };
  }

  async delete(path: string, query: string): Promise<void> {
    try {
      const answer = await this.#send("DELETE", path, query);
      await this.#follow(answer.headers);
    } catch (error) {
      if (!(error instanceof ArmFailure && error.status === 404)) throw error;
    }
  }

  async #follow(headers: Headers): Promise<void> {
    const status = headers.get("azure-asyncoperation");
    const result = headers.get("location");
    if (status) {
      for (;;) {
        const { body } = await this.#fetch("GET", status);
        if (body.status === "Succeeded") return;
        if (body.status === "Failed" || body.status === "Canceled") throw failure(200, body);
        await sleep(pollMs);
      }
    }
    while (result) {
      const answer = await this.#fetch("GET", result);
      if (answer.status !== 202) return;
      await sleep(pollMs);
    }
  }

  #send(
    method: string,
    path: string,
    query: string,
    body?: Properties,
  ): Promise<{ status: number; headers: Headers; body: Properties }> {
    return this.#fetch(method, `${this.endpoint}${path}?${query}`, body);
  }

  async #fetch(
    method: string,
    url: string,
    body?: Properties,
  ): Promise<{ status: number; headers: Headers; body: Properties }> {
    for (let attempt = 0; ; attempt++) {
      const response = await fetch(url, {
        method,
        headers: { authorization: `Bearer ${this.token}`, "content-type": "application/json" },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      const text = await response.text();
      const answer = text === "" ? {} : (JSON.parse(text) as Properties);
      if (response.ok) return { status: response.status, headers: response.headers, body: answer };
      if (attempt >= retries || !transient.includes(response.status)) throw failure(response.status, answer);
      const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
      await sleep(Number.isFinite(seconds) ? seconds * 1000 : 100 * 2 ** attempt);
    }
  }
}

function failure(status: number, body: Properties): ArmFailure {
  const error = isObject(body.error) ? body.error : {};
  return new ArmFailure(status, String(error.code ?? "Unknown"), String(error.message ?? ""));
}
