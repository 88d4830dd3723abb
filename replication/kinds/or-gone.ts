import { ApiError, isNotFound } from "../client/errors.js";

/**
 * What one object holds; undefined when it is not there (any more): somebody has deleted it since it was listed. Of a job
 * or cluster that is not there Databricks says that the parameter is invalid.
 */
export async function orGone<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (isNotFound(error) || (error instanceof ApiError && error.errorCode === "INVALID_PARAMETER_VALUE"))
      return undefined;
    throw error;
  }
}
