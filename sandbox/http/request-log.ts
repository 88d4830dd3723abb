/** One request as the server saw it. `route` is the pattern that answered, or the path where none did. */
export interface LoggedRequest {
  /** Machine time, ms since 1970. */
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly route: string;
  /** Status sent; 0 when the connection was cut. */
  readonly status: number;
  readonly ms: number;
}

const readMethods = new Set(["GET", "HEAD", "OPTIONS"]);

/** The last requests in full and counters over all of them, so that a test can say "no write was made". */
export class RequestLog {
  #ring: LoggedRequest[] = [];
  #next = 0;
  #counts = new Map<string, number>();
  #writes = 0;

  constructor(readonly capacity = 10_000) {}

  add(request: LoggedRequest): void {
    this.#ring[this.#next] = request;
    this.#next = (this.#next + 1) % this.capacity;
    const key = `${request.method} ${request.route}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    if (!readMethods.has(request.method)) this.#writes++;
  }

  /** The requests still held, oldest first. */
  entries(): LoggedRequest[] {
    return [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)];
  }

  /** How many requests each `METHOD route` has had since the start or the last `reset`. */
  counts(): Record<string, number> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => a.localeCompare(b)));
  }

  /** Requests with a method other than GET, HEAD and OPTIONS, refused ones too. */
  get writes(): number {
    return this.#writes;
  }

  reset(): void {
    this.#ring = [];
    this.#next = 0;
    this.#counts.clear();
    this.#writes = 0;
  }
}
