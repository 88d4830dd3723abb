/** Stands in a preview for an output that is not known yet. */
const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

function hasUnknown(value: unknown): boolean {
  if (typeof value === "string") return value === unknownValue;
  return typeof value === "object" && value !== null && Object.values(value).some(hasUnknown);
}

/** The value, or undefined while any part of it is unknown. */
export function known<T>(value: T | undefined): T | undefined {
  return hasUnknown(value) ? undefined : value;
}
