import { randomUUID } from "node:crypto";
import type { Context } from "hono";
import { ApiError, jsonBody, reply } from "../http/app.js";
import type { JsonObject } from "../http/json.js";
import { callerOf } from "./identity/caller.js";
import { invalidParameter } from "./http/errors.js";
import type { Service } from "./service.js";
import { requiredString } from "./http/request-fields.js";
import type { Workspace } from "./workspace.js";

type Level = "catalog" | "schema" | "volume";

/** A securable by its full name, `catalog.schema.volume`; `info` is what the API answers. */
export interface SecurableRow {
  readonly level: Level;
  readonly fullName: string;
  info: JsonObject;
}

export function securables(workspace: Workspace): Map<string, SecurableRow> {
  return workspace.table<SecurableRow>("unity-catalog");
}

const LEVELS: Readonly<Record<Level, { readonly plural: string; readonly parent?: Level }>> = {
  catalog: { plural: "catalogs" },
  schema: { plural: "schemas", parent: "catalog" },
  volume: { plural: "volumes", parent: "schema" },
};

/** `Volume 'a.b.c' does not exist.` with its own code for each level. */
export function noSecurable(level: Level, fullName: string): ApiError {
  const name = level[0]?.toUpperCase() + level.slice(1);
  return new ApiError(404, `${level.toUpperCase()}_DOES_NOT_EXIST`, `${name} '${fullName}' does not exist.`);
}

/**
 * As much of Unity Catalog as it takes to have volumes: catalogs, schemas, volumes.
 * https://docs.databricks.com/api/azure/workspace/volumes
 */
export const unityCatalog: Service = {
  name: "unity-catalog",
  mount(app, workspace) {
    const table = securables(workspace);
    const rowOf = (level: Level, fullName: string): SecurableRow => {
      const row = table.get(fullName.toLowerCase());
      if (row?.level !== level) throw noSecurable(level, fullName);
      return row;
    };

    for (const level of Object.keys(LEVELS) as Level[]) {
      const { plural, parent } = LEVELS[level];
      const api = `/api/2.1/unity-catalog/${plural}`;

      app.get(api, (c) => {
        const within = parentName(level, (field) => c.req.query(field));
        if (parent) rowOf(parent, within);
        const rows = [...table.values()].filter(
          (row) => row.level === level && (!parent || row.fullName.startsWith(`${within}.`)),
        );
        return reply(c, rows.length === 0 ? {} : { [plural]: rows.map(({ info }) => info) });
      });

      app.post(api, async (c) => {
        const body = await jsonBody(c);
        const name = requiredString(body, "name").toLowerCase();
        if (/[./\s]/.test(name)) throw invalidParameter(`Invalid input: ${level} name '${name}'`);
        const within = parentName(level, (field) => (parent ? requiredString(body, field) : ""));
        if (parent) rowOf(parent, within);
        const fullName = within ? `${within}.${name}` : name;
        if (table.has(fullName))
          throw new ApiError(
            400,
            `${level.toUpperCase()}_ALREADY_EXISTS`,
            `${level[0]?.toUpperCase()}${level.slice(1)} '${fullName}' already exists`,
          );
        const row: SecurableRow = { level, fullName, info: newInfo(c, workspace, level, fullName, body) };
        table.set(fullName, row);
        return reply(c, row.info);
      });

      app.get(`${api}/:name`, (c) => reply(c, rowOf(level, c.req.param("name")).info));

      app.patch(`${api}/:name`, async (c) => {
        const row = rowOf(level, c.req.param("name"));
        const { comment, owner, new_name } = await jsonBody(c);
        if (new_name !== undefined)
          throw new ApiError(501, "NOT_IMPLEMENTED", `the sandbox does not emulate renaming a ${level}`);
        row.info = {
          ...row.info,
          ...(comment !== undefined && { comment }),
          ...(owner !== undefined && { owner }),
          updated_at: workspace.clock.now(),
          updated_by: callerOf(c),
        };
        return reply(c, row.info);
      });

      app.delete(`${api}/:name`, (c) => {
        const { fullName } = rowOf(level, c.req.param("name"));
        const children = [...table.keys()].filter((name) => name.startsWith(`${fullName}.`));
        if (children.length > 0 && c.req.query("force") !== "true")
          throw new ApiError(400, "INVALID_STATE", `Cannot delete ${level} '${fullName}': it is not empty`);
        for (const name of [fullName, ...children]) table.delete(name);
        return reply(c);
      });
    }
  },
};

/** The full name of what a schema or volume stands in, from the request's `catalog_name` and `schema_name`. */
function parentName(level: Level, field: (name: string) => string | undefined): string {
  const fields = { catalog: [], schema: ["catalog_name"], volume: ["catalog_name", "schema_name"] }[level];
  return fields.map((name) => requiredString({ [name]: field(name) }, name).toLowerCase()).join(".");
}

function newInfo(c: Context, workspace: Workspace, level: Level, fullName: string, body: JsonObject): JsonObject {
  const id = randomUUID();
  const now = workspace.clock.now();
  const [catalog_name, schema_name] = fullName.split(".");
  const external = body.volume_type === "EXTERNAL";
  if (level === "volume" && external !== (body.storage_location !== undefined))
    throw invalidParameter(
      external ? "Missing required field: storage_location" : "CreateVolume storage_location can not be provided.",
    );
  return {
    ...body,
    name: fullName.split(".").at(-1),
    full_name: fullName,
    ...(level !== "catalog" && { catalog_name }),
    ...(level === "volume" && {
      schema_name,
      volume_id: id,
      volume_type: external ? "EXTERNAL" : "MANAGED",
      storage_location: body.storage_location ?? `abfss://metastore@sandbox.dfs.core.windows.net/volumes/${id}`,
    }),
    ...(level === "schema" && { schema_id: id }),
    owner: callerOf(c),
    created_at: now,
    created_by: callerOf(c),
    updated_at: now,
    updated_by: callerOf(c),
  };
}
