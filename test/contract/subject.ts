import type { JsonObject } from "../../replication/values/json.js";
import type { TestWorkspace } from "../replication/pair.js";

/** How the contract makes, edits and reads one object of a kind; nothing of it comes from the replication. */
export interface Subject {
  /** Makes an object of that name, or path, and gives its id. `version` makes two of one name differ. */
  make(at: TestWorkspace, name: string, version: number): Promise<string>;
  /** Changes what `make` was told by `version`. */
  edit(at: TestWorkspace, id: string, name: string, version: number): Promise<void>;
  /** Gives it another name; absent where the path is the object. */
  rename?(at: TestWorkspace, id: string, name: string, version: number): Promise<void>;
  remove(at: TestWorkspace, id: string): Promise<void>;
  /** Every object of the kind that somebody made: its id, and its version by its name. */
  read(at: TestWorkspace): Promise<readonly { readonly id: string; readonly name: string; readonly version: number }[]>;
  /** Name of the n-th object. */
  name(n: number): string;
  /** The listing that a run cannot do without, with its query, and where its objects are. */
  readonly listing: readonly [path: string, list: string];
  /** Why it has nothing that could be edited. */
  readonly noEdits?: string;
  /** Why an object that a listing leaves out cannot be told from one that is gone. */
  readonly cannotAsk?: string;
  /** The call that edits a copy. */
  readonly edits: string;
  /** An object that would run by itself, and what of it does so: undefined where nothing does. */
  readonly runs?: {
    make(at: TestWorkspace, name: string): Promise<string>;
    /** What of that object runs now. */
    running(at: TestWorkspace, id: string): Promise<unknown>;
  };
}

export const numberOf = (value: unknown): number => Number(value ?? 0);

export function objectsIn(answer: JsonObject, field: string): JsonObject[] {
  return (answer[field] ?? []) as JsonObject[];
}
