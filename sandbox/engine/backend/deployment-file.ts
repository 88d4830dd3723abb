import { createHash } from "node:crypto";
import type { PassphraseSecrets } from "../secrets.js";
import {
  isObject,
  isSecret,
  makeSecret,
  mapEntries,
  mapValue,
  secretElement,
  signatureKey,
  signatures,
  type PropertyMap,
  type PropertyValue,
} from "../resource/values.js";
import { newState, type CustomTimeouts, type PendingOperation, type ResourceState } from "../resource/state.js";
import { UserError } from "../user-error.js";
import { engineVersion } from "../version.js";

/** A stack's state: what `stack export` shows under `deployment`. */
export interface Snapshot {
  resources: ResourceState[];
  pendingOperations: PendingOperation[];
  metadata: Record<string, unknown>;
  /** Time of the last write, ISO 8601. */
  time: string | undefined;
  version: string | undefined;
}

export const emptySnapshot = (): Snapshot => ({
  resources: [],
  pendingOperations: [],
  metadata: {},
  time: undefined,
  version: undefined,
});

/** How secrets are written: encrypted, or in clear for `--show-secrets`. */
export type SecretSealer = (plaintext: string) => { ciphertext: string } | { plaintext: string };

export const encryptingSealer =
  (secrets: PassphraseSecrets): SecretSealer =>
  (plaintext) => ({ ciphertext: secrets.encrypt(plaintext) });

export const revealingSealer: SecretSealer = (plaintext) => ({ plaintext });

/** Go writes a map's keys sorted; the same here keeps a diff between two engines' states readable. */
const sorted = (map: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(map).sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0)));

function sealValue(value: PropertyValue, seal: SecretSealer): unknown {
  if (isSecret(value)) {
    // One encryption around the whole value: secrets inside it need none of their own.
    const plaintext = JSON.stringify(sealValue(secretElement(value), revealingSealer));
    return { [signatureKey]: signatures.secret, ...seal(plaintext) };
  }
  if (Array.isArray(value)) return value.map((item) => sealValue(item, seal));
  if (isObject(value)) return sorted(mapEntries(value, (item) => sealValue(item, seal) as PropertyValue));
  return value;
}

/** Property values as the state's file has them. */
export const sealProperties = (properties: PropertyMap, seal: SecretSealer): unknown => sealValue(properties, seal);

/** Property values as the engine has them, from the state's file. */
export function openProperties(sealed: PropertyMap, decrypt: (ciphertext: string) => string): PropertyMap {
  return mapEntries(sealed, (value) =>
    mapValue(value, (part) => {
      if (!isSecret(part) || "value" in part) return part;
      const text = typeof part.ciphertext === "string" ? decrypt(part.ciphertext) : String(part.plaintext);
      return makeSecret(openValue(JSON.parse(text) as PropertyValue, decrypt));
    }),
  );
}

const openValue = (value: PropertyValue, decrypt: (ciphertext: string) => string): PropertyValue =>
  openProperties({ value }, decrypt).value ?? null;

const present = (value: unknown): boolean =>
  !(
    value === undefined ||
    value === false ||
    value === "" ||
    (Array.isArray(value) && value.length === 0) ||
    (isObject(value) && Object.keys(value).length === 0)
  );

/** A resource as the state's file has it, its fields in Pulumi's order, empty ones left out. */
export function serializeResource(state: ResourceState, seal: SecretSealer): Record<string, unknown> {
  const fields: Record<string, unknown> = {
    urn: state.urn,
    custom: state.custom,
    delete: state.delete,
    id: state.id,
    type: state.type,
    inputs: sealProperties(state.inputs, seal),
    outputs: sealProperties(state.outputs, seal),
    parent: state.parent,
    protect: state.protect,
    external: state.external,
    dependencies: state.dependencies,
    initErrors: state.initErrors,
    provider: state.provider,
    propertyDependencies: sorted(state.propertyDependencies),
    pendingReplacement: state.pendingReplacement,
    additionalSecretOutputs: state.additionalSecretOutputs,
    aliases: state.aliases,
    customTimeouts: state.customTimeouts,
    importID: state.importId,
    retainOnDelete: state.retainOnDelete,
    deletedWith: state.deletedWith,
    replaceWith: state.replaceWith,
    created: state.created,
    modified: state.modified,
    sourcePosition: state.sourcePosition,
    stackTrace: state.stackTrace,
    ignoreChanges: state.ignoreChanges,
    hideDiff: state.hideDiff,
    replaceOnChanges: state.replaceOnChanges,
    refreshBeforeUpdate: state.refreshBeforeUpdate,
    ...state.rest,
  };
  return Object.fromEntries(Object.entries(fields).filter(([key, value]) => key === "custom" || present(value)));
}

const strings = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
const text = (value: unknown): string => (typeof value === "string" ? value : "");

