import { meansGone } from "../client/errors.js";

/**
 * What one object holds; undefined when it is not there (any more): somebody has deleted it since it was listed.
 */
export async function orGone<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (meansGone(error)) return undefined;
    throw error;
  }
}
