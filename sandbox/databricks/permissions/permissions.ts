import type { Hono } from "hono";
import { ApiError, jsonBody, reply } from "../../http/app.js";
import type { JsonObject } from "../../http/json.js";
import { doesNotExist, invalidParameter } from "../http/errors.js";
import { grantsOn, setGrants, type Grant } from "./row.js";
import { permissionTypes, type InheritedGrant, type PermissionType } from "./types.js";
import { findGroup, findServicePrincipal, findUser } from "../identity/principal-row.js";
import type { Service } from "../service.js";
import { objectList } from "../http/request-fields.js";
import type { Workspace } from "../workspace.js";

const kinds = ["user_name", "group_name", "service_principal_name"] as const;

function typeOf(workspace: Workspace, name: string, id: string): PermissionType {
  const type = permissionTypes.get(name);
  if (!type)
    throw new ApiError(501, "NOT_IMPLEMENTED", `the sandbox does not emulate permissions of ${name} (object ${id})`);
  // A workspace of the Standard tier has no ACLs: https://github.com/databrickslabs/ucx/issues/557
  if (workspace.options.tier === "standard")
    throw new ApiError(
      404,
      "FEATURE_DISABLED",
      `ACLs for ${type.objectType} are disabled or not available in this tier`,
    );
  if (!type.exists(workspace, id)) throw doesNotExist(`${type.noun} ${id} does not exist.`);
  return type;
}

/** Reads one entry of a request; its principal must be there, its level must be one of the type's. */
export function grantFrom(workspace: Workspace, type: PermissionType, entry: JsonObject): Grant {
  const given = kinds.filter((kind) => typeof entry[kind] === "string" && entry[kind] !== "");
  const [kind] = given;
  if (given.length !== 1 || !kind)
    throw invalidParameter("Exactly one of user_name, group_name or service_principal_name must be given.");
  const name = String(entry[kind]);
  const level = String(entry["permission_level"]);
  if (!type.levels.some(([known]) => known === level))
    throw invalidParameter(`Permission level ${level} is not supported for ${type.objectType}.`);
  const known = { user_name: findUser, group_name: findGroup, service_principal_name: findServicePrincipal };
  if (!known[kind](workspace, name)) {
    const label = { user_name: "UserName", group_name: "GroupName", service_principal_name: "ServicePrincipalName" };
    throw doesNotExist(`Principal: ${label[kind]}(${name}) does not exist`);
  }
  if (level === "IS_OWNER" && kind === "group_name")
    throw invalidParameter(`Groups cannot be owners of a ${type.objectType}.`);
  return { kind, name, level };
}

/** Stores grants after the rule that jobs, pipelines and warehouses have exactly one owner. */
export function storeGrants(
  workspace: Workspace,
  name: string,
  id: string,
  type: PermissionType,
  grants: readonly Grant[],
): void {
  if (type.hasOwner && grants.filter((grant) => grant.level === "IS_OWNER").length !== 1)
    throw invalidParameter(`The ${type.objectType} must have exactly one owner.`);
  type.refuse?.(workspace, id, grants);
  setGrants(workspace, name, id, grants);
}

/** The grants after a PATCH: each named principal's level replaced, a new owner in the old one's place. */
export function mergedGrants(existing: readonly Grant[], added: readonly Grant[]): Grant[] {
  const newOwner = added.some((grant) => grant.level === "IS_OWNER");
  const kept = existing.filter(
    (grant) =>
      !added.some((each) => each.kind === grant.kind && each.name === grant.name) &&
      !(newOwner && grant.level === "IS_OWNER"),
  );
  return [...kept, ...added];
}

/** An object's list as it is shown: a principal's inherited levels stand before the direct one. */
function shown(workspace: Workspace, name: string, id: string, type: PermissionType): JsonObject {
  const direct = grantsOn(workspace, name, id);
  const above = inheritedOf(workspace, name, id, type);
  const principals = [...direct, ...above.map(({ grant }) => grant)].filter(
    (grant, index, all) => all.findIndex((other) => sameGrantee(other, grant)) === index,
  );
  return {
    object_id: `/${name}/${id}`,
    object_type: type.objectType,
    access_control_list: principals.map((principal) => ({
      [principal.kind]: principal.name,
      ...displayNameOf(workspace, principal),
      all_permissions: [
        ...above
          .filter(({ grant }) => sameGrantee(grant, principal))
          .map(({ grant, from }) => ({
            permission_level: grant.level,
            inherited: true,
            inherited_from_object: [from],
          })),
        ...direct
          .filter((grant) => sameGrantee(grant, principal))
          .map((grant) => ({ permission_level: grant.level, inherited: false })),
      ],
    })),
  };
}

function inheritedOf(workspace: Workspace, name: string, id: string, type: PermissionType): readonly InheritedGrant[] {
  if (type.inherited) return type.inherited(workspace, id);
  return [{ grant: { kind: "group_name", name: "admins", level: type.adminLevel }, from: `/${name}/` }];
}

function sameGrantee(a: Grant, b: Grant): boolean {
  return a.kind === b.kind && a.name === b.name;
}

function displayNameOf(workspace: Workspace, { kind, name }: Grant): JsonObject {
  if (kind === "group_name") return {};
  const principal = kind === "user_name" ? findUser(workspace, name) : findServicePrincipal(workspace, name);
  return { display_name: principal?.["displayName"] ?? name };
}

/** https://docs.databricks.com/api/azure/workspace/permissions */
export const permissions: Service = {
  name: "permissions",
  mount(app: Hono, workspace: Workspace): void {
    for (const base of ["/api/2.0/permissions", "/api/2.0/preview/permissions"]) {
      app.get(`${base}/:type/:id/permissionLevels`, (context) => {
        const type = typeOf(workspace, context.req.param("type"), context.req.param("id"));
        const levels = type.levels.map(([level, description]) => ({ permission_level: level, description }));
        return reply(context, { permission_levels: levels });
      });
      app.get(`${base}/:type/:id`, (context) => {
        const { type: name, id } = context.req.param();
        return reply(context, shown(workspace, name, id, typeOf(workspace, name, id)));
      });
      app.on(["PUT", "PATCH"], `${base}/:type/:id`, async (context) => {
        const { type: name, id } = context.req.param() as { type: string; id: string };
        const type = typeOf(workspace, name, id);
        const list = objectList(await jsonBody(context), "access_control_list");
        const given = list.map((entry) => grantFrom(workspace, type, entry));
        const grants =
          context.req.method === "PUT" ? mergedGrants([], given) : mergedGrants(grantsOn(workspace, name, id), given);
        storeGrants(workspace, name, id, type, grants);
        return reply(context, shown(workspace, name, id, type));
      });
    }
  },
};
