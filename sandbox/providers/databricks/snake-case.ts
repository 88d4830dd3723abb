import { isObject, type Properties } from "../property-values.js";

/** Maps whose keys are the user's: they stay as they are. */
const freeMaps = ["sparkConf", "sparkEnvVars", "customTags", "defaultTags"];

export function toSnakeCase(values: Properties): Properties {
  return convert(values, (key) => key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)) as Properties;
}

export function toCamelCase(values: Properties): Properties {
  return convert(values, (key) =>
    key.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()),
  ) as Properties;
}

function convert(value: unknown, rename: (key: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => convert(item, rename));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => {
      const renamed = rename(key);
      const isFree = freeMaps.includes(key) || freeMaps.includes(renamed);
      return [renamed, isFree ? entry : convert(entry, rename)];
    }),
  );
}
