import { isDeepStrictEqual } from "node:util";
import type { JsonObject } from "../../http/json.js";
import type { ClusterRow } from "../clusters/row.js";
import type { Workspace } from "../workspace.js";

export type LibraryStatus = "PENDING" | "INSTALLING" | "INSTALLED" | "FAILED" | "UNINSTALL_ON_RESTART" | "SKIPPED";

export interface ClusterLibrary {
  readonly library: JsonObject;
  status: LibraryStatus;
}

/** Libraries by cluster id, in the order of their installation. */
export function libraryTable(workspace: Workspace): Map<string, ClusterLibrary[]> {
  return workspace.table<ClusterLibrary[]>("cluster-libraries");
}

/** Whether two specifications name one library: the same fields with the same values, in any order. */
export function sameLibrary(a: JsonObject, b: JsonObject): boolean {
  return isDeepStrictEqual(a, b);
}

/** Adds libraries that the cluster does not have yet: installed at once when it runs, at its next start otherwise. */
export function addLibraries(workspace: Workspace, row: ClusterRow, wanted: readonly JsonObject[]): void {
  if (wanted.length === 0) return;
  const libraries = libraryTable(workspace).get(row.id) ?? [];
  libraryTable(workspace).set(row.id, libraries);
  const status = row.state === "RUNNING" ? "INSTALLED" : "PENDING";
  for (const library of wanted) {
    const known = libraries.find((each) => sameLibrary(each.library, library));
    if (known) known.status = status;
    else libraries.push({ library, status });
  }
}

/** At a start or restart: what was to go is gone, all else is installed. */
export function installPending(workspace: Workspace, clusterId: string): void {
  const libraries = libraryTable(workspace).get(clusterId);
  if (!libraries) return;
  const kept = libraries.filter((each) => each.status !== "UNINSTALL_ON_RESTART");
  for (const each of kept) if (each.status === "PENDING") each.status = "INSTALLED";
  if (kept.length > 0) libraryTable(workspace).set(clusterId, kept);
  else libraryTable(workspace).delete(clusterId);
}

/** A terminated cluster has nothing installed: its libraries wait for the next start. */
export function releaseLibraries(workspace: Workspace, clusterId: string): void {
  for (const each of libraryTable(workspace).get(clusterId) ?? [])
    if (each.status === "INSTALLED") each.status = "PENDING";
}
