export * as notesKey from "./notes-key.js";
export * as replica from "./replica.js";
export * as role from "./role.js";
