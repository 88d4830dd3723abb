/** A resource property as it crosses Pulumi's protocols and stands in its state: JSON, with special objects marked by a signature. */
export type PropertyValue = null | boolean | number | string | PropertyValue[] | PropertyMap;
export interface PropertyMap {
  [key: string]: PropertyValue;
}

export const signatureKey = "4dabf18193072939515e22adb298388d";
export const signatures = {
  secret: "1b47061264138c4ac30d75fd1eb44270",
  output: "d0e6a833031e9bbcd3f4e8bde6ca49a4",
  resourceReference: "5cf8f73096256a8f31e491e813e4eb8e",
  asset: "c44067f5952c0a294b673a41bacd8c17",
  archive: "0def7320c3a5731c473e5ecbe6d01bc7",
} as const;

/** What stands for a value that is not known yet. */
export const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export const isObject = (value: unknown): value is PropertyMap =>
  value !== null && typeof value === "object" && !Array.isArray(value);

/** An object marked with one of the signatures. */
export type Signed<Name extends keyof typeof signatures> = PropertyMap & {
  [signatureKey]: (typeof signatures)[Name];
};

const signedTest =
  <Name extends keyof typeof signatures>(name: Name) =>
  (value: unknown): value is Signed<Name> =>
    isObject(value) && value[signatureKey] === signatures[name];

export const isSecret = signedTest("secret");
export const isOutput = signedTest("output");
export const isResourceReference = signedTest("resourceReference");
export const isAsset = signedTest("asset");
export const isArchive = signedTest("archive");

export const makeSecret = (value: PropertyValue): PropertyMap =>
  isSecret(value) ? value : { [signatureKey]: signatures.secret, value };

/** The value under a secret's mark; a value without one is its own. */
export const secretElement = (value: PropertyValue): PropertyValue => (isSecret(value) ? (value.value ?? null) : value);

/** Keys that the engine and the SDKs keep for themselves, and that no display shows. */
export const isInternalKey = (key: string): boolean => key.startsWith("__");

/** Rewrites a value from the leaves up. */
export function mapValue(value: PropertyValue, rewrite: (value: PropertyValue) => PropertyValue): PropertyValue {
  if (Array.isArray(value)) return rewrite(value.map((item) => mapValue(item, rewrite)));
  if (isObject(value)) return rewrite(mapEntries(value, (item) => mapValue(item, rewrite)));
  return rewrite(value);
}

export function mapEntries(
  map: PropertyMap,
  rewrite: (value: PropertyValue, key: string) => PropertyValue,
): PropertyMap {
  // Not by assignment: a key "__proto__" would be lost.
  return Object.fromEntries(
    Object.entries(map).flatMap(([key, value]) => (value === undefined ? [] : [[key, rewrite(value, key)]])),
  ) as PropertyMap;
}

export const mapProperties = (map: PropertyMap, rewrite: (value: PropertyValue) => PropertyValue): PropertyMap =>
  mapEntries(map, (value) => mapValue(value, rewrite));

/** Whether the value or anything in it satisfies the test. */
export function someValue(value: PropertyValue, test: (value: PropertyValue) => boolean): boolean {
  if (test(value)) return true;
  if (Array.isArray(value)) return value.some((item) => someValue(item, test));
  if (isObject(value)) return Object.values(value).some((item) => someValue(item, test));
  return false;
}

export const containsUnknowns = (value: PropertyValue): boolean =>
  someValue(value, (part) => part === unknownValue || (isOutput(part) && !("value" in part)));

export const containsSecrets = (value: PropertyValue): boolean =>
  someValue(value, (part) => isSecret(part) || (isOutput(part) && part.secret === true));

export const revealSecrets = (value: PropertyValue): PropertyValue =>
  mapValue(value, (part) => (isSecret(part) ? secretElement(part) : part));

/** Equality as Pulumi has it: a null in an object is as good as no key. */
export function equalValues(left: PropertyValue | undefined, right: PropertyValue | undefined): boolean {
  if (left === right || (left ?? null) === (right ?? null)) return true;
  if (Array.isArray(left))
    return (
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((item, index) => equalValues(item, right[index]))
    );
  if (!isObject(left) || !isObject(right)) return false;
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].every((key) => equalValues(left[key], right[key]));
}

/** The URNs that a value's outputs depend on, put into `into`. */
export function collectDependencies(value: PropertyValue, into: Set<string>): void {
  someValue(value, (part) => {
    if (isOutput(part) && Array.isArray(part.dependencies))
      for (const urn of part.dependencies) if (typeof urn === "string") into.add(urn);
    return false;
  });
}

/** Output values become plain, unknown or secret ones: providers and the state know no others. */
export function downgradeOutputs(map: PropertyMap): PropertyMap {
  return mapProperties(map, (part) => {
    if (isOutput(part)) {
      const element = "value" in part ? (part.value ?? null) : unknownValue;
      return part.secret === true ? makeSecret(element) : element;
    }
    if (isSecret(part)) return makeSecret(secretElement(secretElement(part)));
    if (isResourceReference(part)) return { packageVersion: "", ...part };
    return part;
  });
}

/**
 * Marks outputs as secret whose inputs of the same key were: a provider that does not understand secrets gives everything back in clear.
 * Objects are entered, so that one secret does not hide a whole structure.
 */
export function annotateSecrets(outputs: PropertyMap, inputs: PropertyMap): PropertyMap {
  const annotated: PropertyMap = { ...outputs };
  for (const [key, input] of Object.entries(inputs)) {
    const output = annotated[key];
    if (output === undefined || isSecret(output)) continue;
    if (isObject(output) && isObject(input) && !isSecret(input)) annotated[key] = annotateSecrets(output, input);
    else if (containsSecrets(input)) annotated[key] = makeSecret(output);
  }
  return annotated;
}

/** Secrets as a display or a log may show them. */
export const maskSecrets = (value: PropertyValue): PropertyValue =>
  isSecret(value)
    ? "[secret]"
    : Array.isArray(value)
      ? value.map(maskSecrets)
      : isObject(value)
        ? mapEntries(value, maskSecrets)
        : value;
