import { messageOf, printableLines } from "@databricks-dr/replication";
import { endWithEngine } from "./engine-watch.js";

/** An error for a person: its message says all, so that no stack trace stands on the screen. */
export async function plainly<T>(work: () => Promise<T>): Promise<T> {
  endWithEngine();
  try {
    return await work();
  } catch (cause) {
    const error = new Error(printableLines(messageOf(cause)), { cause });
    error.stack = "";
    throw error;
  }
}
