import { parse, stringify } from "lossless-json";

/** JSON as Databricks means it: an integer beyond 2^53 (job ids, object ids) is a bigint, not a rounded number. */
export type Json = null | boolean | number | bigint | string | Json[] | { [key: string]: Json | undefined };
export type JsonObject = { [key: string]: Json | undefined };

export function parseJson(text: string): Json {
  return parse(text, null, (digits) => {
    const value = Number(digits);
    return /^-?\d+$/.test(digits) && !Number.isSafeInteger(value) ? BigInt(digits) : value;
  }) as Json;
}

export function stringifyJson(value: unknown): string {
  return stringify(value) ?? "null";
}
