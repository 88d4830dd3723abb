import type { ExportedState } from "./test-project.js";

/** What no two runs have in common: ids that are random, times, places in node_modules. */
const randomId = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const automaticName = /\breplaced-[0-9a-f]{6}\b/g;
const volatile = new Set(["created", "modified", "stackTrace"]);

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
};

/** A document in a form that two engines' can be compared in. */
export function normalized(document: unknown): unknown {
  const text = JSON.stringify(sorted(document)).replace(randomId, "<id>").replace(automaticName, "replaced-<name>");
  return JSON.parse(text, (key: string, value: unknown) => {
    if (volatile.has(key)) return undefined;
    // Sets, whose order means nothing.
    if (key === "dependencies" && Array.isArray(value)) return value.sort();
    if (key === "propertyDependencies")
      for (const urns of Object.values(value as Record<string, string[]>)) urns?.sort();
    return value;
  });
}

/** Resources by URN, so that only what differs is seen; those that wait for deletion apart. */
export function resourcesByUrn(state: ExportedState): Record<string, unknown> {
  const entries = (state.resources ?? []).map((resource) => [
    `${resource.urn}${resource.delete ? " (waits for deletion)" : ""}`,
    normalized(resource),
  ]);
  return Object.fromEntries(entries) as Record<string, unknown>;
}

/** Every resource after what it depends on: otherwise an engine refuses the state. */
export function misplacedReferences(state: ExportedState): string[] {
  const seen = new Set<string>();
  const misplaced: string[] = [];
  for (const resource of state.resources ?? []) {
    const references = [
      resource.parent,
      ...((resource.dependencies as string[] | undefined) ?? []),
      String(resource.provider ?? "").replace(/::[^:]*$/, ""),
    ];
    for (const urn of references)
      if (typeof urn === "string" && urn && !seen.has(urn)) misplaced.push(`${resource.urn} -> ${urn}`);
    seen.add(resource.urn);
  }
  return misplaced;
}
