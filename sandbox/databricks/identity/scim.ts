import type { Context, Hono } from "hono";
import { randomUUID } from "node:crypto";
import { jsonBody, reply } from "../../http/app.js";
import type { Json, JsonObject } from "../../http/json.js";
import { callerOf } from "./caller.js";
import { addPrincipal, deletedPrincipals, findPrincipal, principalTable, type PrincipalKind } from "./principal-row.js";
import { revokePrincipal } from "../permissions/row.js";
import type { Service } from "../service.js";
import { isObject } from "../http/request-fields.js";
import { ScimError } from "./scim-error.js";
import { applyScimPatch } from "./scim-patch.js";
import type { Workspace } from "../workspace.js";
import { WorkspaceTree } from "../workspace-objects/tree.js";

const kinds: Readonly<Record<PrincipalKind, { readonly schema: string; readonly key: string; readonly noun: string }>> =
  {
    Users: { schema: "urn:ietf:params:scim:schemas:core:2.0:User", key: "userName", noun: "User" },
    Groups: { schema: "urn:ietf:params:scim:schemas:core:2.0:Group", key: "displayName", noun: "Group" },
    ServicePrincipals: {
      schema: "urn:ietf:params:scim:schemas:core:2.0:ServicePrincipal",
      key: "applicationId",
      noun: "ServicePrincipal",
    },
  };

/** Without `count` no more than this many come back, and nothing says so but `totalResults`. */
const unpagedLimit = 100;
const builtIn = ["admins", "users"];

const refOf = (kind: PrincipalKind, id: Json | undefined): string => `${kind}/${String(id)}`;

/** A principal as it is shown: with its schema, and the groups it is a direct member of. */
function shown(workspace: Workspace, kind: PrincipalKind, row: JsonObject): JsonObject {
  const groups = [...principalTable(workspace, "Groups").values()]
    .filter((group) => membersOf(group).some((member) => member["value"] === row["id"]))
    .map((group) => ({
      display: group["displayName"],
      type: "direct",
      value: group["id"],
      $ref: refOf("Groups", group["id"]),
    }));
  const userEmails =
    kind === "Users" && row["emails"] === undefined
      ? { emails: [{ type: "work", value: row["userName"], primary: true }] }
      : {};
  return { schemas: [kinds[kind].schema], ...userEmails, ...row, ...(groups.length > 0 && { groups }) };
}

const membersOf = (group: JsonObject): JsonObject[] =>
  Array.isArray(group["members"]) ? group["members"].filter(isObject) : [];

/** Fills in what a member's id stands for; an unknown id is refused. */
function withMembers(workspace: Workspace, resource: JsonObject): JsonObject {
  if (!Array.isArray(resource["members"])) return resource;
  const members = membersOf(resource).map((member) => {
    for (const kind of Object.keys(kinds) as PrincipalKind[]) {
      const row = principalTable(workspace, kind).get(String(member["value"]));
      if (row)
        return {
          display: row["displayName"] ?? row["userName"],
          value: row["id"],
          $ref: refOf(kind, row["id"]),
        };
    }
    throw new ScimError(404, `Member with id ${String(member["value"])} not found.`);
  });
  return { ...resource, members };
}

/** `attribute op "value"`, joined by `and`/`or` as clients send it; anything else is refused. */
function filterOf(filter: string | undefined): (row: JsonObject) => boolean {
  if (!filter) return () => true;
  const parts = filter.split(/\s+or\s+/i).map((part) => {
    const [, attribute = "", operator = "", value = ""] =
      /^\s*(\S+)\s+(eq|ne|co|sw)\s+"?([^"]*)"?\s*$/i.exec(part) ?? [];
    if (attribute === "")
      throw new ScimError(400, `Given filter operator is not supported: ${filter}`, "invalidFilter");
    const wanted = value.toLowerCase();
    return (row: JsonObject): boolean => {
      const have = String(row[attribute] ?? "").toLowerCase();
      switch (operator.toLowerCase()) {
        case "eq":
          return have === wanted;
        case "ne":
          return have !== wanted;
        case "co":
          return have.includes(wanted);
        default:
          return have.startsWith(wanted);
      }
    };
  });
  return (row) => parts.some((matches) => matches(row));
}

/** `attributes` keeps the named top-level fields and the id, `excludedAttributes` drops them. */
function projection(context: Context): (resource: JsonObject) => JsonObject {
  const names = (query: string): string[] =>
    (context.req.query(query) ?? "")
      .split(",")
      .map((name) => name.trim().split(".")[0] ?? "")
      .filter((name) => name !== "");
  const kept = names("attributes");
  const dropped = names("excludedAttributes");
  return (resource) =>
    Object.fromEntries(
      Object.entries(resource).filter(
        ([name]) =>
          (kept.length === 0 || kept.includes(name) || name === "id" || name === "schemas") && !dropped.includes(name),
      ),
    );
}

