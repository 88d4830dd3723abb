import { randomUUID } from "node:crypto";
import type { Hono } from "hono";
import type { Arm, ArmService } from "../arm.js";
import { findStorageAccount, lastSyncTime, skuOf } from "./storage-accounts.js";
import { redundancyOf } from "./sku.js";

/** The sandbox has no name server, so an account's blob endpoint is a path of ARM's server. */
export const statsPath = "/blob/";

/**
 * Get Blob Service Stats at `/blob/<account>-secondary?restype=service&comp=stats`, where Azure has
 * `https://<account>-secondary.blob.core.windows.net/`. Answered on the secondary endpoint only.
 * https://learn.microsoft.com/rest/api/storageservices/get-blob-service-stats
 */
export const blobServiceStats: ArmService = {
  name: "blob service stats",
  mount(app: Hono, arm: Arm): void {
    app.get(`${statsPath}:host`, (context) => {
      if (context.req.query("restype") !== "service" || context.req.query("comp") !== "stats")
        return storageError(501, "NotImplemented", "the sandbox's blob endpoint answers service stats only");
      const host = context.req.param("host");
      const isSecondary = host.endsWith("-secondary");
      const account = findStorageAccount(arm, isSecondary ? host.slice(0, -"-secondary".length) : host);
      if (!isSecondary)
        return storageError(
          400,
          "InvalidQueryParameterValue",
          "Value for one of the query parameters specified in the request URI is invalid.",
        );
      // In Azure the name of this endpoint does not resolve then.
      if (!redundancyOf(skuOf(account)).readAccess)
        return storageError(404, "ResourceNotFound", `'${account.name}' has no readable secondary endpoint.`);
      return xml(
        200,
        `<StorageServiceStats><GeoReplication><Status>live</Status><LastSyncTime>${lastSyncTime(arm, account).toUTCString()}</LastSyncTime></GeoReplication></StorageServiceStats>`,
      );
    });
  },
};

function xml(status: number, body: string, headers: Record<string, string> = {}): Response {
  return new Response(`\uFEFF<?xml version="1.0" encoding="utf-8"?>${body}`, {
    status,
    headers: { "content-type": "application/xml", "x-ms-request-id": randomUUID(), ...headers },
  });
}

function storageError(status: number, code: string, message: string): Response {
  return xml(status, `<Error><Code>${code}</Code><Message>${message}</Message></Error>`, { "x-ms-error-code": code });
}
