import { mayChangeRole, type Role, roleRefusal } from "@databricks-dr/replication";
import * as pulumi from "@pulumi/pulumi";

/**
 * Ends the program where its configuration is older than the stack's last change of role, before the peer is looked at: with an
 * old role the two may seem no pair. A stack that becomes active needs no peer, and the resource of the role decides.
 */
export function refuseOldRole({ stack, role, last }: { stack: string; role: Role; last: Role | undefined }): void {
  if (role !== "active" && last !== undefined && last !== role && !mayChangeRole(role))
    throw new pulumi.RunError(roleRefusal(stack, role, last));
}
