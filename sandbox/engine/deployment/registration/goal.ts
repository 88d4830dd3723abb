import type { CustomTimeouts, ResourceState, StackFrame } from "../../resource/state.js";
import type { Urn } from "../../resource/urn.js";
import type { PropertyMap } from "../../resource/values.js";

/** Another name that a resource may have had: a whole URN, or what of it was different. */
export type Alias =
  { urn: Urn } | { name: string; type: string; stack: string; project: string; parent: Urn; noParent: boolean };

/** What a program wants a resource to be. */
export interface Goal {
  type: string;
  name: string;
  custom: boolean;
  properties: PropertyMap;
  parent: Urn;
  provider: string;
  protect: boolean;
  retainOnDelete: boolean;
  dependencies: Urn[];
  propertyDependencies: Record<string, Urn[]>;
  /** Undefined leaves it to the provider. */
  deleteBeforeReplace: boolean | undefined;
  ignoreChanges: string[];
  replaceOnChanges: string[];
  additionalSecretOutputs: string[];
  aliases: Alias[];
  /** Id of an existing resource to take over. */
  importId: string;
  customTimeouts: CustomTimeouts;
  deletedWith: Urn;
  replaceWith: Urn[];
  sourcePosition: string;
  stackTrace: StackFrame[];
}

export function newGoal(known: Partial<Goal> & Pick<Goal, "type" | "name" | "custom">): Goal {
  return {
    properties: {},
    parent: "",
    provider: "",
    protect: false,
    retainOnDelete: false,
    dependencies: [],
    propertyDependencies: {},
    deleteBeforeReplace: undefined,
    ignoreChanges: [],
    replaceOnChanges: [],
    additionalSecretOutputs: [],
    aliases: [],
    importId: "",
    customTimeouts: {},
    deletedWith: "",
    replaceWith: [],
    sourcePosition: "",
    stackTrace: [],
    ...known,
  };
}

/** What the program asked to be read: a resource that is not the stack's own. */
export interface ReadGoal {
  type: string;
  name: string;
  id: string;
  properties: PropertyMap;
  parent: Urn;
  provider: string;
  dependencies: Urn[];
  additionalSecretOutputs: string[];
  sourcePosition: string;
  stackTrace: StackFrame[];
}

export interface RegistrationResult {
  state: ResourceState;
  result: "success" | "failed" | "skipped";
  /** Not made in this run, as it was not a target: its outputs are not known. */
  unknown: boolean;
}

/** Answers the program that waits for a resource. */
export type Settle = (result: RegistrationResult) => void;

export interface Registration {
  goal: Goal;
  settle: Settle;
}

export interface ReadRegistration {
  goal: ReadGoal;
  settle: Settle;
}
