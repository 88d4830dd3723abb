import { isObject, type Properties } from "../property-values.js";

/**
 * How a Pulumi object lies in ARM's body. ARM wraps most of a resource in `properties`, at the top and in some nested
 * objects; azure-native flattens that.
 */
export interface ArmShape {
  /** Keys that stand beside `properties`, not in it. */
  readonly outer: readonly string[];
  /** Pulumi's name → ARM's, where they differ. */
  readonly renamed?: Readonly<Record<string, string>>;
  /** Objects, or lists of objects, that have `properties` of their own, by Pulumi's name. */
  readonly nested?: Readonly<Record<string, ArmShape>>;
  /** `properties` is shown as it is. */
  readonly unflattened?: boolean;
}

export function toArm(values: Properties, shape: ArmShape): Properties {
  const body: Properties = {};
  const properties: Properties = {};
  for (const [key, value] of Object.entries(values)) {
    const nested = shape.nested?.[key];
    const target = shape.outer.includes(key) || shape.unflattened ? body : properties;
    target[shape.renamed?.[key] ?? key] = nested ? each(value, (item) => toArm(item, nested)) : value;
  }
  return Object.keys(properties).length > 0 ? { ...body, properties } : body;
}

export function fromArm(resource: Properties, shape: ArmShape): Properties {
  const { properties, ...outer } = resource;
  if (shape.unflattened) return resource;
  const original = new Map(Object.entries(shape.renamed ?? {}).map(([pulumi, arm]) => [arm, pulumi]));
  const values = { ...outer, ...(isObject(properties) ? properties : {}) };
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const key = original.get(name) ?? name;
      const nested = shape.nested?.[key];
      return [key, nested ? each(value, (item) => fromArm(item, nested)) : value];
    }),
  );
}

function each(value: unknown, map: (item: Properties) => Properties): unknown {
  if (Array.isArray(value)) return value.map((item) => (isObject(item) ? map(item) : item));
  return isObject(value) ? map(value) : value;
}
