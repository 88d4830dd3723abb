/** One thing wrong in the configuration. */
export interface Mistake {
  /** The key, and the path inside it: `databricks-dr:mounts.credentials[0].mounts`. */
  readonly key: string;
  /** What is wrong: follows the key as a sentence does, `is "LRS", which is not …`. */
  readonly wrong: string;
  /** What would be right: follows as an order, `use one of …`. */
  readonly right: string;
}

/** How a value is read: either the typed value, or mistakes and undefined. */
export interface Shape<T> {
  /** The type as the documentation's table shows it. */
  readonly type: string;
  read(value: unknown, key: string, mistakes: Mistake[]): T | undefined;
}

export type ValueOf<S> = S extends Shape<infer T> ? T : never;

/** One configuration key, as data: what is validated is what is documented. */
export interface Key<T = unknown> {
  readonly shape: Shape<T>;
  /** Must be set in every stack. */
  readonly required?: boolean;
  /** The value when the key is not set. */
  readonly default?: T;
  /** The default in words, where it is not a fixed value. */
  readonly defaultDoc?: string;
  /** Markdown; says what a change does to what is already there. */
  readonly doc: string;
}

/** How a wrong value is quoted: in full when short; a long one would hide the message. */
function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** A text; numbers and booleans count as the text that they were written as, because `pulumi config set` retypes them. */
export function text(options: { pattern?: RegExp; right?: string; type?: string } = {}): Shape<string> {
  const right = options.right ?? "give a text that is not empty";
  return {
    type: options.type ?? "text",
    read(value, key, mistakes) {
      if (typeof value === "number" && !Number.isSafeInteger(value)) {
        const wrong = `is a number that cannot be kept exactly (${quote(value)})`;
        mistakes.push({ key, wrong, right: "write the id in quotes in the stack's file" });
        return undefined;
      }
      const written = typeof value === "number" || typeof value === "boolean" ? String(value) : value;
      if (typeof written === "string" && written !== "" && (options.pattern?.test(written) ?? true)) return written;
      mistakes.push({ key, wrong: `is ${quote(value)}`, right });
      return undefined;
    },
  };
}

export const flag: Shape<boolean> = {
  type: "true \\| false",
  read(value, key, mistakes) {
    if (value === true || value === "true") return true;
    if (value === false || value === "false") return false;
    mistakes.push({ key, wrong: `is ${quote(value)}`, right: "use true or false" });
    return undefined;
  },
};

export function number(range: { min: number; max: number; integer?: boolean }): Shape<number> {
  const noun = range.integer ? "a whole number" : "a number";
  return {
    type: `${range.integer ? "whole number" : "number"} ${range.min}–${range.max}`,
    read(value, key, mistakes) {
      const parsed = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
      const fits =
        typeof parsed === "number" &&
        parsed >= range.min &&
        parsed <= range.max &&
        (!range.integer || Number.isInteger(parsed));
      if (fits) return parsed;
      mistakes.push({ key, wrong: `is ${quote(value)}`, right: `use ${noun} from ${range.min} to ${range.max}` });
      return undefined;
    },
  };
}

/** One of a few words. `because` says why others are refused. */
export function oneOf<const T extends string>(words: readonly T[], because?: string): Shape<T> {
  return {
    type: words.map((word) => `\`${word}\``).join(" \\| "),
    read(value, key, mistakes) {
      const word = words.find((candidate) => candidate === value);
      if (word) return word;
      const near = typeof value === "string" && !because ? nearest(value, words) : undefined;
      const choices = `use ${orList(words)}`;
      mistakes.push({
        key,
        wrong: `is ${quote(value)}${because ? `, ${because}` : ""}`,
        right: near && words.length > 2 ? `${choices} (did you mean ${near}?)` : choices,
      });
      return undefined;
    },
  };
}

export function list<T>(element: Shape<T>): Shape<readonly T[]> {
  return {
    type: `list of ${element.type}`,
    read(value, key, mistakes) {
      const decoded = decode(value);
      if (!Array.isArray(decoded)) {
        mistakes.push({ key, wrong: `is ${kindOf(decoded)}`, right: `give a list: ${example(key, "[0]")}` });
        return undefined;
      }
      return all(decoded.map((item, index) => element.read(item, `${key}[${index}]`, mistakes)));
    },
  };
}

type MapOf<K extends string, T> = Readonly<string extends K ? Record<string, T> : Partial<Record<K, T>>>;

