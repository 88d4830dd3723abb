import picomatch from "picomatch";

/**
 * One fault, put in at run time. Every given condition must hold for it to strike; the path is matched without its query.
 * `skip` lets that many matches pass first and `times` bounds how often it strikes (default: every time).
 */
export interface FaultRule {
  /** HTTP method; any by default. */
  readonly method?: string;
  /** Glob over the path, e.g. `/api/2.?/jobs/create`; any by default. */
  readonly path?: string;
  /** Strikes only when the request's body has this text in it. */
  readonly bodyContains?: string;
  readonly skip?: number;
  readonly times?: number;
  /** Chance of striking, 0 to 1, drawn from a sequence that `seed` (default 1) fixes. */
  readonly probability?: number;
  readonly seed?: number;
  /** "before": the handler never runs. "after": the write happened, and its answer is replaced or lost. */
  readonly phase: "before" | "after";
  /** Status of the answer, 200 to 599; one below 400 needs `body`. Without it (and without `cut`) the answer stays as it is. */
  readonly status?: number;
  readonly errorCode?: string;
  readonly message?: string;
  /** The whole body of the answer, sent as it is, in place of an error's: a sign-in page, or `{}`. Needs `status`. */
  readonly body?: string;
  /** Of `body`; `application/json` by default. */
  readonly contentType?: string;
  /** Put over the answer's own. Without `status` they are put on what the handler answers, in phase "after". */
  readonly headers?: Readonly<Record<string, string>>;
  readonly delayMs?: number;
  /** Closes the connection instead of answering. */
  readonly cut?: boolean;
}

/** A rule as it stands: how often it matched and how often it struck. */
export interface ArmedFault {
  readonly id: number;
  readonly rule: FaultRule;
  readonly matched: number;
  readonly struck: number;
}

interface Armed {
  readonly id: number;
  readonly rule: FaultRule;
  readonly pathMatches: (path: string) => boolean;
  readonly draw: () => number;
  matched: number;
  struck: number;
}

/** A small seeded generator (mulberry32), so that a run with faults can be had again. */
function sequence(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What is wrong with a rule; undefined when it can be taken. */
function mistakeIn(rule: FaultRule): string | undefined {
  const { phase, status, body, contentType, headers, cut, delayMs } = rule;
  if (phase !== "before" && phase !== "after") return `phase must be "before" or "after", not ${JSON.stringify(phase)}`;
  if (status !== undefined && !(Number.isInteger(status) && status >= 200 && status <= 599))
    return `status must be 200 to 599, not ${status}`;
  if (body !== undefined && typeof body !== "string") return "body must be a text, which is sent as it is";
  if (status !== undefined && status < 400 && body === undefined) return `status ${status} needs a body`;
  if ((body !== undefined || contentType !== undefined) && status === undefined) return "body needs a status";
  if (contentType !== undefined && body === undefined) return "contentType needs a body";
  if (headers !== undefined && status === undefined && phase === "before")
    return 'headers without a status need the phase "after"';
  if (status === undefined && !cut && !delayMs && headers === undefined)
    return "needs one of status, cut, delayMs, headers, or it does nothing";
  return undefined;
}

/** The fault rules of one server, in the order they were added; the first that strikes decides. */
export class Faults {
  #armed: Armed[] = [];
  #nextId = 1;

  /** Adds a rule and returns its id. Throws a RangeError that names what is wrong with it. */
  add(rule: FaultRule): number {
    const wrong = mistakeIn(rule);
    if (wrong) throw new RangeError(`fault rule: ${wrong}`);
    const id = this.#nextId++;
    this.#armed.push({
      id,
      rule,
      pathMatches: rule.path === undefined ? () => true : picomatch(rule.path, { dot: true }),
      draw: sequence(rule.seed ?? 1),
      matched: 0,
      struck: 0,
    });
    return id;
  }

  remove(id: number): boolean {
    const before = this.#armed.length;
    this.#armed = this.#armed.filter((armed) => armed.id !== id);
    return this.#armed.length < before;
  }

  clear(): void {
    this.#armed = [];
  }

  list(): ArmedFault[] {
    return this.#armed.map(({ id, rule, matched, struck }) => ({ id, rule, matched, struck }));
  }

  /** The rule that strikes this request, if any. `body` is read only when a rule asks for it. */
  async strike(method: string, path: string, body: () => Promise<string>): Promise<FaultRule | undefined> {
    for (const armed of this.#armed) {
      const { rule } = armed;
      if (rule.method !== undefined && rule.method.toUpperCase() !== method) continue;
      if (!armed.pathMatches(path)) continue;
      if (rule.bodyContains !== undefined && !(await body()).includes(rule.bodyContains)) continue;
      armed.matched++;
      if (armed.matched <= (rule.skip ?? 0)) continue;
      if (rule.times !== undefined && armed.struck >= rule.times) continue;
      if (rule.probability !== undefined && armed.draw() >= rule.probability) continue;
      armed.struck++;
      return rule;
    }
    return undefined;
  }
}
