import { parse, stringify } from "lossless-json";
import { UnexpectedAnswer } from "./unexpected-answer.js";

/** JSON as Databricks means it: an integer beyond 2^53 (job ids, object ids) is a bigint, not a rounded number. */
export type Json = null | boolean | number | bigint | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json | undefined };

/** Only then can a number be one that the built-in parser, many times faster, would round. */
const maybeBeyondDoubles = /\d{16}/;

export function parseJson(text: string): Json {
  if (!maybeBeyondDoubles.test(text)) return JSON.parse(text) as Json;
  return parse(text, null, (digits) => {
    const value = Number(digits);
    return /^-?\d+$/.test(digits) && !Number.isSafeInteger(value) ? BigInt(digits) : value;
  }) as Json;
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
