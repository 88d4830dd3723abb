import type { Context } from "hono";
import { ApiError, jsonBody, reply } from "../../http/app.js";
import type { JsonObject } from "../../http/json.js";
import { hasAccessLists, subjectOf } from "../permissions/access-control.js";
import { callerOf } from "../identity/caller.js";
import { alreadyExists, doesNotExist, invalidParameter } from "../http/errors.js";
import type { Service } from "../service.js";
import { isObject, optionalString, requiredString } from "../http/request-fields.js";
import type { Workspace } from "../workspace.js";

const MAX_VALUE_BYTES = 128 * 1024;
const MAX_SECRETS_A_SCOPE = 1000;
const MAX_SCOPES = 1000;
const NAME = /^[\w\-@.]{1,128}$/;
const PERMISSIONS = ["READ", "WRITE", "MANAGE"] as const;

export interface SecretRow {
  readonly value: Uint8Array;
  readonly updatedAt: number;
}

export interface SecretScopeRow {
  readonly name: string;
  /** Where an AZURE_KEYVAULT scope reads; undefined for one that Databricks keeps. */
  readonly keyVault: { readonly resource_id: string; readonly dns_name: string } | undefined;
  readonly secrets: Map<string, SecretRow>;
  readonly acls: Map<string, (typeof PERMISSIONS)[number]>;
}

export function secretScopes(workspace: Workspace): Map<string, SecretScopeRow> {
  return workspace.table<SecretScopeRow>("secret-scopes");
}

/**
 * The secrets of a scope by key, those of a Key Vault-backed one as the vault has them now. A vault that does not answer
 * is an error, never an empty scope.
 */
export function secretsIn(workspace: Workspace, scope: SecretScopeRow): ReadonlyMap<string, SecretRow> {
  if (!scope.keyVault) return scope.secrets;
  const vault = workspace.options.keyVaults?.secretsOf(scope.keyVault.dns_name);
  if (!vault)
    throw new ApiError(400, "BAD_REQUEST", `Failed to list secrets of ${scope.keyVault.dns_name}: no such Key Vault`);
  return new Map([...vault].map(([key, value]) => [key, { value: new TextEncoder().encode(value), updatedAt: 0 }]));
}

/** Whether a principal, or a group it is in, has that permission on a scope, or a stronger one. */
export function mayUseScope(
  workspace: Workspace,
  caller: string,
  scope: SecretScopeRow,
  wanted: (typeof PERMISSIONS)[number],
): boolean {
  const { isAdmin, groups } = subjectOf(workspace, caller);
  return (
    isAdmin ||
    !hasAccessLists(workspace) ||
    [...scope.acls].some(
      ([principal, permission]) =>
        (principal === caller || groups.has(principal)) &&
        PERMISSIONS.indexOf(permission) >= PERMISSIONS.indexOf(wanted),
    )
  );
}

