import { dirname } from "node:path/posix";
import type { Kind } from "../kinds/kind.js";
import { referencesOf } from "../kinds/references.js";
import type { Orphan, PlannedCopy } from "../plan/planned.js";

/** How copies are made. What fails has to be caught: it stops no other. */
export interface Making {
  /** Makes copies that wait for no other. */
  create(ready: readonly PlannedCopy[]): Promise<void>;
  /** Makes the smallest object that has an id. Whether it did. */
  createShell(copy: PlannedCopy): Promise<boolean>;
  /** Gives shells all that they are to have. */
  fill(shells: readonly PlannedCopy[]): Promise<void>;
}

/** Makes each once those that it refers to are there; a circle is opened by making one of its members empty first. */
export async function makeInOrder(kind: Kind, creates: readonly PlannedCopy[], making: Making): Promise<void> {
  let waiting = creates;
  const shells: PlannedCopy[] = [];
  while (waiting.length > 0) {
    const unmade = new Set(waiting.map(({ source }) => source.id));
    const isReady = new Set(waiting.filter((copy) => needsOf(kind, copy).every((id) => !unmade.has(id))));
    if (isReady.size > 0) {
      await making.create([...isReady]);
      waiting = waiting.filter((copy) => !isReady.has(copy));
      continue;
    }
    const shell = memberOfCircle(kind, waiting);
    if (await making.createShell(shell)) shells.push(shell);
    waiting = waiting.filter((copy) => copy !== shell);
  }
  await making.fill(shells);
}

/** Follows references among the waiting until one comes round again. */
function memberOfCircle(kind: Kind, waiting: readonly PlannedCopy[]): PlannedCopy {
  const byId = new Map(waiting.map((copy) => [copy.source.id, copy]));
  const passed = new Set<PlannedCopy>();
  let at = waiting[0]!;
  while (!passed.has(at)) {
    passed.add(at);
    at = byId.get(needsOf(kind, at).find((id) => byId.has(id))!)!;
  }
  return at;
}

function needsOf(kind: Kind, { source, prepared }: PlannedCopy): string[] {
  if (kind.nested) return [dirname(source.id)];
  if (!kind.references?.some((each) => each.kind === kind.name)) return [];
  return referencesOf(kind, prepared!.definition)
    .filter((each) => each.kind === kind.name)
    .map(({ id }) => id);
}

/** What is to be removed, one after the other: what stands in another goes before that. */
export function innerFirst(kind: Kind, removals: readonly Orphan[]): Orphan[][] {
  if (!kind.nested) return [[...removals]];
  const byDepth: Orphan[][] = [];
  for (const removal of removals) (byDepth[removal.copy.id.split("/").length] ??= []).push(removal);
  return byDepth.filter((level) => level !== undefined).reverse();
}
