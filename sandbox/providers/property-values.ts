/** A resource's properties as plain data; a value that a preview cannot know yet is `unknownValue`. */
export type Properties = Record<string, unknown>;

/** How Pulumi's protocol writes what it cannot know yet, and what is secret. */
export const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const outputSignature = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const resourceSignature = "5cf8f73096256a8f31e491e813e4eb8e";

export function isObject(value: unknown): value is Properties {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** `value` without secret and output wrappers and without nulls; a resource reference becomes its id. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!isObject(value)) return value;
  switch (value[signatureKey]) {
    case secretSignature:
      return plain(value.value);
    case outputSignature:
      return "value" in value ? plain(value.value) : unknownValue;
    case resourceSignature:
      return value.id;
    default:
      return Object.fromEntries(
        Object.entries(value)
          .filter(([, entry]) => entry !== null && entry !== undefined)
          .map(([key, entry]) => [key, plain(entry)]),
      );
  }
}

export function plainProperties(value: unknown): Properties {
  return plain(value ?? {}) as Properties;
}

/** Whether a secret stands anywhere in `value`. */
export function holdsSecret(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(holdsSecret);
  if (!isObject(value)) return false;
  if (value[signatureKey] === secretSignature) return true;
  return Object.values(value).some(holdsSecret);
}

export function secret(value: unknown): Properties {
  return { [signatureKey]: secretSignature, value };
}

export function isUnknown(value: unknown): boolean {
  if (value === unknownValue) return true;
  if (Array.isArray(value)) return value.some(isUnknown);
  return isObject(value) && Object.values(value).some(isUnknown);
}

export function equal(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((item, index) => equal(item, other[index]));
  if (isObject(one) && isObject(other)) {
    const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
    return [...keys].every((key) => equal(one[key], other[key]));
  }
  return one === other;
}

/** One difference at a path such as `tags.env` or `subnets[0].name`. */
export interface Difference {
  readonly path: string;
  readonly kind: "add" | "delete" | "update";
}

/** Every difference between two values, at the deepest path that shows it; `same` may call two leaves equal. */
export function differences(
  old: unknown,
  now: unknown,
  same: (path: string, old: unknown, now: unknown) => boolean,
  path = "",
): Difference[] {
  if (equal(old, now) || same(path, old, now)) return [];
  if (old === undefined) return [{ path, kind: "add" }];
  if (now === undefined) return [{ path, kind: "delete" }];
  if (Array.isArray(old) && Array.isArray(now)) {
    const length = Math.max(old.length, now.length);
    return Array.from({ length }, (_, index) => differences(old[index], now[index], same, `${path}[${index}]`)).flat();
  }
  if (isObject(old) && isObject(now)) {
    const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])];
    return keys.flatMap((key) => differences(old[key], now[key], same, joinPath(path, key)));
  }
  return [{ path, kind: "update" }];
}

function joinPath(path: string, key: string): string {
  if (!/^[A-Za-z_$][\w$]*$/.test(key)) return `${path}["${key.replaceAll('"', '\\"')}"]`;
  return path === "" ? key : `${path}.${key}`;
}
