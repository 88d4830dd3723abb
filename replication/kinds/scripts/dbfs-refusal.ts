import { ApiError } from "../../client/errors.js";
import type { WorkspaceClient } from "../../client/workspace-client.js";
import { redactText } from "../../values/redact.js";

/** Workspaces that have refused DBFS in this run, and why: each file need not be asked for to be refused. */
const refusals = new WeakMap<WorkspaceClient, string>();

/** Why the workspace gives no access to DBFS, as far as this run has asked. */
export function dbfsRefusal(client: WorkspaceClient): string | undefined {
  return refusals.get(client);
}

/** Looks at DBFS; undefined where the workspace lets nobody see it. What else goes wrong is thrown. */
export async function unlessDbfsIsOff<T>(client: WorkspaceClient, look: () => Promise<T>): Promise<T | undefined> {
  if (refusals.has(client)) return undefined;
  try {
    return await look();
  } catch (error) {
    if (!refusesDbfs(error)) throw error;
    refusals.set(client, wordsFor(error));
    return undefined;
  }
}

/** https://learn.microsoft.com/azure/databricks/dbfs/disable-dbfs-root-mounts: off in every new workspace without legacy features. */
function refusesDbfs(error: unknown): error is ApiError {
  return error instanceof ApiError && (error.status === 403 || error.errorCode === "FEATURE_DISABLED");
}

const turnedOff = "DBFS is turned off (Public DBFS root is disabled)";

/** Whether a refusal is that of a workspace without DBFS, where nobody has scripts. */
export function isOff(refusal: string): boolean {
  return refusal === turnedOff;
}

function wordsFor({ message }: ApiError): string {
  return /DBFS root is disabled/i.test(message) ? turnedOff : `DBFS cannot be read (${redactText(message)})`;
}
