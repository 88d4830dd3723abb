import type { JsonObject } from "../../values/json.js";
import type { Item, Kind } from "../kind.js";
import { whyNoHome } from "./home.js";
import { treeFor, type TreeKind } from "./tree.js";

type Shared = Required<Pick<Kind, "list" | "prepare" | "get" | "exists" | "remove">>;

/** What is the same of every kind whose objects stand in the workspace's tree, each known by its path. */
export function inTree(kind: TreeKind, itemOf: (path: string, status: JsonObject) => Item): Shared {
  return {
    list: (side, run) => treeFor(kind, side, run),

    async prepare({ id, definition }, { run }) {
      const obstacle = await whyNoHome(id, "leave it out (select)", run);
      return { definition, ...(obstacle === undefined ? {} : { obstacle }) };
    },

    async get({ client }, id) {
      return itemOf(id, await client.get("/api/2.0/workspace/get-status", { path: id }));
    },

    async exists({ client }, id) {
      await client.get("/api/2.0/workspace/get-status", { path: id });
    },

    async remove({ client }, id) {
      await client.post("/api/2.0/workspace/delete", { path: id, recursive: false }, { idempotent: true });
    },
  };
}
