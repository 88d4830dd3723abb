interface Alarm {
  readonly at: number;
  readonly ring: () => void;
}

/**
 * The sandbox's time: runs with the machine's, and can be moved forward by a test. Alarms between the old time and the
 * new one ring in order, each at its own time. All times are milliseconds since 1970.
 */
export class Clock {
  #offset = 0;
  #alarms: Alarm[] = [];
  #timer: NodeJS.Timeout | undefined;
  #frozenAt: number | undefined;

  now(): number {
    return this.#frozenAt ?? Date.now() + this.#offset;
  }

  /** Calls `ring` once `delay` ms have passed on this clock. Returns a function that cancels it. */
  after(delay: number, ring: () => void): () => void {
    const alarm = { at: this.now() + delay, ring };
    this.#alarms.push(alarm);
    this.#alarms.sort((a, b) => a.at - b.at);
    this.#arm();
    return () => {
      this.#alarms = this.#alarms.filter((other) => other !== alarm);
      this.#arm();
    };
  }

  /** Moves the clock forward by `ms`, ringing every alarm on the way. */
  advance(ms: number): void {
    const target = this.now() + ms;
    for (let next = this.#alarms[0]; next && next.at <= target; next = this.#alarms[0]) {
      this.#alarms.shift();
      this.#frozenAt = Math.max(next.at, this.now());
      next.ring();
    }
    this.#frozenAt = undefined;
    this.#offset = target - Date.now();
    this.#arm();
  }

  stop(): void {
    this.#alarms = [];
    clearTimeout(this.#timer);
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const next = this.#alarms[0];
    if (!next) return;
    this.#timer = setTimeout(
      () => {
        this.advance(0);
        this.#arm();
      },
      Math.min(Math.max(0, next.at - this.now()), 2 ** 31 - 1),
    );
    this.#timer.unref();
  }
}
