import type { z } from "zod";
import { nearest } from "./nearest.js";

/** Where this program's keys stand: `databricks-dr:role`. */
export const namespace = "databricks-dr";

/** One thing wrong in the configuration. */
export interface Mistake {
  /** The key, and the path inside it: `databricks-dr:mounts.credentials[0].mounts`. */
  readonly key: string;
  /** What is wrong: follows the key as a sentence does, `is "LRS", which is not …`. */
  readonly wrong: string;
  /** What would be right: follows as an order, `use one of …`. */
  readonly right: string;
}

/** A mistake as zod carries it, in an issue's message: what is wrong on one line, what would be right on the next. */
export function told(wrong: string, right: string): string {
  return `${wrong}\n${right}`;
}

/** The mistakes that an issue of one of our shapes tells. Its path begins with the key's name. */
export function mistakesIn(issue: z.core.$ZodIssue): Mistake[] {
  const key = keyAt(issue.path);
  if (issue.code === "invalid_key") return issue.issues.map(({ message }) => mistakeOf(key, message));
  // The message has the names that are known.
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((name) => unknownField(key, name, issue.message.split(" ")));
  return [mistakeOf(key, issue.message)];
}

/** How a wrong value is quoted: in full when short; a long one would hide the message. */
export function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** Not the value itself: a broken object may hold something that should have been a secret reference. */
export function typeNoun(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "string") return "a text";
  if (value === null) return "empty";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

export function orList(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

/** `["mounts", "credentials", 0]` → `databricks-dr:mounts.credentials[0]`. */
export function keyAt([name, ...steps]: readonly PropertyKey[]): string {
  const rest = steps.map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`));
  return `${namespace}:${String(name)}${rest.join("")}`;
}

function mistakeOf(key: string, message: string): Mistake {
  const [wrong = "", right = ""] = message.split("\n");
  return { key, wrong, right };
}

function unknownField(key: string, name: string, known: readonly string[]): Mistake {
  const near = nearest(name, known);
  return {
    key: `${key}.${name}`,
    wrong: "is not known here",
    right: near ? `did you mean ${key}.${near}?` : `${key} takes ${orList(known)}`,
  };
}
