import { ApiError } from "../../http/app.js";
import { parseJson, stringifyJson, type Json, type JsonObject } from "../../http/json.js";
import { clusterTable } from "../clusters/row.js";
import { DbfsDisabledError, DbfsFiles, dbfsPath, type DbfsEntry } from "../storage/dbfs-files.js";
import type { HostCall } from "./python-worker.js";
import { JavaException, Mounts } from "../storage/mounts.js";
import { join, nameOf } from "../storage/path-tree.js";
import { mayUseScope, secretScopes, secretsIn, type SecretRow } from "../secrets/secrets.js";
import type { Workspace } from "../workspace.js";

type Call = (args: JsonObject) => unknown;

/** A failed call's Java class by the API's error code. */
const JAVA_CLASSES: Readonly<Record<string, string>> = {
  RESOURCE_DOES_NOT_EXIST: "java.io.FileNotFoundException",
  RESOURCE_ALREADY_EXISTS: "org.apache.hadoop.fs.FileAlreadyExistsException",
  INVALID_PARAMETER_VALUE: "java.lang.IllegalArgumentException",
};

/**
 * The workspace's side of `dbutils` on one cluster: answers the calls of driver/databricks_utilities.py as
 * `{value, ms}` or `{error: {class, message}}`; `ms` is how long the real call would have waited.
 */
export function dbutilsCalls(workspace: Workspace, clusterId: string, user: string): HostCall {
  const calls = callsOf(workspace, clusterId, user);
  return (name, args) => {
    const ms = name === "fs.mount" || name === "fs.updateMount" ? (workspace.options.mountMs ?? 0) : 0;
    return Promise.resolve(stringifyJson({ ...answer(calls[name], name, args), ms }));
  };
}

function answer(call: Call | undefined, name: string, args: string): JsonObject {
  if (!call)
    return { error: { class: "java.lang.UnsupportedOperationException", message: `the sandbox has no ${name}` } };
  try {
    return { value: call(parseJson(args) as JsonObject) as Json };
  } catch (cause) {
    if (cause instanceof JavaException) return { error: { class: cause.javaClass, message: cause.message } };
    if (cause instanceof DbfsDisabledError)
      return {
        error: {
          class: "java.lang.UnsupportedOperationException",
          message: `[DBFS_DISABLED] ${cause.message} SQLSTATE: 56038`,
        },
      };
    if (cause instanceof ApiError)
      return { error: { class: JAVA_CLASSES[cause.errorCode] ?? "java.io.IOException", message: cause.message } };
    return { error: { class: "sandbox fault", message: String(cause instanceof Error ? cause.stack : cause) } };
  }
}

