import { isNotFound } from "../../client/errors.js";
import type { Inventory, Side } from "../kind.js";

/** Why nothing can be put at that path: a home is made with its user, and by nobody else. `wayOut` is what else helps. */
export async function whyNoHome(path: string, wayOut: string, run: Inventory): Promise<string | undefined> {
  const user = /^\/Users\/([^/]+)(?=\/)/.exec(path)?.[1];
  if (user === undefined || !run.target || (await homeExists(user, run.target, run))) return undefined;
  return `the standby has no user ${user}, and nobody else can make that home folder: add the user there, or ${wayOut}`;
}

/** A home folder is made with its user. Where neither can be asked it is taken to be there: the writing will tell. */
function homeExists(user: string, { client }: Side, run: Inventory): Promise<boolean> {
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
