export { apply, needsApply, preview, refresh, removeCopies } from "./lifecycle.js";
export type { ReplicaArgs, ReplicaPicture, ReplicaState } from "./lifecycle.js";
export { attention, describeLine, type Ledger, type LedgerLine, type Outcome } from "./ledger.js";
export { kinds } from "./kinds/registry.js";
export { operationsTag } from "./marker.js";
export type { Progress, ProgressNote } from "./progress.js";
export { redactText } from "./redact.js";
export type { Endpoint, KindName, MountCredentials, ReplicationSettings, Selection } from "./settings.js";
export type { AuthMethod } from "./client/credentials.js";
