interface Alarm {
  readonly at: number;
  readonly ring: () => void;
  cancelled: boolean;
}

/**
 * The sandbox's time: runs with the machine's, and can be moved forward by a test. Alarms between the old time and the
 * new one ring in order, each at its own time. All times are milliseconds since 1970.
 */
export class Clock {
  #offset = 0;
  /** In ringing order, from `#first` on; what lies before has rung. */
  #alarms: Alarm[] = [];
  #first = 0;
  #timer: NodeJS.Timeout | undefined;
  #frozenAt: number | undefined;

  now(): number {
    return this.#frozenAt ?? Date.now() + this.#offset;
  }

  /** Calls `ring` once `delay` ms have passed on this clock. Returns a function that cancels it. */
  after(delay: number, ring: () => void): () => void {
    const alarm: Alarm = { at: this.now() + delay, ring, cancelled: false };
    const place = this.#placeFor(alarm.at);
    this.#alarms.splice(place, 0, alarm);
    if (place === this.#first) this.#arm();
    return () => {
      alarm.cancelled = true;
    };
  }

  /** Moves the clock forward by `ms`, ringing every alarm on the way. */
  advance(ms: number): void {
    const target = this.now() + ms;
    try {
      for (let next = this.#alarms[this.#first]; next && next.at <= target; next = this.#alarms[this.#first]) {
        this.#drop();
        if (next.cancelled) continue;
        this.#frozenAt = Math.max(next.at, this.now());
        next.ring();
      }
    } finally {
      this.#frozenAt = undefined;
      this.#offset = target - Date.now();
      this.#arm();
    }
  }

  stop(): void {
    this.#alarms = [];
    this.#first = 0;
    clearTimeout(this.#timer);
  }

  /** Takes the first alarm off; the space before it is given back in bulk, so that a long advance stays linear. */
  #drop(): void {
    this.#first++;
    if (this.#first > 1_024 && this.#first * 2 > this.#alarms.length) {
      this.#alarms.splice(0, this.#first);
      this.#first = 0;
    }
  }

  /** Where an alarm at that time goes: after all that ring no later. */
  #placeFor(at: number): number {
    let low = this.#first;
    let high = this.#alarms.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#alarms[middle]?.at ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const next = this.#alarms[this.#first];
    if (!next) return;
    this.#timer = setTimeout(() => this.advance(0), Math.min(Math.max(0, next.at - this.now()), 2 ** 31 - 1));
    this.#timer.unref();
  }
}