function callsOf(workspace: Workspace, clusterId: string, user: string): Readonly<Record<string, Call>> {
  const files = new DbfsFiles(workspace);
  const mounts = new Mounts(workspace);
  const scopes = secretScopes(workspace);

  const mount =
    (update: boolean): Call =>
    ({ source, mountPoint, encryptionType, configs }) => {
      files.refuseIfDisabled(String(mountPoint));
      if (typeof source !== "string" || typeof mountPoint !== "string")
        throw new JavaException("java.lang.NullPointerException", "source and mountPoint must be strings");
      mounts.mount(source, mountPoint, String(encryptionType), configs as Record<string, string>, update);
      return true;
    };
  /** `dbutils` copies and moves into a folder that exists, and asks for `recurse` with folders. */
  const targetOf = ({ source, target, recurse }: JsonObject): [from: string, to: string] => {
    const from = dbfsPath(source);
    const to = dbfsPath(target);
    const entry = files.status(from);
    if (entry.isFolder && recurse !== true)
      throw new JavaException("java.io.IOException", `Cannot copy directory ${from} unless recurse is set to true`);
    return [from, !entry.isFolder && files.exists(to) && files.status(to).isFolder ? join(to, nameOf(from)) : to];
  };
  const copy = (from: string, to: string): void => {
    if (!files.status(from).isFolder) return files.write(to, [files.readAll(from)], true);
    files.makeFolders(to);
    for (const { path } of files.list(from)) copy(path, join(to, nameOf(path)));
  };
  const secretsOf = (name: unknown): ReadonlyMap<string, SecretRow> => {
    const scope = scopes.get(String(name));
    if (!scope) throw new JavaException("java.lang.IllegalArgumentException", `Scope ${String(name)} does not exist!`);
    if (!mayUseScope(workspace, user, scope, "READ"))
      throw new JavaException(
        "com.databricks.common.client.DatabricksServiceHttpClientException",
        `PERMISSION_DENIED: User ${user} does not have READ permission on scope ${scope.name}`,
      );
    return secretsIn(workspace, scope);
  };

  return {
    "fs.mounts": () => {
      files.refuseIfDisabled("/");
      return mounts.list().map((row) => [row.mountPoint, row.source, row.encryptionType]);
    },
    "fs.mount": mount(false),
    "fs.updateMount": mount(true),
    "fs.unmount": ({ mountPoint }) => {
      files.refuseIfDisabled(String(mountPoint));
      mounts.unmount(String(mountPoint));
      return true;
    },
    "fs.refreshMounts": () => true,
    "fs.ls": ({ path }) => files.list(dbfsPath(path)).map(fileInfo),
    "fs.status": ({ path }) => {
      const plain = dbfsPath(path);
      return files.exists(plain) ? files.status(plain) : null;
    },
    "fs.read": ({ path }) => files.readAll(dbfsPath(path)).toString("base64"),
    "fs.write": ({ path, data, overwrite }) =>
      files.write(dbfsPath(path), [Buffer.from(String(data), "base64")], overwrite === true),
    "fs.mkdirs": ({ path }) => (files.makeFolders(dbfsPath(path)), true),
    "fs.cp": (args) => (copy(...targetOf(args)), true),
    "fs.mv": (args) => {
      const [from, to] = targetOf(args);
      copy(from, to);
      files.delete(from, true, Infinity);
      return true;
    },
    "fs.rm": ({ path, recurse }) => {
      const plain = dbfsPath(path);
      if (!files.exists(plain)) return false;
      files.delete(plain, recurse === true, Infinity);
      return true;
    },
    "secrets.get": ({ scope, key }) => {
      const secret = secretsOf(scope).get(String(key));
      if (!secret)
        throw new JavaException(
          "java.lang.IllegalArgumentException",
          `Secret does not exist with scope: ${String(scope)} and key: ${String(key)}`,
        );
      return Buffer.from(secret.value).toString("base64");
    },
    "secrets.list": ({ scope }) => [...secretsOf(scope).keys()],
    "secrets.listScopes": () =>
      [...scopes.values()].filter((scope) => mayUseScope(workspace, user, scope, "READ")).map(({ name }) => name),
    "conf.get": ({ key }) => sparkConf(workspace, clusterId)[String(key)] ?? null,
  };
}

function fileInfo({ path, isFolder, size, modifiedAt }: DbfsEntry): Json[] {
  const slash = isFolder ? "/" : "";
  return [`dbfs:${path}${slash}`, nameOf(path) + slash, isFolder ? 0 : size, modifiedAt];
}

/** The cluster's own `spark_conf` and the usage tags that Databricks adds. */
function sparkConf(workspace: Workspace, clusterId: string): JsonObject {
  const spec = clusterTable(workspace).get(clusterId)?.spec ?? {};
  return {
    "spark.databricks.clusterUsageTags.clusterId": clusterId,
    "spark.databricks.clusterUsageTags.clusterName": spec.cluster_name ?? "",
    "spark.databricks.clusterUsageTags.sparkVersion": spec.spark_version ?? "",
    "spark.databricks.clusterUsageTags.clusterOwnerOrgId": workspace.options.id,
    "spark.databricks.clusterUsageTags.orgId": workspace.options.id,
    "spark.databricks.clusterUsageTags.region": workspace.options.region,
    "spark.databricks.workspaceUrl": workspace.options.name,
    ...(spec.spark_conf as JsonObject | undefined),
  };
}
