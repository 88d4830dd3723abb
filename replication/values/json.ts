import { randomUUID } from "node:crypto";
import { stringify } from "lossless-json";
import { UnexpectedAnswer } from "./unexpected-answer.js";

/** JSON as Databricks means it: an integer beyond 2^53 (job ids, object ids) is a bigint, not a rounded number. */
export type Json = null | boolean | number | bigint | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json | undefined };

/** Only then can a number be one that the built-in parser would round. */
const maybeBeyondDoubles = /\d{16}/;

/** A string, which is passed over, or an integer of so many digits that a double may round it. */
const stringOrLongInteger = /"(?:[^"\\]|\\.)*"|(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g;

/** Stands before the digits of an integer while the text is parsed; nobody who writes into a workspace knows it. */
const mark = `\0${randomUUID()} `;
const markAsJson = JSON.stringify(mark).slice(1, -1);

/**
 * Parsed by the built-in parser: one that reads character by character leaves strings that V8 keeps as chains of them, eight times
 * the text.
 */
export function parseJson(text: string): Json {
  if (!maybeBeyondDoubles.test(text)) return JSON.parse(text) as Json;
  let isMarked = false;
  const marked = text.replace(stringOrLongInteger, (token) => {
    if (token.startsWith('"') || Number.isSafeInteger(Number(token))) return token;
    isMarked = true;
    return `"${markAsJson}${token}"`;
  });
  const parsed = JSON.parse(marked) as Json;
  return isMarked ? withIntegers(parsed) : parsed;
}

/** Puts integers in the places that are marked; changes what was parsed. */
function withIntegers(value: Json): Json {
  if (typeof value === "string") return value.startsWith(mark) ? BigInt(value.slice(mark.length)) : value;
  if (value === null || typeof value !== "object") return value;
  const holder = value as Record<string, Json>;
  for (const key of Object.keys(holder)) {
    const inner = holder[key]!;
    if (typeof inner === "object" ? inner !== null : typeof inner === "string") {
      const exact = withIntegers(inner);
      if (exact !== inner) holder[key] = exact;
    }
  }
  return value;
}

export function stringifyJson(value: Json | undefined): string {
  return stringify(value) ?? "null";
}

export function isObject(value: unknown): value is JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

export function isArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** The objects of an array field; anything else of the field is left out. */
export function objectsOf(value: Json | undefined): JsonObject[] {
  return isArray(value) ? value.filter(isObject) : [];
}

/** An id as text, whatever JSON type the API gave it. */
export function idOf(value: Json | undefined): string {
  if (typeof value === "string" || typeof value === "number" || typeof value === "bigint") return String(value);
  throw new UnexpectedAnswer(`expected an id, got ${stringifyJson(value)}`);
}

/** An id as the JSON integer that int64 fields want. */
export function integerId(id: string): bigint {
  return BigInt(id);
}
