import type { Environment } from "./engine-environment.js";
import type { Properties } from "./property-values.js";

export interface CheckFailure {
  readonly property: string;
  readonly reason: string;
}

export interface CheckRequest {
  /** The resource's name in the program. */
  readonly name: string;
  readonly news: Properties;
  readonly olds: Properties;
  /** For automatic names: the same for the same step, so that a repeated Check gives the same name. */
  readonly randomSeed: Uint8Array;
}

export interface Created {
  readonly id: string;
  readonly outputs: Properties;
}

/** One resource type of a provider. `Session` is what its configuration amounts to. All values are plain. */
export interface ResourceType<Session> {
  /** Names of all outputs; in a preview those that are not inputs are unknown. */
  readonly outputs: readonly string[];
  /** Outputs that an update never changes, so that a preview of one knows them. */
  readonly stableOutputs: readonly string[];
  /** Outputs that are secret whether or not an input was. */
  readonly secretOutputs?: readonly string[];
  /** Inputs, by top-level name or path, whose change replaces the resource. */
  readonly replaceOn: readonly string[];
  /** Whether the service takes two values of an input for the same. */
  same?(path: string, old: unknown, now: unknown): boolean;
  check(
    request: CheckRequest,
    session: Session | undefined,
  ): Promise<{ inputs: Properties; failures: readonly CheckFailure[] }>;
  create(inputs: Properties, session: Session): Promise<Created>;
  /** Undefined where the resource is gone. Without `inputs` (an import) they are made from what is read. */
  read(
    id: string,
    session: Session,
    olds: { readonly inputs: Properties | undefined; readonly outputs: Properties },
  ): Promise<{ inputs: Properties; outputs: Properties } | undefined>;
  update(id: string, inputs: Properties, session: Session, olds: Properties): Promise<Properties>;
  delete(id: string, session: Session, outputs: Properties): Promise<void>;
}

/** A resource provider as the engine meets it: its types, its functions, and what configuration means to it. */
export interface Provider<Session> {
  readonly name: string;
  readonly version: string;
  readonly types: Readonly<Record<string, ResourceType<Session>>>;
  readonly functions: Readonly<Record<string, (args: Properties, session: Session) => Promise<Properties>>>;
  /**
   * @param environment The variables of the engine that configures it.
   * @throws Error with a message for the user.
   */
  configure(config: Properties, environment: Environment): Session | Promise<Session>;
}

/** A resource that exists, but did not become what it should be: the engine keeps it and the next update goes on. */
export class InitializationFailure extends Error {
  constructor(
    readonly id: string,
    readonly outputs: Properties,
    readonly reason: string,
  ) {
    super(reason);
  }
}
