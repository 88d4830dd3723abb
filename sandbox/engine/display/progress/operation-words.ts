import type { Operation } from "../../deployment/operations.js";

interface Words {
  /** In a preview, while it is looked at and after. */
  plan: string;
  planned: string;
  doing: string;
  done: string;
  failing: string;
}

const words = (plan: string, planned: string, doing: string, done: string, failing = `${doing} failed`): Words => ({
  plan,
  planned,
  doing,
  done,
  failing,
});

/** What a step is called while it is ahead, under way and behind: the Pulumi CLI's words. */
export const operationWords: Record<Operation, Words> = {
  same: words("", "", "", "", "failed"),
  create: words("create", "create", "creating", "created"),
  update: words("update", "update", "updating", "updated"),
  delete: words("delete", "delete", "deleting", "deleted"),
  replace: words("replace", "replace", "replacing", "replaced"),
  "create-replacement": words(
    "create replacement",
    "replace",
    "creating replacement",
    "created replacement",
    "creating failed",
  ),
  "delete-replaced": words("delete original", "replace", "deleting original", "deleted original", "deleting failed"),
  read: words("read", "read", "reading", "read"),
  "read-replacement": words(
    "read for replacement",
    "replace",
    "reading for replacement",
    "read for replacement",
    "reading failed",
  ),
  refresh: words("refreshing", "refresh", "refreshing", "refresh"),
  discard: words("discard", "discard", "discarding", "discarded"),
  "discard-replaced": words(
    "discard original",
    "replace",
    "discarding original",
    "discarded original",
    "discarding failed",
  ),
  "remove-pending-replace": words("", "", "", "", ""),
  import: words("import", "import", "importing", "imported"),
  "import-replacement": words(
    "import replacement",
    "import",
    "importing replacement",
    "imported replacement",
    "importing failed",
  ),
};
