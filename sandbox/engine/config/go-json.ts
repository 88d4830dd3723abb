import { isObject, type PropertyValue } from "../resource/values.js";

const escapes: Readonly<Record<string, string>> = {
  "<": "\\u003c",
  ">": "\\u003e",
  "&": "\\u0026",
  "\u2028": "\\u2028",
  "\u2029": "\\u2029",
};

/** JSON in the very form that Go's `encoding/json`, and so the Pulumi CLI, gives it: keys in order, HTML's characters escaped. */
export function jsonAsGoWrites(value: PropertyValue): string {
  return JSON.stringify(inOrder(value)).replace(/[<>&\u2028\u2029]/g, (character) => escapes[character]!);
}

function inOrder(value: PropertyValue): PropertyValue {
  if (Array.isArray(value)) return value.map(inOrder);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, inOrder(item)]));
}
