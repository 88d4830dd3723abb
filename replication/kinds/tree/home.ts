import type { Inventory } from "../kind.js";
import { homeExists } from "../scripts/script-place.js";

/** Why nothing can be put at that path: a home is made with its user, and by nobody else. */
export async function whyNoHome(path: string, run: Inventory): Promise<string | undefined> {
  const user = /^\/Users\/([^/]+)(?=\/)/.exec(path)?.[1];
  if (user === undefined || !run.target || (await homeExists(user, run.target, run))) return undefined;
  return `the standby has no user ${user}, and nobody else can make that home folder: add the user there, or leave it out (select)`;
}
