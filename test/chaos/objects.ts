import type { JsonObject } from "../../replication/values/json.js";
import type { TestWorkspace } from "../replication/pair.js";
import { jobNamed } from "./standby-reading.js";

export const notebook = { notebook_task: { notebook_path: "/Shared/load" } };

export const nightly = {
  schedule: { quartz_cron_expression: "0 0 3 * * ?", timezone_id: "UTC", pause_status: "UNPAUSED" },
};

export const machine = { spark_version: "15.4.x-scala2.12", node_type_id: "Standard_DS3_v2", num_workers: 1 };

/** A job of one notebook task unless told otherwise; gives its id. */
export async function createJob({ post }: TestWorkspace, settings: JsonObject): Promise<bigint> {
  const body = { tasks: [{ task_key: "load", ...notebook }], ...settings };
  return BigInt((await post("/api/2.2/jobs/create", body)).job_id as string);
}

/** Changes some settings of the job of that name. */
export async function changeJob(at: TestWorkspace, name: string, new_settings: JsonObject): Promise<void> {
  await at.post("/api/2.2/jobs/update", { job_id: (await jobNamed(at, name)).job_id!, new_settings });
}

export async function createCluster({ post }: TestWorkspace, spec: JsonObject): Promise<string> {
  return String((await post("/api/2.1/clusters/create", { ...machine, ...spec })).cluster_id);
}

/** A notebook, and the folder that it is in. */
export async function putNotebook(
  { post }: TestWorkspace,
  path: string,
  code = "x = 1",
  language = "PYTHON",
): Promise<void> {
  await post("/api/2.0/workspace/mkdirs", { path: path.slice(0, path.lastIndexOf("/")) || "/" });
  const content = Buffer.from(code).toString("base64");
  await post("/api/2.0/workspace/import", { path, format: "SOURCE", language, content, overwrite: true });
}

export async function putScript({ post }: TestWorkspace, path: string, text: string): Promise<void> {
  await post("/api/2.0/dbfs/put", { path, contents: Buffer.from(text).toString("base64"), overwrite: true });
}
