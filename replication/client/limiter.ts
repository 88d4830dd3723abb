/** One API family that shares a limit, and how many requests a second it is given to begin with. */
export interface Family {
  readonly name: string;
  readonly path: RegExp;
  readonly method?: RegExp;
  readonly perSecond: number;
  /** No limit is known: the rate grows for as long as the workspace does not say 429. */
  readonly unlimited?: boolean;
}

/**
 * Starting rates, below what users report as the limits; a 429 lowers them and quiet raises them again.
 * Source: https://learn.microsoft.com/azure/databricks/resources/limits
 */
export const families: readonly Family[] = [
  { name: "dbfs", path: /^\/api\/2\.0\/dbfs\//, perSecond: 30 },
  { name: "jobs-create", path: /\/jobs\/create$/, perSecond: 20 },
  { name: "permissions-read", path: /\/permissions\//, method: /^GET$/, perSecond: 100 },
  { name: "permissions-write", path: /\/permissions\//, perSecond: 30 },
  { name: "workspace-export", path: /\/workspace\/export$/, perSecond: 60 },
  { name: "workspace-import", path: /\/workspace(-files)?\/import/, perSecond: 30 },
  { name: "scim", path: /\/scim\//, perSecond: 255 / 60 },
  { name: "secrets", path: /\/secrets\//, perSecond: 1100 / 60 },
  { name: "other", path: /^/, perSecond: 200, unlimited: true },
];

const slowest = 0.2;

/** Where no limit is known, the concurrency bounds the rate long before this, in requests a second. */
const fastest = 10_000;

/**
 * A token bucket whose rate halves on a 429 and grows back by a twentieth for each second of quiet. Where no limit is known
 * the rate doubles each second until the first 429. It is half a second deep: a workspace that allows a second's worth at
 * once has room left for requests that were spread when they were sent and come in a bunch.
 */
class Bucket {
  #rate: number;
  #refused = false;
  #tokens: number;
  #refilled = performance.now();
  #quietSince = performance.now();
  #blockedUntil = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #waiting: (() => void)[] = [];

  constructor(
    private readonly start: number,
    private readonly ceiling: number,
  ) {
    this.#rate = start;
    this.#tokens = this.#depth;
  }

  /**
   * Waits for this caller's turn. Turns are handed out in the order asked, at the rate of the moment: who waits feels a 429,
   * too. What was refused before goes first.
   */
  take(again: boolean): Promise<void> {
    return new Promise((resolve) => {
      if (again) this.#waiting.unshift(resolve);
      else this.#waiting.push(resolve);
      this.#serve();
    });
  }

  #serve(): void {
    this.#refill();
    const blockedMs = this.#blockedUntil - performance.now();
    for (; blockedMs <= 0 && this.#tokens >= 1 && this.#waiting.length > 0; this.#tokens -= 1) this.#waiting.shift()!();
    if (this.#waiting.length === 0 || this.#timer) return;
    const forToken = ((1 - this.#tokens) / this.#rate) * 1000;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#serve();
      },
      Math.max(1, blockedMs, forToken),
    );
  }

  /** Whether it is news: requests that were under way together are refused together, and that is one sign, not many. */
  slowDown(waitMs: number): boolean {
    this.#refill();
    const now = performance.now();
    const isNews = now >= this.#blockedUntil;
    if (isNews) this.#rate = Math.max(slowest, this.#rate / 2);
    this.#refused = true;
    this.#tokens = Math.min(this.#tokens, 0);
    this.#blockedUntil = Math.max(this.#blockedUntil, now + waitMs);
    this.#quietSince = now;
    return isNews;
  }

  get #depth(): number {
    return Math.max(1, this.#rate / 2);
  }

  #refill(): void {
    const now = performance.now();
    const quietSeconds = Math.floor((now - this.#quietSince) / 1000);
    if (quietSeconds >= 1 && this.#rate < this.ceiling) {
      const grown = this.#refused ? this.#rate + (this.start / 20) * quietSeconds : this.#rate * 2 ** quietSeconds;
      this.#rate = Math.min(this.ceiling, grown);
      this.#quietSince = now;
    }
    this.#tokens = Math.min(this.#depth, this.#tokens + ((now - this.#refilled) / 1000) * this.#rate);
    this.#refilled = now;
  }
}

/** Bounds the requests under way at one workspace: halves on a 429, grows by one for every full round without. */
class Gate {
  #limit: number;
  #running = 0;
  #successes = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(readonly ceiling: number) {
    this.#limit = ceiling;
  }

  async enter(): Promise<void> {
    while (this.#running >= this.#limit) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running += 1;
  }

  leave(): void {
    this.#running -= 1;
    if (++this.#successes >= this.#limit && this.#limit < this.ceiling) {
      this.#limit += 1;
      this.#successes = 0;
    }
    for (let free = this.#limit - this.#running; free > 0 && this.#waiting.length > 0; free--)
      this.#waiting.shift()?.();
  }

  narrow(): void {
    this.#limit = Math.max(1, Math.floor(this.#limit / 2));
    this.#successes = 0;
  }
}

export interface LimiterOptions {
  /** Requests a second by family name; families not named keep their default. */
  readonly rateLimits?: Readonly<Record<string, number>>;
  /** Most requests under way at once. */
  readonly concurrency?: number;
}

/** The one limiter of a workspace: all kinds of a run share it. */
export class Limiter {
  readonly #buckets = new Map<string, Bucket>();
  readonly #gate: Gate;

  constructor(private readonly options: LimiterOptions = {}) {
    this.#gate = new Gate(options.concurrency ?? 32);
  }

  /**
   * Runs one request when its family's rate and the workspace's concurrency allow it.
   *
   * @param again Whether it was sent before, so that it goes before those that were not.
   */
  async run<T>(method: string, path: string, again: boolean, request: () => Promise<T>): Promise<T> {
    await this.#bucket(method, path).take(again);
    await this.#gate.enter();
    try {
      return await request();
    } finally {
      this.#gate.leave();
    }
  }

  /** The workspace said 429: `waitMs` is its `Retry-After`, or the caller's back-off. */
  slowDown(method: string, path: string, waitMs: number): void {
    if (this.#bucket(method, path).slowDown(waitMs)) this.#gate.narrow();
  }

  #bucket(method: string, path: string): Bucket {
    const family = families.find((each) => each.path.test(path) && (!each.method || each.method.test(method)))!;
    let bucket = this.#buckets.get(family.name);
    if (!bucket) {
      const configured = this.options.rateLimits?.[family.name];
      const start = configured ?? family.perSecond;
      bucket = new Bucket(start, family.unlimited && configured === undefined ? fastest : start);
      this.#buckets.set(family.name, bucket);
    }
    return bucket;
  }
}
