import type { Context } from "hono";
import type { Json, JsonObject } from "../../http/json.js";
import { invalidParameter, malformedRequest } from "./errors.js";

export function isObject(value: Json | undefined): value is JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** A field that must be there and must not be empty. */
export function requiredString(body: JsonObject, field: string): string {
  const value = body[field];
  if (value === undefined || value === null || value === "") throw invalidParameter(`Missing required field: ${field}`);
  if (typeof value !== "string") throw malformedRequest(`Could not parse request object: ${field} must be a string`);
  return value;
}

export function optionalString(body: JsonObject, field: string): string | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw malformedRequest(`Could not parse request object: ${field} must be a string`);
  return value;
}

export function objectField(body: JsonObject, field: string): JsonObject | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) throw malformedRequest(`Could not parse request object: ${field} must be an object`);
  return value;
}

export function objectList(body: JsonObject, field: string): JsonObject[] {
  const value = body[field];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || !value.every(isObject))
    throw malformedRequest(`Could not parse request object: ${field} must be a list of objects`);
  return value;
}

export function stringList(body: JsonObject, field: string): string[] | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value) || !value.every((entry) => typeof entry === "string"))
    throw malformedRequest(`Could not parse request object: ${field} must be a list of strings`);
  return value;
}

/** A 64-bit id as a table key: clients send it as a number or, as protobuf's JSON allows, as a string of digits. */
export function idKey(value: Json | undefined, field: string): string {
  if (typeof value === "bigint" || Number.isSafeInteger(value)) return String(value);
  if (typeof value === "string" && /^-?\d{1,19}$/.test(value)) return BigInt(value).toString();
  if (value === undefined || value === null || value === "") throw invalidParameter(`Missing required field: ${field}`);
  throw malformedRequest(`Could not parse request object: ${field} must be a 64-bit integer`);
}

/** The query's value of that name as an integer within `min` to `max`; `fallback` where it is not given. */
export function queryInteger(
  context: Context,
  name: string,
  { fallback, min, max, explain }: { fallback: number; min: number; max: number; explain?: string },
): number {
  const text = context.req.query(name);
  if (text === undefined || text === "") return fallback;
  const value = Number(text);
  if (!Number.isInteger(value)) throw malformedRequest(`Could not parse request object: ${name} must be an integer`);
  if (value < min || value > max)
    throw invalidParameter(explain ?? `${name} must be between ${min} and ${max}, but ${value} was given.`);
  return value;
}

export function queryFlag(context: Context, name: string): boolean {
  return context.req.query(name)?.toLowerCase() === "true";
}
