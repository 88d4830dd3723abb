import type { Config } from "../config/stack-config.js";
import type { ResourceState } from "../resource/state.js";
import { isSecret, secretElement, someValue } from "../resource/values.js";

/** Secrets of the configuration and of the state, as text: what no message may show. */
export function secretTexts(config: Config, resources: readonly ResourceState[]): string[] {
  const texts = [...config.values()].flatMap(({ value, secret }) => (secret ? [value] : []));
  for (const { inputs, outputs } of resources)
    for (const properties of [inputs, outputs])
      someValue(properties, (part) => {
        const element = isSecret(part) ? secretElement(part) : undefined;
        if (typeof element === "string") texts.push(element);
        return false;
      });
  return [...new Set(texts)];
}
