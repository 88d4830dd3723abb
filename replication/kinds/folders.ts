import type { Kind } from "./kind.js";
import { inTree } from "./tree/in-tree.js";
import { folderItem } from "./tree/tree.js";

/** Folders of the workspace's tree. https://docs.databricks.com/api/azure/workspace/workspace */
export const folders: Kind = {
  ...inTree("folders", folderItem),
  name: "folders",
  singular: "folder",
  identity: { by: "path", foreign: "left" },
  nested: true,
  permissions: { type: "directories" },

  summary: () => "folder",

  async create({ client }, { source }) {
    await client.post("/api/2.0/workspace/mkdirs", { path: source.id }, { idempotent: true });
    return source.id;
  },

  async stillUsed({ id }, run) {
    const inside = await run.items("target", "notebooks");
    return inside.some(({ name }) => name.startsWith(`${id}/`))
      ? "notebooks on the standby are still in it"
      : undefined;
  },
};
