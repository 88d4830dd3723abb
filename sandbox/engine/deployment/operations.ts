/** What a step does, in Pulumi's words. */
export type Operation =
  | "same"
  | "create"
  | "update"
  | "delete"
  | "replace"
  | "create-replacement"
  | "delete-replaced"
  | "read"
  | "read-replacement"
  | "refresh"
  | "discard"
  | "discard-replaced"
  | "remove-pending-replace"
  | "import"
  | "import-replacement";

/** The order in which a summary names them. */
export const summaryOrder: readonly Operation[] = [
  "same",
  "create",
  "update",
  "delete",
  "replace",
  "create-replacement",
  "delete-replaced",
  "read",
  "read-replacement",
  "refresh",
  "discard",
  "discard-replaced",
  "remove-pending-replace",
  "import",
  "import-replacement",
];

const pastTenses: Record<Operation, string> = {
  same: "samed",
  create: "created",
  update: "updated",
  delete: "deleted",
  replace: "replaced",
  "create-replacement": "create-replacementd",
  "delete-replaced": "deleted",
  read: "read",
  "read-replacement": "read-replacementd",
  refresh: "refreshed",
  discard: "discarded",
  "discard-replaced": "discarded",
  "remove-pending-replace": "removed",
  import: "imported",
  "import-replacement": "imported",
};

export const pastTense = (operation: Operation): string => pastTenses[operation];

const readOperations: ReadonlySet<Operation> = new Set<Operation>(["same", "read", "discard", "read-replacement"]);

/** Whether a stack with such steps counts as changed. */
export const isChange = (operation: Operation): boolean => !readOperations.has(operation);
