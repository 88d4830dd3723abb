import type { CheckFailure } from "../../plugins/provider.js";
import type { ResourceState } from "../../resource/state.js";
import { urnName } from "../../resource/urn.js";
import { isSecret, unknownValue, type PropertyValue } from "../../resource/values.js";
import type { Diagnostics } from "../events.js";

/** A value in a message, as Pulumi writes one: `{text}`, `{[1 2]}`, `output<…>` hidden. */
function shown(value: PropertyValue | undefined): string {
  if (value === undefined || value === null) return "{<nil>}";
  if (isSecret(value)) return "[secret]";
  if (value === unknownValue) return "[unknown]";
  if (Array.isArray(value)) return `{[${value.map(shown).join(" ")}]}`;
  if (typeof value === "object")
    return `{map[${Object.entries(value)
      .map(([key, item]) => `${key}:${shown(item)}`)
      .join(" ")}]}`;
  return `{${String(value)}}`;
}

/** One line for each property that the provider refuses. */
export function reportCheckFailures(
  diagnostics: Diagnostics,
  state: ResourceState,
  failures: readonly CheckFailure[],
): void {
  for (const { property, reason } of failures)
    diagnostics.error(
      state.urn,
      property
        ? `${state.type} resource '${urnName(state.urn)}': property ${property} value ${shown(state.inputs[property])} has a problem: ${reason}`
        : `${state.type} resource '${urnName(state.urn)}' has a problem: ${reason}`,
    );
}
