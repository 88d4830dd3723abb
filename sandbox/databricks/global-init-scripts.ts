import { randomBytes } from "node:crypto";
import { jsonBody, reply } from "../http/app.js";
import type { Json, JsonObject } from "../http/json.js";
import { callerOf } from "./identity/caller.js";
import { doesNotExist, invalidParameter } from "./http/errors.js";
import type { Service } from "./service.js";
import { optionalString, requiredString } from "./http/request-fields.js";

/** https://docs.databricks.com/aws/en/init-scripts/global: 64 KB for each script. */
const MAX_BYTES = 64 * 1024;

interface GlobalInitScriptRow {
  readonly id: string;
  name: string;
  /** As it was sent: base64. */
  script: string;
  enabled: boolean;
  /** 0 runs first; positions have no gaps. */
  position: number;
  readonly createdBy: string;
  readonly createdAt: number;
  updatedBy: string;
  updatedAt: number;
}

/** Global init scripts 2.0: https://docs.databricks.com/api/azure/workspace/globalinitscripts */
export const globalInitScripts: Service = {
  name: "global-init-scripts",
  mount(app, workspace) {
    const table = workspace.table<GlobalInitScriptRow>("global-init-scripts");
    const api = "/api/2.0/global-init-scripts";
    const inOrder = (): GlobalInitScriptRow[] => [...table.values()].sort((a, b) => a.position - b.position);
    const rowOf = (id: string): GlobalInitScriptRow => {
      const row = table.get(id);
      if (!row) throw doesNotExist(`The global init script with ID ${id} does not exist`);
      return row;
    };
    /** Whoever stands at the position, and all after, move by one; past the end means last. */
    const place = (row: GlobalInitScriptRow, position: Json | undefined): void => {
      const others = inOrder().filter((other) => other !== row);
      const wanted = position === undefined || position === null ? others.length : position;
      if (typeof wanted !== "number" || !Number.isInteger(wanted) || wanted < 0)
        throw invalidParameter("position must be a non-negative integer");
      others.splice(wanted, 0, row);
      others.forEach((other, index) => (other.position = index));
    };

    app.get(api, (c) => {
      const scripts = inOrder().map(details);
      return reply(c, scripts.length === 0 ? {} : { scripts });
    });

    app.post(api, async (c) => {
      const body = await jsonBody(c);
      const now = workspace.clock.now();
      const caller = callerOf(c);
      const row: GlobalInitScriptRow = {
        id: randomBytes(8).toString("hex").toUpperCase(),
        name: requiredString(body, "name"),
        script: scriptOf(requiredString(body, "script")),
        enabled: body.enabled === true,
        position: table.size,
        createdBy: caller,
        createdAt: now,
        updatedBy: caller,
        updatedAt: now,
      };
      place(row, body.position);
      table.set(row.id, row);
      return reply(c, { script_id: row.id });
    });

    app.get(`${api}/:id`, (c) => {
      const row = rowOf(c.req.param("id"));
      return reply(c, { ...details(row), script: row.script });
    });

    app.patch(`${api}/:id`, async (c) => {
      const row = rowOf(c.req.param("id"));
      const body = await jsonBody(c);
      const name = optionalString(body, "name");
      const script = optionalString(body, "script");
      if (script !== undefined) row.script = scriptOf(script);
      if (name !== undefined) row.name = name;
      if (typeof body.enabled === "boolean") row.enabled = body.enabled;
      if (body.position !== undefined) place(row, body.position);
      row.updatedBy = callerOf(c);
      row.updatedAt = workspace.clock.now();
      return reply(c);
    });

    app.delete(`${api}/:id`, (c) => {
      const row = rowOf(c.req.param("id"));
      table.delete(row.id);
      inOrder().forEach((other, index) => (other.position = index));
      return reply(c);
    });
  },
};

function details(row: GlobalInitScriptRow): JsonObject {
  return {
    script_id: row.id,
    name: row.name,
    enabled: row.enabled,
    position: row.position,
    created_by: row.createdBy,
    created_at: row.createdAt,
    updated_by: row.updatedBy,
    updated_at: row.updatedAt,
  };
}

function scriptOf(base64: string): string {
  const bytes = Buffer.from(base64, "base64");
  if (bytes.length === 0) throw invalidParameter("script must be base64 and must not be empty");
  if (bytes.length > MAX_BYTES)
    throw invalidParameter(`The script has ${bytes.length} bytes; the maximum allowed is ${MAX_BYTES} bytes`);
  return base64;
}
