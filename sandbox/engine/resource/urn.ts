/** A resource's address: `urn:pulumi:<stack>::<project>::<qualified type>::<name>`. A name may itself contain `::`. */
export type Urn = string;

const rootStackType = "pulumi:pulumi:Stack";
const providerTypePrefix = "pulumi:providers:";

export const urnName = (urn: Urn): string => urn.split("::").slice(3).join("::");

/** The type with its parents' types before it, joined by `$`. */
export const qualifiedType = (urn: Urn): string => urn.split("::")[2] ?? "";

export const urnType = (urn: Urn): string => qualifiedType(urn).split("$").at(-1) ?? "";

export const isRootStack = (urn: Urn): boolean => qualifiedType(urn) === rootStackType;

export const isRootStackType = (type: string): boolean => type === rootStackType;

export const isProviderType = (type: string): boolean => type.startsWith(providerTypePrefix);

export const providerType = (packageName: string): string => providerTypePrefix + packageName;

/** The package that a provider resource's type names. */
export const providerPackage = (type: string): string => type.slice(providerTypePrefix.length);

/** The package that a resource's or a function's token belongs to. */
export const tokenPackage = (token: string): string => token.split(":")[0] ?? "";

export const isDefaultProvider = (urn: Urn): boolean =>
  isProviderType(urnType(urn)) && urnName(urn).startsWith("default");

/** Children of the root stack do not carry its type in theirs. */
export function makeUrn(stack: string, project: string, parent: Urn, type: string, name: string): Urn {
  const parentType = parent && !isRootStack(parent) ? qualifiedType(parent) : "";
  return `urn:pulumi:${stack}::${project}::${parentType ? `${parentType}$` : ""}${type}::${name}`;
}

export const rootStackUrn = (stack: string, project: string): Urn =>
  makeUrn(stack, project, "", rootStackType, `${project}-${stack}`);

/** A resource names its provider by URN and id, `<urn>::<id>`. */
export function parseProviderReference(reference: string): { urn: Urn; id: string } {
  const at = reference.lastIndexOf("::");
  return { urn: reference.slice(0, at), id: reference.slice(at + 2) };
}

export const providerReference = (urn: Urn, id: string): string => `${urn}::${id}`;
