import { isNotFound } from "../../client/errors.js";
import { encodePath } from "../files.js";
import type { Inventory, Side } from "../kind.js";
import { dbfsRefusal } from "./dbfs-refusal.js";
import { type Destination, parseDestination } from "./script-destination.js";

/** Why the standby would not take a script at that place; undefined where it would, or cannot be asked. */
export async function whyNoPlace(destination: Destination, run: Inventory): Promise<string | undefined> {
  const { target } = run;
  if (!target) return undefined;
  const { store, path } = parseDestination(destination);
  const refusal = store === "dbfs" ? dbfsRefusal(target.client) : undefined;
  if (refusal !== undefined) return `on the standby ${refusal}: ${moveIt}`;
  const volume = store === "volumes" ? /^\/Volumes\/[^/]+\/[^/]+\/[^/]+(?=\/)/.exec(path)?.[0] : undefined;
  if (volume !== undefined && !(await volumeExists(volume, target, run)))
    return `the standby has no volume ${volume}: make it there, in its own metastore`;
  const home = store === "workspace" ? /^\/Users\/([^/]+)(?=\/)/.exec(path)?.[1] : undefined;
  if (home !== undefined && !(await homeExists(home, target, run)))
    return `the standby has no user ${home}, and nobody else can make that home folder: add the user there, or move the script to a folder that all share and refer to it there`;
  return undefined;
}

/** The way out of DBFS. */
export const moveIt =
  "move the script to workspace files or a volume and refer to it there, or exclude it (select.init-scripts.exclude)";

function volumeExists(volume: string, { client }: Side, run: Inventory): Promise<boolean> {
  return run.once(`volume ${volume}`, async () => {
    try {
      await client.head(`/api/2.0/fs/directories${encodePath(volume)}`);
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  });
}

/** A home folder is made with its user. Where neither can be asked it is taken to be there: the writing will tell. */
export function homeExists(user: string, { client }: Side, run: Inventory): Promise<boolean> {
  return run.once(`home ${user}`, async () => {
    try {
      await client.get("/api/2.0/workspace/get-status", { path: `/Users/${user}` });
      return true;
    } catch (error) {
      if (!isNotFound(error)) return true;
      return run.principalExists(user).catch(() => true);
    }
  });
}
