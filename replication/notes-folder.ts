/** Folder of the workspace that holds the notes. At the root, where only administrators may write. */
export const notesFolder = "/.databricks-dr";

/** Where the notes lay before: every user may write there. They are moved over once. */
export const formerNotesFolder = "/Shared/.databricks-dr";
