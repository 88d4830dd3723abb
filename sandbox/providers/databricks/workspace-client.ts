import { setTimeout as sleep } from "node:timers/promises";
import type { Properties } from "../property-values.js";

/** A failure as the Databricks provider words it: the message, with the code at hand. */
export class WorkspaceFailure extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const transient = [429, 503, 504];
const retries = 8;

/** Requests to a workspace's REST API. */
export class WorkspaceClient {
  constructor(
    readonly host: string,
    private readonly token: () => Promise<string>,
  ) {}

  get(path: string, query: Readonly<Record<string, string>> = {}): Promise<Properties> {
    const text = new URLSearchParams(query).toString();
    return this.#fetch("GET", text === "" ? path : `${path}?${text}`);
  }

  post(path: string, body: Properties): Promise<Properties> {
    return this.#fetch("POST", path, body);
  }

  async #fetch(method: string, path: string, body?: Properties): Promise<Properties> {
    const authorization = `Bearer ${await this.token()}`;
    for (let attempt = 0; ; attempt++) {
      const response = await fetch(`${this.host}${path}`, {
        method,
        headers: { authorization, "content-type": "application/json" },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      const text = await response.text();
      const answer = parse(text);
      if (response.ok) return answer;
      if (attempt >= retries || !transient.includes(response.status))
        throw new WorkspaceFailure(
          response.status,
          String(answer.error_code ?? ""),
          String(answer.message ?? `${method} ${path} answered ${response.status}: ${text}`),
        );
      const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
      await sleep(Number.isFinite(seconds) ? seconds * 1000 : Math.min(100 * 2 ** attempt, 5_000));
    }
  }
}

function parse(text: string): Properties {
  try {
    return text === "" ? {} : (JSON.parse(text) as Properties);
  } catch {
    return {};
  }
}
