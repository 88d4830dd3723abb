import { createHash } from "node:crypto";
import { isObject, type Json, stringifyJson } from "./json.js";

/** The same value with the keys of every object in order and undefined fields gone. */
export function canonical(value: Json): Json {
  if (Array.isArray(value)) return value.map((each: Json) => canonical(each));
  if (!isObject(value)) return value;
  const sorted = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, field]) => [key, canonical(field!)] as const);
  return Object.fromEntries(sorted);
}

/** 16 hex digits of SHA-256 over the canonical JSON: tells whether two definitions are the same. */
export function fingerprint(value: Json): string {
  return createHash("sha256")
    .update(stringifyJson(canonical(value)))
    .digest("hex")
    .slice(0, 16);
}

export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  return stringifyJson(canonical(a)) === stringifyJson(canonical(b));
}
