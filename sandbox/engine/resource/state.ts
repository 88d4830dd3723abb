import type { PropertyMap } from "./values.js";
import type { Urn } from "./urn.js";

/** Seconds, as the state stores them. */
export interface CustomTimeouts {
  create?: number;
  update?: number;
  delete?: number;
  read?: number;
}

export interface StackFrame {
  sourcePosition?: string;
}

/** One resource of a stack's state. Two states may share a URN: a resource and its predecessor that waits for deletion. */
export interface ResourceState {
  urn: Urn;
  type: string;
  custom: boolean;
  id: string;
  inputs: PropertyMap;
  outputs: PropertyMap;
  parent: Urn;
  /** `<urn>::<id>` of the provider resource; empty for components and providers. */
  provider: string;
  /** Waits to be deleted, its successor being there already. */
  delete: boolean;
  protect: boolean;
  /** Was read, not made: never deleted. */
  external: boolean;
  retainOnDelete: boolean;
  /** Was deleted before its successor was made. */
  pendingReplacement: boolean;
  refreshBeforeUpdate: boolean;
  dependencies: Urn[];
  propertyDependencies: Record<string, Urn[]>;
  /** Why the resource, though made, is not in order; the next update tries again. */
  initErrors: string[];
  additionalSecretOutputs: string[];
  customTimeouts: CustomTimeouts;
  importId: string;
  deletedWith: Urn;
  replaceWith: Urn[];
  ignoreChanges: string[];
  replaceOnChanges: string[];
  hideDiff: unknown[];
  /** Known in this run only: the URN that the resource had in the last state. */
  aliases: Urn[];
  created: string | undefined;
  modified: string | undefined;
  sourcePosition: string;
  stackTrace: StackFrame[];
  /** Fields of the state that this engine does not know, carried through. */
  rest: Record<string, unknown>;
}

export function newState(
  known: Partial<ResourceState> & Pick<ResourceState, "urn" | "type" | "custom">,
): ResourceState {
  return {
    id: "",
    inputs: {},
    outputs: {},
    parent: "",
    provider: "",
    delete: false,
    protect: false,
    external: false,
    retainOnDelete: false,
    pendingReplacement: false,
    refreshBeforeUpdate: false,
    dependencies: [],
    propertyDependencies: {},
    initErrors: [],
    additionalSecretOutputs: [],
    customTimeouts: {},
    importId: "",
    deletedWith: "",
    replaceWith: [],
    ignoreChanges: [],
    replaceOnChanges: [],
    hideDiff: [],
    aliases: [],
    created: undefined,
    modified: undefined,
    sourcePosition: "",
    stackTrace: [],
    rest: {},
    ...known,
  };
}

/** Everything that must be there before the resource is: parent, dependencies, and what it is deleted or replaced with. */
export function dependencyUrns(state: ResourceState): Urn[] {
  return [
    ...(state.parent ? [state.parent] : []),
    ...state.dependencies,
    ...Object.values(state.propertyDependencies).flat(),
    ...(state.deletedWith ? [state.deletedWith] : []),
    ...state.replaceWith,
  ];
}

export type OperationType = "creating" | "updating" | "deleting" | "reading" | "importing";

/** An operation that was under way when the state was written. */
export interface PendingOperation {
  resource: ResourceState;
  type: OperationType;
}
