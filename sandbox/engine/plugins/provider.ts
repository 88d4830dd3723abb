import type { PropertyMap } from "../resource/values.js";
import type { Urn } from "../resource/urn.js";

/** What a provider says of one property. */
export type DiffKind = "add" | "add-replace" | "delete" | "delete-replace" | "update" | "update-replace";

export interface PropertyDiff {
  diffKind: DiffKind;
  /** The old value is among the old inputs, not the old outputs. */
  inputDiff: boolean;
}

export type DetailedDiff = Record<string, PropertyDiff>;

export interface DiffResult {
  changes: boolean;
  replaceKeys: string[];
  changedKeys: string[];
  /** By property path; undefined when the provider gives none. */
  detailedDiff: DetailedDiff | undefined;
  deleteBeforeReplace: boolean;
}

export const noDiff: DiffResult = {
  changes: false,
  replaceKeys: [],
  changedKeys: [],
  detailedDiff: undefined,
  deleteBeforeReplace: false,
};

const isReplaceKind = (kind: DiffKind): boolean => kind.endsWith("-replace");

/** Whether a diff can only be done by replacing the resource. */
export const requiresReplacement = (diff: DiffResult): boolean =>
  diff.replaceKeys.length > 0 || Object.values(diff.detailedDiff ?? {}).some(({ diffKind }) => isReplaceKind(diffKind));

export interface CheckFailure {
  property: string;
  reason: string;
}

export interface CheckResult {
  inputs: PropertyMap;
  failures: CheckFailure[];
}

export interface ReadResult {
  /** Empty when the resource is gone. */
  id: string;
  inputs: PropertyMap | undefined;
  outputs: PropertyMap | undefined;
}

export interface InvokeResult {
  properties: PropertyMap;
  failures: CheckFailure[];
}

/** The resource was made or changed, but is not in order: its id and properties are kept, and the next update tries again. */
export class InitError extends Error {
  constructor(
    readonly id: string,
    readonly outputs: PropertyMap,
    readonly inputs: PropertyMap | undefined,
    readonly reasons: string[],
  ) {
    const count = reasons.length === 1 ? "1 error occurred" : `${reasons.length} errors occurred`;
    super(
      reasons.length === 0
        ? "resource init failed"
        : `${count}:\n${reasons.map((reason) => `\t* ${reason.replaceAll("\n", "\n\t  ")}`).join("\n")}\n\n`,
    );
  }
}

/** The provider's configuration has values that are not known in a preview: what a resource would become cannot be told. */
export class DiffUnavailable extends Error {}

export interface DiffRequest {
  urn: Urn;
  id: string;
  oldInputs: PropertyMap;
  oldOutputs: PropertyMap;
  newInputs: PropertyMap;
  ignoreChanges: readonly string[];
}

/** A package's provider, of one configuration. Timeouts are in seconds, 0 for the provider's own. */
export interface Provider {
  checkConfig(urn: Urn, olds: PropertyMap, news: PropertyMap): Promise<CheckResult>;
  diffConfig(urn: Urn, oldInputs: PropertyMap, oldOutputs: PropertyMap, newInputs: PropertyMap): Promise<DiffResult>;
  /** Starts configuring and returns; the calls below wait for it. Not called while something in `inputs` is unknown. */
  configure(urn: Urn, id: string, inputs: PropertyMap): void;
  /** `olds` undefined: the resource is new. */
  check(urn: Urn, olds: PropertyMap | undefined, news: PropertyMap, randomSeed: Uint8Array): Promise<CheckResult>;
  /** @throws DiffUnavailable */
  diff(request: DiffRequest): Promise<DiffResult>;
  /** @throws InitError */
  create(
    urn: Urn,
    inputs: PropertyMap,
    timeout: number,
    preview: boolean,
  ): Promise<{ id: string; outputs: PropertyMap }>;
  /** @throws InitError */
  update(request: DiffRequest & { timeout: number; preview: boolean }): Promise<PropertyMap>;
  /** @throws InitError */
  read(urn: Urn, id: string, inputs: PropertyMap | undefined, state: PropertyMap, timeout: number): Promise<ReadResult>;
  delete(urn: Urn, id: string, inputs: PropertyMap, outputs: PropertyMap, timeout: number): Promise<void>;
  invoke(token: string, args: PropertyMap, preview: boolean): Promise<InvokeResult>;
  /** Asks the provider to end what it is doing. */
  cancel(): Promise<void>;
  /** Ends the connection, and the process if there is one of its own. */
  close(): void;
}
