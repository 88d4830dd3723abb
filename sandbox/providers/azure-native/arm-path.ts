import type { Properties } from "../property-values.js";

/** `template` with every `{name}` filled in. @throws where one is missing. */
export function fillPath(template: string, values: Properties): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    if (typeof value !== "string" || value === "") throw new Error(`missing required property '${name}'`);
    return encodeURIComponent(value);
  });
}

/** The values that make `template` into `path`, without the subscription. @throws where it does not fit. */
export function parseArmPath(template: string, path: string): Record<string, string> {
  const pattern = template.replaceAll(/\{(\w+)\}/g, "(?<$1>[^/]+)");
  const match = new RegExp(`^${pattern}$`, "i").exec(path);
  if (!match) throw new Error(`'${path}' is no id of the form '${template}'`);
  const { subscriptionId: _, ...values } = match.groups ?? {};
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, decodeURIComponent(value)]));
}