export function parseResource(raw: Record<string, unknown>, decrypt: (ciphertext: string) => string): ResourceState {
  const {
    urn, custom, delete: deleted, id, type, inputs, outputs, parent, protect, external, dependencies, initErrors,
    provider, propertyDependencies, pendingReplacement, additionalSecretOutputs, aliases, customTimeouts, importID,
    retainOnDelete, deletedWith, replaceWith, created, modified, sourcePosition, stackTrace, ignoreChanges, hideDiff,
    replaceOnChanges, refreshBeforeUpdate, ...rest
  } = raw; // prettier-ignore
  if (typeof urn !== "string" || typeof type !== "string")
    throw new UserError("the state has a resource without URN or type");
  const byProperty = isObject(propertyDependencies) ? Object.entries(propertyDependencies) : [];
  return newState({
    urn,
    type,
    custom: custom === true,
    delete: deleted === true,
    id: text(id),
    inputs: isObject(inputs) ? openProperties(inputs, decrypt) : {},
    outputs: isObject(outputs) ? openProperties(outputs, decrypt) : {},
    parent: text(parent),
    protect: protect === true,
    external: external === true,
    dependencies: strings(dependencies),
    initErrors: strings(initErrors),
    provider: text(provider),
    propertyDependencies: Object.fromEntries(byProperty.map(([key, urns]) => [key, strings(urns)])),
    pendingReplacement: pendingReplacement === true,
    additionalSecretOutputs: strings(additionalSecretOutputs),
    aliases: strings(aliases),
    customTimeouts: isObject(customTimeouts) ? (customTimeouts as CustomTimeouts) : {},
    importId: text(importID),
    retainOnDelete: retainOnDelete === true,
    deletedWith: text(deletedWith),
    replaceWith: strings(replaceWith),
    created: typeof created === "string" ? created : undefined,
    modified: typeof modified === "string" ? modified : undefined,
    sourcePosition: text(sourcePosition),
    stackTrace: Array.isArray(stackTrace) ? stackTrace.filter(isObject) : [],
    ignoreChanges: strings(ignoreChanges),
    hideDiff: Array.isArray(hideDiff) ? hideDiff : [],
    replaceOnChanges: strings(replaceOnChanges),
    refreshBeforeUpdate: refreshBeforeUpdate === true,
    rest,
  });
}

/** When a state was written, and by which version; by default now, by this one. */
export const manifest = (time = new Date().toISOString(), version = engineVersion): Record<string, unknown> => ({
  time,
  magic: createHash("sha256").update(version).digest("hex"),
  version,
});

export const secretsProvider = (salt: string): Record<string, unknown> => ({ type: "passphrase", state: { salt } });

/** The `deployment` object of a checkpoint or an export. */
export function serializeDeployment(
  snapshot: Snapshot,
  salt: string | undefined,
  seal: SecretSealer,
): Record<string, unknown> {
  return {
    manifest: manifest(snapshot.time, snapshot.version),
    ...(salt ? { secrets_providers: secretsProvider(salt) } : {}),
    ...(snapshot.resources.length > 0
      ? { resources: snapshot.resources.map((resource) => serializeResource(resource, seal)) }
      : {}),
    ...(snapshot.pendingOperations.length > 0
      ? {
          pending_operations: snapshot.pendingOperations.map(({ resource, type }) => ({
            resource: serializeResource(resource, seal),
            type,
          })),
        }
      : {}),
    metadata: snapshot.metadata,
  };
}

export function parseDeployment(deployment: PropertyMap, decrypt: (ciphertext: string) => string): Snapshot {
  const header = isObject(deployment.manifest) ? deployment.manifest : {};
  const list = (value: PropertyValue | undefined): PropertyMap[] =>
    Array.isArray(value) ? value.filter(isObject) : [];
  return {
    resources: list(deployment.resources).map((resource) => parseResource(resource, decrypt)),
    pendingOperations: list(deployment.pending_operations).map((operation) => ({
      resource: parseResource(isObject(operation.resource) ? operation.resource : {}, decrypt),
      type: text(operation.type) as PendingOperation["type"],
    })),
    metadata: isObject(deployment.metadata) ? deployment.metadata : {},
    time: text(header.time) || undefined,
    version: text(header.version) || undefined,
  };
}

/** The salt that a deployment's secrets are encrypted under, if it has any. */
export function deploymentSalt(deployment: PropertyMap | undefined): string | undefined {
  const provider = deployment?.secrets_providers;
  if (!isObject(provider)) return undefined;
  if (provider.type !== undefined && provider.type !== "" && provider.type !== "passphrase")
    throw new UserError(
      `the stand-in engine does not implement the secrets provider ${JSON.stringify(provider.type)}; install the Pulumi CLI to use this stack`,
    );
  return isObject(provider.state) && typeof provider.state.salt === "string" ? provider.state.salt : undefined;
}
