import type { Kind } from "./kind.js";
import { whyNoHome } from "./tree/home.js";
import { folderItem, treeFor } from "./tree/tree.js";

/** Folders of the workspace's tree. https://docs.databricks.com/api/azure/workspace/workspace */
export const folders: Kind = {
  name: "folders",
  singular: "folder",
  identity: { by: "path", foreign: "left" },
  nested: true,
  permissions: { type: "directories" },

  summary: () => "folder",

  list: (side, run) => treeFor("folders", side, run),

  async prepare({ id, definition }, { run }) {
    const obstacle = await whyNoHome(id, run);
    return { definition, ...(obstacle === undefined ? {} : { obstacle }) };
  },

  async create({ client }, { source }) {
    await client.post("/api/2.0/workspace/mkdirs", { path: source.id }, { idempotent: true });
    return source.id;
  },

  async get({ client }, id) {
    return folderItem(id, await client.get("/api/2.0/workspace/get-status", { path: id }));
  },

  async exists({ client }, id) {
    await client.get("/api/2.0/workspace/get-status", { path: id });
  },

  async remove({ client }, id) {
    await client.post("/api/2.0/workspace/delete", { path: id, recursive: false }, { idempotent: true });
  },

  async stillUsed({ id }, run) {
    const inside = await run.items("target", "notebooks");
    return inside.some(({ name }) => name.startsWith(`${id}/`))
      ? "notebooks on the standby are still in it"
      : undefined;
  },
};
