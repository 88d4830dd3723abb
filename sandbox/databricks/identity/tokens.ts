import { randomBytes } from "node:crypto";
import { jsonBody, reply } from "../../http/app.js";
import type { JsonObject } from "../../http/json.js";
import { callerOf } from "./caller.js";
import { doesNotExist, invalidParameter } from "../http/errors.js";
import type { Service } from "../service.js";
import { optionalString, requiredString } from "../http/request-fields.js";

interface TokenRow {
  readonly id: string;
  readonly value: string;
  readonly owner: string;
  readonly comment: string;
  readonly createdAt: number;
  /** -1 where it never ends. */
  readonly expiresAt: number;
}

/** Personal access tokens 2.0: https://docs.databricks.com/api/azure/workspace/tokens */
export const tokens: Service = {
  name: "tokens",
  mount(app, workspace) {
    const table = workspace.table<TokenRow>("token-infos");
    const accepted = workspace.table<string>("tokens");
    const revoke = (row: TokenRow): void => {
      table.delete(row.id);
      accepted.delete(row.value);
    };
    const live = (): TokenRow[] => {
      const now = workspace.clock.now();
      for (const row of [...table.values()]) if (row.expiresAt >= 0 && row.expiresAt <= now) revoke(row);
      return [...table.values()];
    };

    app.post("/api/2.0/token/create", async (c) => {
      const body = await jsonBody(c);
      const seconds = body.lifetime_seconds;
      if (seconds !== undefined && (typeof seconds !== "number" || seconds <= 0))
        throw invalidParameter("lifetime_seconds must be a positive number");
      const now = workspace.clock.now();
      const row: TokenRow = {
        id: randomBytes(32).toString("hex"),
        value: `dapi${randomBytes(16).toString("hex")}-2`,
        owner: callerOf(c),
        comment: optionalString(body, "comment") ?? "",
        createdAt: now,
        expiresAt: seconds === undefined ? -1 : now + seconds * 1000,
      };
      table.set(row.id, row);
      workspace.acceptToken(row.value, row.owner);
      if (seconds !== undefined) workspace.clock.after(seconds * 1000, () => revoke(row));
      return reply(c, { token_value: row.value, token_info: tokenInfo(row) });
    });

    app.get("/api/2.0/token/list", (c) => {
      const rows = live().filter(({ owner }) => owner === callerOf(c));
      return reply(c, rows.length === 0 ? {} : { token_infos: rows.map(tokenInfo) });
    });

    app.post("/api/2.0/token/delete", async (c) => {
      const id = requiredString(await jsonBody(c), "token_id");
      const row = live().find((token) => token.id === id && token.owner === callerOf(c));
      if (!row) throw doesNotExist(`Token with ID ${id} does not exist`);
      revoke(row);
      return reply(c);
    });
  },
};

function tokenInfo(row: TokenRow): JsonObject {
  return { token_id: row.id, creation_time: row.createdAt, expiry_time: row.expiresAt, comment: row.comment };
}
