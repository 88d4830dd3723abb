import { z } from "zod";
import { nearest } from "./nearest.js";
import { keyAt, orList, quote, told, typeNoun } from "./mistakes.js";

/**
 * What values of the configuration may be. Pulumi keeps them as text and retypes some of them, so each shape takes a value in
 * either form; the type that an editor is told (`meta`) is what may stand in the stack's file.
 */

// A shape reads one value in a program's life: compiling a parser for it takes longer than reading.
z.config({ jitless: true });

/** What zod says of a wrong value to those that word the mistake; the path begins with the key's name. */
interface Wrong {
  readonly code?: string;
  readonly input?: unknown;
  readonly path?: PropertyKey[] | undefined;
}

interface TextOptions {
  readonly pattern?: RegExp;
  /** The pattern of what is written, where that is put into another form before it is checked. */
  readonly writtenPattern?: RegExp;
  readonly normalize?: (text: string) => string;
  /** What would be right, as an order. */
  readonly right?: string;
  /** What it is called in the documentation. */
  readonly title?: string;
}

/** A text; numbers and booleans count as the text that they were written as, because `pulumi config set` retypes them. */
export function text(options: TextOptions = {}) {
  const { pattern = /./, normalize, right = "give a text that is not empty", title = "text" } = options;
  const error = ({ input }: Wrong): string => {
    if (input === undefined) return missing(title);
    if (typeof input !== "number") return told(`is ${quote(input)}`, right);
    return told(`is a number that cannot be kept exactly (${input})`, "write the id in quotes in the stack's file");
  };
  const written = (value: unknown): unknown => {
    const isExact = Number.isSafeInteger(value) || typeof value === "boolean";
    const exact = isExact ? String(value) : value;
    return normalize && typeof exact === "string" ? normalize(exact) : exact;
  };
  return z.preprocess(written, z.string({ error }).regex(pattern, { error })).meta({
    title,
    type: ["string", ...(pattern.test("7") ? ["integer"] : []), ...(pattern.test("true") ? ["boolean"] : [])],
    ...(options.writtenPattern ? { pattern: options.writtenPattern.source } : {}),
  });
}

export function flag() {
  const error = ({ input }: Wrong): string => told(`is ${quote(input)}`, "use true or false");
  const written = (value: unknown): unknown => (value === "true" ? true : value === "false" ? false : value);
  return z
    .preprocess(written, z.boolean({ error }))
    .meta({ title: "true | false", type: ["boolean", "string"], enum: [true, false, "true", "false"] });
}

export function number({ min, max, integer = false }: { min: number; max: number; integer?: boolean }) {
  const noun = integer ? "whole number" : "number";
  const error = ({ input }: Wrong): string => told(`is ${quote(input)}`, `use a ${noun} from ${min} to ${max}`);
  const within = (integer ? z.int({ error }) : z.number({ error })).min(min, { error }).max(max, { error });
  // A text that is no such number stays one: it is quoted as it was written.
  const written = (value: unknown): unknown => {
    const isNumeral = typeof value === "string" && value.trim() !== "";
    return isNumeral && within.safeParse(Number(value)).success ? Number(value) : value;
  };
  return z.preprocess(written, within).meta({
    title: `${noun} ${min}–${max}`,
    type: [integer ? "integer" : "number", "string"],
    pattern: integer ? "^\\d+$" : "^\\d+(\\.\\d+)?$",
  });
}

/** One of a few words. `because` says why others are refused. */
export function oneOf<const Word extends string>(words: readonly Word[], because?: string) {
  const error = ({ input }: Wrong): string => {
    if (input === undefined) return missing(words.join(" | "));
    const near = typeof input === "string" && !because && words.length > 2 ? nearest(input, words) : undefined;
    const choices = `use ${orList(words)}`;
    return told(
      `is ${quote(input)}${because ? `, ${because}` : ""}`,
      near ? `${choices} (did you mean ${near}?)` : choices,
    );
  };
  return z.enum(words, { error });
}

