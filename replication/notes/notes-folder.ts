import { normalize } from "node:path/posix";

/** Folder of the workspace that holds the notes: at the root, where administrators alone may write. */
export const notesFolder = "/.databricks-dr";

/** Where they lay before, and every user may write. They are moved over once. */
export const formerNotesFolder = "/Shared/.databricks-dr";

/** The one spelling of a path of the workspace: `//Workspace/Shared/./a/` is `/Shared/a`. */
export function workspacePath(path: string): string {
  const plain = normalize(`/${path}`).replace(/^\/Workspace(?=\/|$)/, "");
  return plain.replace(/\/+$/, "") || "/";
}

/** Whether a path, however it is spelt, is that of our own notes or below them. */
export function isInNotes(path: string): boolean {
  const plain = workspacePath(path).toLowerCase();
  return [notesFolder, formerNotesFolder].some((folder) => {
    const at = folder.toLowerCase();
    return plain === at || plain.startsWith(`${at}/`);
  });
}