function list(workspace: Workspace, kind: PrincipalKind, context: Context): JsonObject {
  const matching = [...principalTable(workspace, kind).values()].filter(filterOf(context.req.query("filter")));
  const start = Math.max(1, Number(context.req.query("startIndex") ?? 1));
  const count = Math.max(0, Number(context.req.query("count") ?? unpagedLimit));
  if (!Number.isInteger(start) || !Number.isInteger(count))
    throw new ScimError(400, "startIndex and count must be integers.", "invalidValue");
  const page = matching.slice(start - 1, start - 1 + count).map((row) => shown(workspace, kind, row));
  return {
    totalResults: matching.length,
    startIndex: start,
    itemsPerPage: page.length,
    schemas: ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
    Resources: page.map(projection(context)),
  };
}

function create(workspace: Workspace, kind: PrincipalKind, body: JsonObject): JsonObject {
  const { schemas: _, ...resource } = body;
  const { key, noun } = kinds[kind];
  if (kind === "ServicePrincipals" && !resource["applicationId"]) resource["applicationId"] = randomUUID();
  const name = resource[key];
  if (typeof name !== "string" || name === "")
    throw new ScimError(400, `Missing required field: ${key}`, "invalidValue");
  for (const row of principalTable(workspace, kind).values())
    if (String(row[key]).toLowerCase() === name.toLowerCase())
      throw new ScimError(409, `${noun} with ${key} ${name} already exists.`, "uniqueness");
  const added = addPrincipal(workspace, kind, {
    ...(kind === "Groups" ? { meta: { resourceType: "WorkspaceGroup" } } : { active: true, displayName: name }),
    ...withMembers(workspace, resource),
  });
  const login = kind === "Users" ? name : resource["applicationId"];
  if (kind !== "Groups") new WorkspaceTree(workspace).makeHome(String(login));
  return shown(workspace, kind, added);
}

function rowOf(workspace: Workspace, kind: PrincipalKind, id: string): JsonObject {
  const row = principalTable(workspace, kind).get(id);
  if (!row) throw new ScimError(404, `${kinds[kind].noun} with id ${id} not found.`);
  return row;
}

function replace(workspace: Workspace, kind: PrincipalKind, row: JsonObject, body: JsonObject): void {
  const { schemas: _, groups: __, ...resource } = body;
  const { key } = kinds[kind];
  principalTable(workspace, kind).set(String(row["id"]), {
    ...withMembers(workspace, resource),
    [key]: resource[key] ?? row[key],
    id: row["id"],
  });
}

function remove(workspace: Workspace, kind: PrincipalKind, row: JsonObject): void {
  if (kind === "Groups" && builtIn.includes(String(row["displayName"])))
    throw new ScimError(403, `Cannot delete the built-in group ${String(row["displayName"])}.`);
  principalTable(workspace, kind).delete(String(row["id"]));
  const name = String(row[kinds[kind].key]);
  revokePrincipal(workspace, name);
  if (kind !== "Groups") deletedPrincipals(workspace).set(name, true);
  for (const group of principalTable(workspace, "Groups").values())
    if (Array.isArray(group["members"]))
      group["members"] = membersOf(group).filter((member) => member["value"] !== row["id"]);
}

/** https://docs.databricks.com/api/azure/workspace/users, …/groups, …/serviceprincipals and …/currentuser */
export const scim: Service = {
  name: "scim",
  mount(app: Hono, workspace: Workspace): void {
    const base = "/api/2.0/preview/scim/v2";
    app.get(`${base}/Me`, (context) => {
      const me = findPrincipal(workspace, callerOf(context));
      if (!me) throw new ScimError(404, `User ${callerOf(context)} not found.`);
      return reply(context, shown(workspace, me["userName"] === undefined ? "ServicePrincipals" : "Users", me));
    });
    for (const kind of Object.keys(kinds) as PrincipalKind[]) {
      const collection = `${base}/${kind}`;
      app.get(collection, (context) => reply(context, list(workspace, kind, context)));
      app.post(collection, async (context) => reply(context, create(workspace, kind, await jsonBody(context)), 201));
      app.get(`${collection}/:id`, (context) => {
        const row = shown(workspace, kind, rowOf(workspace, kind, context.req.param("id")));
        return reply(context, projection(context)(row));
      });
      app.put(`${collection}/:id`, async (context) => {
        const row = rowOf(workspace, kind, context.req.param("id"));
        replace(workspace, kind, row, await jsonBody(context));
        return reply(context, shown(workspace, kind, rowOf(workspace, kind, String(row["id"]))));
      });
      app.patch(`${collection}/:id`, async (context) => {
        const row = rowOf(workspace, kind, context.req.param("id"));
        replace(workspace, kind, row, applyScimPatch(row, await jsonBody(context)));
        return reply(context, shown(workspace, kind, rowOf(workspace, kind, String(row["id"]))));
      });
      app.delete(`${collection}/:id`, (context) => {
        remove(workspace, kind, rowOf(workspace, kind, context.req.param("id")));
        return new Response(null, { status: 204 });
      });
    }
  },
};
