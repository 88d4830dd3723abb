import { sameJson } from "../values/fingerprint.js";
import type { JsonObject } from "../values/json.js";
import type { Kind } from "./kind.js";

/** What a definition has that makes its object run by itself. */
export function heldIn({ held }: Pick<Kind, "held">, definition: JsonObject = {}): JsonObject {
  return Object.fromEntries(
    Object.entries(held?.fields ?? {}).flatMap(([field, meanwhile]) => {
      const value = definition[field];
      return value === undefined || sameJson(value, meanwhile) ? [] : [[field, value] as const];
    }),
  );
}

/** The definition with what stands there while all that is held is off. */
export function withoutHeld({ held }: Pick<Kind, "held">, definition: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(definition).flatMap(([field, value]) => {
      if (!held || !(field in held.fields)) return [[field, value] as const];
      const meanwhile = held.fields[field];
      return meanwhile === undefined ? [] : [[field, meanwhile] as const];
    }),
  );
}

/** `triggers` */
export function heldNoun({ held }: Pick<Kind, "held">): string {
  return held?.noun[1] ?? "";
}

/** `schedule and trigger` */
export function namesOf(held: JsonObject): string {
  return Object.keys(held).join(" and ");
}
