import { normalize } from "node:path/posix";
import { isArray, isObject, type Json, objectsOf } from "../../values/json.js";
import { isInNotes, workspacePath } from "../../notes/notes-folder.js";
import type { fileStores } from "../files.js";

export type Store = keyof typeof fileStores;

/** Where a script lies, by its one spelling: `dbfs:/databricks/init/a.sh`, `workspace:/Shared/a.sh`, `volumes:/Volumes/…`. */
export type Destination = string;

/** Every `init_scripts` destination, wherever in the definition; the same script has one spelling. */
export function destinationsIn(value: Json): Destination[] {
  if (isArray(value)) return value.flatMap(destinationsIn);
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([field, inner]) => {
    if (inner === undefined) return [];
    if (field !== "init_scripts") return destinationsIn(inner);
    return objectsOf(inner).flatMap((script) =>
      Object.entries(script).flatMap(([store, at]) =>
        isObject(at) && typeof at.destination === "string" ? [destinationOf(store, at.destination)] : [],
      ),
    );
  });
}

/** The one spelling of a script's place; dots and double slashes are gone, so that a path says where it leads. */
export function destinationOf(store: string, given: string): Destination {
  if (store === "workspace") return `workspace:${workspacePath(given)}`;
  if (store === "volumes" || /^(dbfs:)?\/+Volumes\//.test(given))
    return `volumes:${normalize(given.replace(/^dbfs:/, ""))}`;
  if (store === "dbfs") return `dbfs:${normalize(`/${given.replace(/^dbfs:/, "")}`)}`;
  return given;
}

export function parseDestination(destination: Destination): {
  readonly store: Store | undefined;
  readonly path: string;
} {
  const [, store, path = ""] = /^(dbfs|workspace|volumes):(\/.*)$/s.exec(destination) ?? [];
  return { store: store as Store | undefined, path };
}

/** Why a script is never copied, whoever refers to it; undefined where it may be. */
export function whyLeftOut(destination: Destination): string | undefined {
  const { store, path } = parseDestination(destination);
  if (!store)
    return /^abfss?:/.test(destination)
      ? "stays where it is: see that the standby may read that storage account"
      : "stays where it is: no place of the workspace";
  if (isInNotes(path)) return "lies among the replication's own notes: no script is copied from there or to there";
  if (store === "dbfs" && path.startsWith("/mnt/")) return "lies on a mount: it comes with the mounted storage";
  return undefined;
}