export function list<Element extends z.ZodType>(element: Element) {
  const error = ({ input, path }: Wrong): string =>
    told(`is ${typeNoun(input)}`, `give a list: ${example(path, "[0]")}`);
  return z.preprocess(decoded, z.array(element, { error }));
}

/** A list that has nothing twice. */
export function distinct<Element extends z.ZodType>(element: Element) {
  return list(element)
    .superRefine((values, context) => {
      const again = values.find((each, index) => values.indexOf(each) < index);
      if (again !== undefined)
        context.addIssue({ code: "custom", message: told(`has ${quote(again)} twice`, "name each once") });
    })
    .meta({ uniqueItems: true });
}

interface Name {
  /** What a name stands for: `node type`. */
  readonly of?: string;
  readonly pattern?: RegExp;
  /** Tells what is wrong with a name, as `told` does. */
  readonly mistake?: (name: string) => string | undefined;
}

/** An object with keys of the user's choice. */
export function mapOf<Element extends z.ZodType>(element: Element, name: Name = {}) {
  const { of = "name", pattern, mistake } = name;
  const key = z
    .string()
    .superRefine((written, context) => {
      const message = roundedName(written) ?? mistake?.(written);
      if (message !== undefined) context.addIssue({ code: "custom", message });
    })
    .meta({ title: of, ...(pattern ? { pattern: pattern.source } : {}) });
  return z.preprocess(
    (value, context) => {
      const map = decoded(value);
      for (const inherited of inheritedNames(map))
        context.addIssue({
          code: "custom",
          path: [inherited],
          message: told("is no name that anything here can have", "remove it"),
        });
      return map;
    },
    z.record(key, element, { error: noObject }),
  );
}

/** An object of which each of `names` may be a key, and nothing else. */
export function mapOfNames<Name extends string, Element extends z.ZodType>(
  names: readonly Name[],
  element: Element,
  of: string,
) {
  const fields = Object.fromEntries(names.map((name) => [name, element.optional()]));
  type Fields = Record<Name, string extends Name ? Element : z.ZodOptional<Element>>;
  return object(fields as unknown as Fields).meta({ propertyNames: { title: of } });
}

/** An object with known fields: another field is a mistake. */
export function object<Fields extends z.core.$ZodLooseShape>(fields: Fields) {
  const names = Object.keys(fields).join(" ");
  const error = (issue: Wrong): string => (issue.code === "unrecognized_keys" ? names : noObject(issue));
  return z.preprocess(decoded, z.strictObject(fields, { error }));
}

const missing = (type: string): string => told("is missing", `set it (${type})`);

function noObject({ input, path }: Wrong): string {
  return input === undefined
    ? missing("object")
    : told(`is ${typeNoun(input)}`, `give an object: ${example(path, ".<name>")}`);
}

function example(path: readonly PropertyKey[] = [], step: string): string {
  return `pulumi config set --path '${keyAt(path)}${step}' <value>`;
}

/** Pulumi hands lists and objects to the program as JSON text. */
function decoded(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

/** What every object of JavaScript has: as a key it would be taken for a value that nobody has set. */
function inheritedNames(map: unknown): string[] {
  if (map === null || typeof map !== "object" || Array.isArray(map)) return [];
  const inherited = [...Object.getOwnPropertyNames(Object.prototype), "prototype"];
  return Object.keys(map).filter((name) => inherited.includes(name));
}

/**
 * An id of 64 bits that stands without quotes in YAML is read as a number and rounded. As a key it shows that by an
 * exponent, or by ending in zeros after the seventeen digits that such a number has.
 */
function roundedName(name: string): string | undefined {
  const isRounded = /^\d{19,}$/.test(name) && String(Number(name)) === name;
  if (!isRounded && !/^\d(\.\d+)?e\+\d+$/i.test(name)) return undefined;
  return told(
    "is a number that was rounded when the stack's file was read",
    "write the id in quotes in the stack's file",
  );
}