/** Secrets 2.0: https://docs.databricks.com/api/azure/workspace/secrets */
export const secrets: Service = {
  name: "secrets",
  mount(app, workspace) {
    const scopes = secretScopes(workspace);
    const api = "/api/2.0/secrets";

    const scopeOf = (name: string): SecretScopeRow => {
      const scope = scopes.get(name);
      if (!scope) throw doesNotExist(`Scope ${name} does not exist!`);
      return scope;
    };
    const ownScope = (name: string): SecretScopeRow => {
      const scope = scopeOf(name);
      if (scope.keyVault)
        throw new ApiError(400, "BAD_REQUEST", `Cannot write secrets to Azure KeyVault-backed scope ${name}`);
      return scope;
    };

    app.post(`${api}/scopes/create`, async (c) => {
      const body = await jsonBody(c);
      const name = requiredString(body, "scope");
      if (!NAME.test(name))
        throw invalidParameter(
          `Scope names must consist of alphanumeric characters, dashes, underscores, @ and periods, and may not exceed 128 characters: ${name}`,
        );
      const keyVault = keyVaultOf(c, body, workspace);
      if (scopes.has(name)) throw alreadyExists(`Scope ${name} already exists!`);
      if (scopes.size >= MAX_SCOPES)
        throw new ApiError(400, "RESOURCE_LIMIT_EXCEEDED", `Maximum number of scopes (${MAX_SCOPES}) reached`);
      const principal = optionalString(body, "initial_manage_principal");
      if (principal !== undefined && principal !== "users")
        throw invalidParameter(`initial_manage_principal must be "users" where it is given, was "${principal}"`);
      if (workspace.options.tier === "standard" && principal !== "users")
        throw new ApiError(
          400,
          "BAD_REQUEST",
          'Premium Tier is disabled in this workspace. Secret scopes can only be created with initial_manage_principal "users".',
        );
      scopes.set(name, { name, keyVault, secrets: new Map(), acls: new Map([[principal ?? callerOf(c), "MANAGE"]]) });
      return reply(c);
    });

    app.get(`${api}/scopes/list`, (c) => {
      const visible = [...scopes.values()].filter((scope) => mayUseScope(workspace, callerOf(c), scope, "READ"));
      const rows = visible.map(({ name, keyVault }) => ({
        name,
        backend_type: keyVault ? "AZURE_KEYVAULT" : "DATABRICKS",
        ...(keyVault && { keyvault_metadata: keyVault }),
      }));
      return reply(c, rows.length === 0 ? {} : { scopes: rows });
    });

    app.post(`${api}/scopes/delete`, async (c) => {
      const name = requiredString(await jsonBody(c), "scope");
      scopeOf(name);
      scopes.delete(name);
      return reply(c);
    });

    app.post(`${api}/put`, async (c) => {
      const body = await jsonBody(c);
      const scope = ownScope(requiredString(body, "scope"));
      const key = requiredString(body, "key");
      if (!NAME.test(key))
        throw invalidParameter(
          `Secret keys must consist of alphanumeric characters, dashes, underscores, @ and periods, and may not exceed 128 characters: ${key}`,
        );
      const value = secretValue(body);
      if (!scope.secrets.has(key) && scope.secrets.size >= MAX_SECRETS_A_SCOPE)
        throw new ApiError(
          400,
          "RESOURCE_LIMIT_EXCEEDED",
          `Maximum number of secrets (${MAX_SECRETS_A_SCOPE}) in scope ${scope.name} reached`,
        );
      scope.secrets.set(key, { value: new Uint8Array(value), updatedAt: workspace.clock.now() });
      return reply(c);
    });

    app.get(`${api}/list`, (c) => {
      const scope = scopeOf(query(c, "scope"));
      const rows = [...secretsIn(workspace, scope)].map(([key, { updatedAt }]) => ({
        key,
        last_updated_timestamp: updatedAt,
      }));
      return reply(c, rows.length === 0 ? {} : { secrets: rows });
    });

    app.get(`${api}/get`, (c) => {
      const scope = scopeOf(query(c, "scope"));
      const key = query(c, "key");
      const secret = secretsIn(workspace, scope).get(key);
      if (!secret) throw doesNotExist(`Secret does not exist with scope: ${scope.name} and key: ${key}`);
      return reply(c, { key, value: Buffer.from(secret.value).toString("base64") });
    });

    app.post(`${api}/delete`, async (c) => {
      const body = await jsonBody(c);
      const scope = ownScope(requiredString(body, "scope"));
      const key = requiredString(body, "key");
      if (!scope.secrets.delete(key))
        throw doesNotExist(`Secret does not exist with scope: ${scope.name} and key: ${key}`);
      return reply(c);
    });

    app.post(`${api}/acls/put`, async (c) => {
      requireAcls(workspace);
      const body = await jsonBody(c);
      const scope = scopeOf(requiredString(body, "scope"));
      const principal = requiredString(body, "principal");
      const permission = PERMISSIONS.find((known) => known === requiredString(body, "permission"));
      if (!permission) throw invalidParameter(`permission must be one of ${PERMISSIONS.join(", ")}`);
      scope.acls.set(principal, permission);
      return reply(c);
    });

    app.get(`${api}/acls/list`, (c) => {
      requireAcls(workspace);
      const items = [...scopeOf(query(c, "scope")).acls].map(([principal, permission]) => ({ principal, permission }));
      return reply(c, items.length === 0 ? {} : { items });
    });

    app.get(`${api}/acls/get`, (c) => {
      requireAcls(workspace);
      const scope = scopeOf(query(c, "scope"));
      const principal = query(c, "principal");
      const permission = scope.acls.get(principal);
      if (!permission) throw doesNotExist(`No ACL for principal ${principal} in scope ${scope.name}`);
      return reply(c, { principal, permission });
    });

    app.post(`${api}/acls/delete`, async (c) => {
      requireAcls(workspace);
      const body = await jsonBody(c);
      const scope = scopeOf(requiredString(body, "scope"));
      const principal = requiredString(body, "principal");
      if (!scope.acls.delete(principal)) throw doesNotExist(`No ACL for principal ${principal} in scope ${scope.name}`);
      return reply(c);
    });
  },
};

function query(c: Context, name: string): string {
  return requiredString({ [name]: c.req.query(name) }, name);
}

/** https://docs.databricks.com/api/azure/workspace/secrets/putacl: ACLs need the Premium plan. */
function requireAcls(workspace: Workspace): void {
  if (workspace.options.tier === "standard")
    throw new ApiError(400, "FEATURE_DISABLED", "ACLs for secrets are disabled or not available in this tier");
}

function secretValue(body: JsonObject): Buffer {
  const text = optionalString(body, "string_value");
  const bytes = optionalString(body, "bytes_value");
  if ((text === undefined) === (bytes === undefined))
    throw invalidParameter("Exactly one of string_value and bytes_value must be specified");
  const value = text === undefined ? Buffer.from(bytes ?? "", "base64") : Buffer.from(text, "utf8");
  if (value.length > MAX_VALUE_BYTES)
    throw new ApiError(400, "INVALID_PARAMETER_VALUE", `Secret value exceeds the maximum of ${MAX_VALUE_BYTES} bytes`);
  return value;
}

/** A Key Vault is asked on the caller's behalf, so the caller's token must be Azure AD's: a JWT, no personal token. */
function keyVaultOf(c: Context, body: JsonObject, workspace: Workspace): SecretScopeRow["keyVault"] {
  const backend = optionalString(body, "scope_backend_type") ?? "DATABRICKS";
  if (backend === "DATABRICKS") return undefined;
  if (backend !== "AZURE_KEYVAULT") throw invalidParameter(`Unknown scope_backend_type ${backend}`);
  const vault = body.backend_azure_keyvault;
  const { resource_id, dns_name } = isObject(vault) ? vault : {};
  if (typeof resource_id !== "string" || typeof dns_name !== "string")
    throw invalidParameter("backend_azure_keyvault must have resource_id and dns_name");
  const token = (c.req.header("authorization") ?? "").replace(/^Bearer\s+/i, "");
  if (token.split(".").length !== 3)
    throw new ApiError(
      400,
      "INVALID_PARAMETER_VALUE",
      `Scope with Azure KeyVault must have userAADToken defined! (workspace ${workspace.options.id})`,
    );
  return { resource_id, dns_name };
}
