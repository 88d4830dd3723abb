import { dirname } from "node:path/posix";
import { UnexpectedAnswer } from "../../client/errors.js";
import { originOf } from "../../inventory/marker.js";
import { isInNotes, workspacePath } from "../../notes/notes-folder.js";
import { mapAll } from "../../values/for-all.js";
import { type JsonObject, objectsOf } from "../../values/json.js";
import { quoted } from "../../values/printable.js";
import type { Inventory, Item, Side } from "../kind.js";
import { orGone } from "../or-gone.js";

/** The folders and notebooks of one workspace, each by its path. */
interface Tree {
  readonly folders: readonly Item[];
  readonly notebooks: readonly Item[];
}

export type TreeKind = keyof Tree;

/** A walk that the other kind of the tree has not had yet. */
interface Walk {
  readonly tree: Promise<Tree>;
  readonly takenBy: Set<TreeKind>;
}

const walks = new WeakMap<Inventory, Map<Side, Walk>>();

/** One walk serves folders and notebooks; a kind that asks again, to prove what it wrote, gets a new one. */
export async function treeFor(kind: TreeKind, side: Side, run: Inventory): Promise<readonly Item[]> {
  const known = walks.get(run) ?? new Map<Side, Walk>();
  walks.set(run, known);
  let walk = known.get(side);
  if (!walk || walk.takenBy.has(kind)) known.set(side, (walk = { tree: walkTree(side), takenBy: new Set() }));
  walk.takenBy.add(kind);
  walk.tree.catch(() => known.delete(side));
  return (await walk.tree)[kind];
}

async function walkTree(side: Side): Promise<Tree> {
  const tree = { folders: [] as Item[], notebooks: [] as Item[] };
  for (let level = ["/"]; level.length > 0;) {
    const below = await mapAll(level, (folder) => lookInto(side, folder, tree));
    level = below.flat();
  }
  return tree;
}

/** Notes what a folder has in it, and gives the folders to be looked into. */
async function lookInto(
  { client }: Side,
  folder: string,
  tree: { readonly folders: Item[]; readonly notebooks: Item[] },
): Promise<string[]> {
  const listing = await orGone(() => client.get("/api/2.0/workspace/list", { path: folder }));
  const below: string[] = [];
  for (const object of objectsOf(listing?.objects)) {
    const path = workspacePath(String(object.path));
    // A listing of another folder would have the walk go round for ever.
    if (dirname(path) !== folder)
      throw new UnexpectedAnswer(
        `GET /api/2.0/workspace/list: ${quoted(path)} is not in ${quoted(folder)}, which was asked for`,
      );
    if (isElsewhere(path)) continue;
    if (object.object_type === "DIRECTORY") {
      below.push(path);
      if (!comesWithWorkspace(path)) tree.folders.push(folderItem(path, object));
    } else if (object.object_type === "NOTEBOOK") tree.notebooks.push(notebookItem(path, object));
  }
  return below;
}

/** Git folders are a kind of their own, and what is in the trash is deleted. */
function isElsewhere(path: string): boolean {
  return isInNotes(path) || /^\/Repos(\/|$)/.test(path) || /^(\/Users\/[^/]+)?\/Trash(\/|$)/.test(path);
}

/** Made by Databricks with the workspace, or with a user. */
function comesWithWorkspace(path: string): boolean {
  return path === "/Shared" || path === "/Users" || /^\/Users\/[^/]+$/.test(path);
}

/** Folders are all alike. */
const nothing: JsonObject = Object.freeze({});

export function folderItem(path: string, { object_id }: JsonObject): Item {
  return {
    id: path,
    name: path,
    accessId: String(object_id),
    origin: originOf("path", "folders", path),
    marked: false,
    definition: nothing,
    stamp: String(object_id),
  };
}

/** `PYTHON 4021 1790000000000`: another object, or another time of change, may be another content. */
export function notebookItem(path: string, { object_id, language, modified_at }: JsonObject): Item {
  return {
    id: path,
    name: path,
    accessId: String(object_id),
    origin: originOf("path", "notebooks", path),
    marked: false,
    stamp: `${String(language)} ${String(object_id)} ${String(modified_at)}`,
  };
}

export function languageOf({ stamp = "" }: Item): string {
  return stamp.split(" ")[0]!;
}
