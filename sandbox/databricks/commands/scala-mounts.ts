import { stringifyJson } from "../../http/json.js";
import { DbfsDisabledError, DbfsFiles } from "../storage/dbfs-files.js";
import type { CommandResults } from "./interpreter.js";
import { Mounts } from "../storage/mounts.js";
import type { Workspace } from "../workspace.js";

/** What the program of Terraform's exporter is known by: https://github.com/databricks/terraform-provider-databricks
 * (exporter/util.go, getReadableMountsCommand) */
const readableMounts =
  /val\s+readableMounts\s*=\s*dbutils\.fs\.mounts\b[\s\S]*println\(mapper\.writeValueAsString\(readableMounts\)\)/;

/** The answer to a command in Scala. No Scala runs here: the one program that is known is answered, any other is refused. */
export function scalaResults(workspace: Workspace, code: string): CommandResults {
  if (!readableMounts.test(code))
    return {
      resultType: "error",
      summary: "the sandbox runs no Scala, and answers only the listing of mounts that Terraform's exporter sends",
      cause: "NOT_IMPLEMENTED: Scala",
    };
  const files = new DbfsFiles(workspace);
  try {
    files.refuseIfDisabled("/");
  } catch (cause) {
    if (!(cause instanceof DbfsDisabledError)) throw cause;
    return { resultType: "error", summary: `[DBFS_DISABLED] ${cause.message}`, cause: cause.message };
  }
  const mounts = new Mounts(workspace).list().filter(({ mountPoint }) => mountPoint.startsWith("/mnt"));
  const readable = mounts.filter(({ mountPoint }) => {
    try {
      files.list(mountPoint);
      return true;
    } catch {
      // The program leaves out what cannot be listed.
      return false;
    }
  });
  const data = readable.map(({ mountPoint, source }) => [mountPoint.replace("/mnt/", "").replace(/\/$/, ""), source]);
  return { resultType: "text", data: stringifyJson(Object.fromEntries(data)) };
}
