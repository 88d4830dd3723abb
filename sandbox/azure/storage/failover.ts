import type { Hono } from "hono";
import { badRequest, conflict } from "../arm-error.js";
import { pollHeaders, withHeaders } from "../operations.js";
import type { Arm, ArmService } from "../arm.js";
import { skuOf, storageAccountPath, storageAccountType } from "./storage-accounts.js";
import { redundancyOf } from "./sku.js";
import type { ArmResource } from "../subscription.js";
import { findRegion } from "../regions.js";

/**
 * Customer-managed failover of a storage account. Unplanned: the copy in the paired region becomes an LRS account and
 * the old primary is gone. Planned: the two regions swap and geo-redundancy stays. `location` never changes.
 * https://learn.microsoft.com/azure/storage/common/storage-disaster-recovery-guidance
 */
export const storageFailover: ArmService = {
  name: "storage failover",
  mount(app: Hono, arm: Arm): void {
    app.post(`${storageAccountPath}/:account/failover`, (context) => {
      const account = arm.subscription.get(
        arm.subscription.idOf(context.req.param("group"), storageAccountType, context.req.param("account")),
      );
      const type = context.req.query("failoverType") ?? "Unplanned";
      if (type !== "Planned" && type !== "Unplanned")
        throw badRequest(
          "InvalidValuesForRequestParameters",
          "Values for request parameters are invalid: failoverType.",
        );
      requireFailoverPossible(account);
      account.properties.failoverInProgress = true;
      const operation = arm.operations.start(arm.operationMs * 5, account.id, () => {
        // The account may have been deleted, or restored to an earlier state, in between.
        const current = arm.subscription.find(account.id);
        if (current) failOver(arm, current, type);
      });
      return withHeaders(
        new Response(null, { status: 202 }),
        pollHeaders(context, "Microsoft.Storage", String(account.location), operation, { location: true }),
      );
    });
  },
};

function requireFailoverPossible(account: ArmResource): void {
  if (!redundancyOf(skuOf(account)).geo)
    throw badRequest(
      "InvalidAccountType",
      `The AccountType ${skuOf(account)} is invalid: '${account.name}' has no geo-redundant copy to fail over to.`,
    );
  if (account.properties.failoverInProgress === true)
    throw conflict("AccountFailoverInProgress", `A failover of the account '${account.name}' is in progress.`);
  // https://learn.microsoft.com/azure/storage/common/storage-disaster-recovery-guidance#unsupported-features-and-services
  if (account.properties.isSftpEnabled === true)
    throw conflict("AccountFailoverNotSupported", `'${account.name}' has SFTP enabled, which blocks a failover.`);
}

function failOver(arm: Arm, account: ArmResource, type: "Planned" | "Unplanned"): void {
  const { primaryLocation } = account.properties;
  account.properties.primaryLocation =
    primaryLocation === account.location ? findRegion(String(primaryLocation))?.pair : account.location;
  if (type === "Unplanned") account.sku = { name: "Standard_LRS", tier: "Standard" };
  delete account.properties.failoverInProgress;
  account.properties.lastGeoFailoverTime = new Date(arm.clock.now()).toISOString();
  arm.subscription.put(account);
}
