import { familyOf } from "./families.js";

/** The lowest rate that a 429 can bring about, as a share of the one at the beginning. */
const slowestShare = 1 / 20;

/** Where no limit is known, the concurrency bounds the rate long before this, in requests a second. */
const fastest = 10_000;

/** A workspace that asks to be left alone for longer than the configuration allows. */
export class TooLongWait extends Error {
  override readonly name = "TooLongWait";

  constructor(
    readonly family: string,
    readonly seconds: number,
    longest: number,
    options?: ErrorOptions,
  ) {
    super(
      `the workspace asks to wait ${Math.ceil(seconds)} s before the next request to ${family}, longer than databricks-dr:longestWaitSeconds (${longest}): run again later, or raise it`,
      options,
    );
  }
}

interface Waiting {
  resolve(): void;
  reject(error: Error): void;
}

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
  readonly #waiting: Waiting[] = [];

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
    return new Promise((resolve, reject) => {
      if (again) this.#waiting.unshift({ resolve, reject });
      else this.#waiting.push({ resolve, reject });
      this.#serve();
    });
  }

  #serve(): void {
    this.#refill();
    const blockedMs = this.#blockedUntil - performance.now();
    for (; blockedMs <= 0 && this.#tokens >= 1 && this.#waiting.length > 0; this.#tokens -= 1)
      this.#waiting.shift()!.resolve();
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
    if (isNews) this.#rate = Math.max(this.start * slowestShare, this.#rate / 2);
    this.#refused = true;
    this.#tokens = Math.min(this.#tokens, 0);
    this.#blockedUntil = Math.max(this.#blockedUntil, now + waitMs);
    this.#quietSince = now;
    return isNews;
  }

  /** How long the workspace still wants to be left alone, in ms. */
  get blockedMs(): number {
    return this.#blockedUntil - performance.now();
  }

  /** Ends the waiting of all that wait, with that error. */
  refuse(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
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

/** Bounds the requests under way: halves on a 429, grows by one for every full round without. */
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
  /** Longest `Retry-After` that is waited for, in seconds. Default 600. */
  readonly longestWaitSeconds?: number;
}

const defaultLongestWait = 600;

/** What a request waits for before its family lets it through, and what a 429 of the family slows down. */
interface FamilyLimit {
  readonly name: string;
  readonly bucket: Bucket;
  readonly gate: Gate;
}

/**
 * The one limiter of a workspace: all kinds of a run share it. Each family has a rate and a gate of its own, so that a 429 of
 * one slows no other; together they are bounded by the workspace's gate, which nobody holds while waiting for a family.
 */
export class Limiter {
  readonly #families = new Map<string, FamilyLimit>();
  readonly #gate: Gate;
  readonly longestWaitMs: number;

  constructor(private readonly options: LimiterOptions = {}) {
    this.#gate = new Gate(this.#concurrency);
    this.longestWaitMs = (options.longestWaitSeconds ?? defaultLongestWait) * 1000;
  }

  get #concurrency(): number {
    return this.options.concurrency ?? 32;
  }

  /**
   * Runs one request when its family's rate and the workspace's concurrency allow it.
   *
   * @param again Whether it was sent before, so that it goes before those that were not.
   * @throws TooLongWait while the workspace asks to wait longer than is configured.
   */
  async run<T>(method: string, path: string, again: boolean, request: () => Promise<T>): Promise<T> {
    const { name, bucket, gate } = this.#family(method, path);
    this.#assertBearable(name, bucket.blockedMs);
    await bucket.take(again);
    await gate.enter();
    try {
      await this.#gate.enter();
      try {
        return await request();
      } finally {
        this.#gate.leave();
      }
    } finally {
      gate.leave();
    }
  }

  /**
   * The workspace said 429: `waitMs` is its `Retry-After`, or the caller's back-off. Gives the family when that is news: what
   * was under way together is refused together.
   *
   * @throws TooLongWait when that is longer than is configured; what waits for the family already ends with it, too.
   */
  slowDown(method: string, path: string, waitMs: number): string | undefined {
    const { name, bucket, gate } = this.#family(method, path);
    const isNews = bucket.slowDown(waitMs);
    if (isNews) gate.narrow();
    try {
      this.#assertBearable(name, waitMs);
    } catch (error) {
      bucket.refuse(error as TooLongWait);
      throw error;
    }
    return isNews ? name : undefined;
  }

  familyName(method: string, path: string): string {
    return this.#family(method, path).name;
  }

  #assertBearable(name: string, waitMs: number): void {
    if (waitMs > this.longestWaitMs) throw new TooLongWait(name, waitMs / 1000, this.longestWaitMs / 1000);
  }

  #family(method: string, path: string): FamilyLimit {
    const { name, configured, perSecond, isKnown } = familyOf(method, path);
    let family = this.#families.get(name);
    if (!family) {
      const given = this.options.rateLimits?.[configured];
      const start = given ?? perSecond;
      const bucket = new Bucket(start, isKnown || given !== undefined ? start : fastest);
      this.#families.set(name, (family = { name, bucket, gate: new Gate(this.#concurrency) }));
    }
    return family;
  }
}
