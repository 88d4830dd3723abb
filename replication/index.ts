export { apply, needsApply, preview } from "./replica/lifecycle.js";
export { refresh } from "./replica/refresh.js";
export { removeCopies } from "./replica/removal.js";
export type { ReplicaPicture } from "./report/preview-picture.js";
export type { ReplicaArgs, ReplicaState, StoredState } from "./replica/replica-state.js";
export { withoutSecrets } from "./replica/replica-state.js";
export { linesPath, reportsFolder, type TellLines } from "./report/lines.js";
export { attention, describeLine, type Ledger, type LedgerLine, type Outcome } from "./report/ledger.js";
export type { Kind } from "./kinds/kind.js";
export { kinds, mappableKinds } from "./kinds/registry.js";
export { operationsTag } from "./inventory/marker.js";
export type { Progress, ProgressNote } from "./report/progress.js";
export { printable, printableLines } from "./values/printable.js";
export { messageOf, redactText } from "./values/redact.js";
export type {
  AuthMethod,
  Endpoint,
  KindName,
  MountCredentials,
  ReplicationSettings,
  Role,
  Selection,
} from "./settings.js";
export { newKeyPair } from "./notes/signing.js";
export { forgetRole, mayChangeRole, recordRole, roleRefusal, roleOnRecord, type RoleRecord } from "./roles/role.js";
export { providerSignIn, type ProviderSignIn } from "./client/auth-method.js";
export { rateLimitFamilies } from "./client/families.js";
export { OperationsClusterUnavailable, type OperationsClusterTrouble } from "./client/command-context.js";
