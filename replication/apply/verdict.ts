import { isRefusal } from "../client/errors.js";
import { OperationsClusterUnavailable } from "../client/command-context.js";
import { NeedsPerson } from "../kinds/kind.js";
import type { Outcome } from "../report/ledger.js";
import { messageOf } from "../values/redact.js";

export interface Verdict {
  readonly outcome: Extract<Outcome, "failed" | "needs-a-person">;
  /** What was said, and what to do about it; without secrets. */
  readonly why: string;
}

/** A refusal that the same request meets again, however often it is sent, and what a person can do about it. */
interface Refusal {
  readonly code: RegExp;
  /** What the message must say, where the code is used for much else. */
  readonly says?: RegExp;
  readonly advice: string;
}

const otherPolicy =
  "change the policy on the standby so that it allows this, or map it to another one (idMappings.cluster-policies)";

/** The first that fits counts. https://docs.databricks.com/api/azure/workspace (Errors) */
const refusals: readonly Refusal[] = [
  {
    code: /^(FEATURE_DISABLED|INVALID_PARAMETER_VALUE|PERMISSION_DENIED)$/,
    says: /init script.*dbfs|dbfs.*init script|DBFS root is disabled/is,
    advice: "move the script to workspace files or a volume and refer to it there",
  },
  {
    code: /^FEATURE_DISABLED$/,
    advice: "turn this feature on in the standby, or do without it on the source",
  },
  {
    code: /^DIRECTORY_PROTECTED$/,
    advice: "add the user whose home folder that is to the standby, or move the object to a folder that all share",
  },
  {
    code: /^(INVALID_PARAMETER_VALUE|RESOURCE_DOES_NOT_EXIST|PERMISSION_DENIED)$/,
    says: /single_user_name|(user|principal)\b.*(does not exist|not found)|no such (user|principal)/i,
    advice: "add this user to the standby, or map the name to one who is there (idMappings.principals)",
  },
  {
    code: /^(INVALID_PARAMETER_VALUE|PERMISSION_DENIED|POLICY_VIOLATION)$/,
    says: /validation failed for|cluster validation error|polic(y|ies)/i,
    advice: otherPolicy,
  },
  {
    code: /^PERMISSION_DENIED$/,
    advice: "give the replication's principal this right on the standby: it has to be a workspace administrator",
  },
  {
    code: /^RESOURCE_DOES_NOT_EXIST$/,
    advice: "make what it refers to on the standby, or map it to what is there (idMappings)",
  },
  {
    code: /^MAX_NOTEBOOK_SIZE_EXCEEDED$/,
    advice: "copy it by hand, or leave it out (select)",
  },
  {
    code: /^DIRECTORY_NOT_EMPTY$/,
    advice: "take out of it what is no copy, or keep the folder (deletions: keep)",
  },
  {
    code: /^RESOURCE_ALREADY_EXISTS$/,
    advice: "rename or remove what stands there already",
  },
  {
    code: /QUOTA|^RESOURCE_LIMIT_EXCEEDED$/,
    advice: "have the limit raised, or make room on the standby",
  },
  {
    code: /^(INVALID_PARAMETER_VALUE|MALFORMED_REQUEST)$/,
    advice: "the standby does not take it as it stands: change it on the source, or exclude it (select)",
  },
];

/**
 * Whether trying again may help. `failed` fails the run; what the same request would meet again at each run waits for a
 * person, and says what to do.
 * @param copyId The copy that was written to: one that somebody has removed meanwhile is made again by the next run.
 */
export function verdictOn(error: unknown, copyId?: string): Verdict {
  const why = messageOf(error);
  if (error instanceof NeedsPerson) return { outcome: "needs-a-person", why };
  if (error instanceof OperationsClusterUnavailable)
    return { outcome: error.reason === "cannot-start" ? "needs-a-person" : "failed", why };
  if (!isRefusal(error)) return { outcome: "failed", why };
  const isGone =
    copyId !== undefined && error.message.includes(copyId) && /does not exist|not found/i.test(error.message);
  const refusal = refusals.find(
    ({ code, says }) => code.test(error.errorCode) && (says === undefined || says.test(error.message)),
  );
  if (isGone || !refusal) return { outcome: "failed", why };
  return { outcome: "needs-a-person", why: `${why}; ${refusal.advice}` };
}