/** An object with keys of the user's choice. With `names`, only these keys are allowed. */
export function mapOf<T, K extends string = string>(
  element: Shape<T>,
  options: { names?: readonly K[]; of?: string } = {},
): Shape<MapOf<K, T>> {
  return {
    type: `{${options.of ?? "name"}: ${element.type}}`,
    read(value, key, mistakes) {
      const entries = entriesOf(value, key, mistakes);
      if (!entries) return undefined;
      const known = entries.filter(
        ([name]) => checkName(name, key, options.names, mistakes) && checkExact(name, key, mistakes),
      );
      const read = known.map(([name, item]) => [name, element.read(item, `${key}.${name}`, mistakes)] as const);
      return read.some(([, item]) => item === undefined) ? undefined : (Object.fromEntries(read) as MapOf<K, T>);
    },
  };
}

type Fields = Readonly<Record<string, Shape<unknown>>>;
type ObjectOf<F extends Fields, R extends keyof F> = Readonly<
  { [K in keyof F as K extends R ? K : never]: ValueOf<F[K]> } & {
    [K in keyof F as K extends R ? never : K]?: ValueOf<F[K]>;
  }
>;

/** An object with known fields: another field is a mistake. Fields are optional unless named in `required`. */
export function object<F extends Fields, R extends keyof F & string = never>(
  fields: F,
  required: readonly R[] = [],
): Shape<ObjectOf<F, R>> {
  const names = Object.keys(fields);
  return {
    type: `{${names.map((name) => (required.includes(name as R) ? name : `${name}?`)).join(", ")}}`,
    read(value, key, mistakes) {
      const entries = entriesOf(value, key, mistakes);
      if (!entries) return undefined;
      const given = new Map(entries);
      for (const name of required)
        if (!given.has(name)) mistakes.push({ key: `${key}.${name}`, wrong: "is missing", right: "give it" });
      const known = entries.filter(([name]) => checkName(name, key, names, mistakes));
      const read = known.map(([name, item]) => [name, fields[name]?.read(item, `${key}.${name}`, mistakes)] as const);
      return read.some(([, item]) => item === undefined) ? undefined : (Object.fromEntries(read) as ObjectOf<F, R>);
    },
  };
}

/** The same shape, with one more look at the value: it may add mistakes, which make the value undefined. */
export function checked<T>(shape: Shape<T>, check: (value: T, key: string, mistakes: Mistake[]) => void): Shape<T> {
  return {
    type: shape.type,
    read(value, key, mistakes) {
      const before = mistakes.length;
      const read = shape.read(value, key, mistakes);
      if (read !== undefined) check(read, key, mistakes);
      return mistakes.length > before ? undefined : read;
    },
  };
}

/** The candidate that a misspelt word was probably meant to be, if one is near. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.floor(word.length / 3));
  return candidates
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance)[0]?.candidate;
}

export function orList(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

/** What every object of JavaScript has: as a key it would be taken for a value that nobody has set. */
const builtIn = Object.getOwnPropertyNames(Object.prototype);

function checkName(name: string, key: string, names: readonly string[] | undefined, mistakes: Mistake[]): boolean {
  if (names?.includes(name)) return true;
  if (!names && !builtIn.includes(name) && name !== "prototype") return true;
  if (!names) {
    mistakes.push({ key: `${key}.${name}`, wrong: "is no name that anything here can have", right: "remove it" });
    return false;
  }
  const near = nearest(name, names);
  const wrong = "is not known here";
  mistakes.push({
    key: `${key}.${name}`,
    wrong,
    right: near ? `did you mean ${key}.${near}?` : `${key} takes ${orList(names)}`,
  });
  return false;
}

/**
 * An id of 64 bits that stands without quotes in YAML is read as a number and rounded. As a key it shows that by an
 * exponent, or by ending in zeros after the seventeen digits that such a number has.
 */
function checkExact(name: string, key: string, mistakes: Mistake[]): boolean {
  const isRounded = /^\d{19,}$/.test(name) && String(Number(name)) === name;
  if (!isRounded && !/^\d(\.\d+)?e\+\d+$/i.test(name)) return true;
  mistakes.push({
    key: `${key}.${name}`,
    wrong: "is a number that was rounded when the stack's file was read",
    right: "write the id in quotes in the stack's file",
  });
  return false;
}

function entriesOf(value: unknown, key: string, mistakes: Mistake[]): [string, unknown][] | undefined {
  const decoded = decode(value);
  if (decoded !== null && typeof decoded === "object" && !Array.isArray(decoded)) return Object.entries(decoded);
  mistakes.push({ key, wrong: `is ${kindOf(decoded)}`, right: `give an object: ${example(key, ".<name>")}` });
  return undefined;
}

/** Pulumi hands lists and objects to the program as JSON text. */
function decode(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

/** Not the value itself: a broken object may hold something that should have been a secret reference. */
function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "string") return "a text";
  if (value === null) return "empty";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function example(key: string, step: string): string {
  return `pulumi config set --path '${key}${step}' <value>`;
}

function all<T>(items: readonly (T | undefined)[]): readonly T[] | undefined {
  return items.includes(undefined) ? undefined : (items as readonly T[]);
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    row = next;
  }
  return row[b.length]!;
}
