import { parseAllDocuments } from "yaml";
import type { PropertyValue } from "../../resource/values.js";

export interface DecodedValue {
  value: PropertyValue;
  kind: "json" | "yaml";
}

const isContainer = (value: unknown): value is PropertyValue => typeof value === "object" && value !== null;

/** A string that holds JSON, or YAML of several lines: its structure is easier to compare than its text. */
export function decodeValue(text: string): DecodedValue | undefined {
  const trimmed = text.trim();
  if (trimmed.startsWith("{") || trimmed.startsWith("[")) {
    try {
      const value: unknown = JSON.parse(trimmed);
      if (isContainer(value)) return { value, kind: "json" };
    } catch {
      // Not JSON: YAML may still be.
    }
  }
  if (!/[\r\n]/.test(trimmed)) return undefined;
  try {
    const documents = parseAllDocuments(trimmed);
    const [document] = documents;
    if (documents.length !== 1 || !document || !("errors" in document) || document.errors.length > 0) return undefined;
    const value: unknown = document.toJS();
    return isContainer(value) ? { value, kind: "yaml" } : undefined;
  } catch {
    return undefined;
  }
}
