import { isNotFound } from "../../client/errors.js";
import { encodePath } from "../files.js";
import type { Inventory, Side } from "../kind.js";
import { whyNoHome } from "../tree/home.js";
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
  return store === "workspace"
    ? whyNoHome(path, "move the script to a folder that all share and refer to it there", run)
    : undefined;
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
