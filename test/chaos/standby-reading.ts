import type { JsonObject } from "../../replication/values/json.js";
import { stringifyJson } from "../../replication/values/json.js";
import type { LedgerLine } from "../../replication/index.js";
import { markerTag, operationsTag } from "../../replication/inventory/marker.js";
import type { Pair, TestWorkspace } from "../replication/pair.js";

const triggers = ["schedule", "trigger", "continuous"];

/** What stands on the standby before anything is copied there, made by others: it has to stay as it is. */
export async function makeForeign({ post }: TestWorkspace): Promise<void> {
  await post("/api/2.1/clusters/create", {
    cluster_name: "cluster-0",
    spark_version: "15.4.x-scala2.12",
    node_type_id: "Standard_DS3_v2",
    num_workers: 1,
    custom_tags: { owner: "standby" },
  });
  await post("/api/2.2/jobs/create", {
    name: "job-0",
    tasks: [{ task_key: "own", notebook_task: { notebook_path: "/Shared/own" } }],
    schedule: { quartz_cron_expression: "0 0 1 1 1 ?", timezone_id: "UTC", pause_status: "PAUSED" },
    tags: { owner: "standby" },
  });
  const contents = Buffer.from("echo of the standby").toString("base64");
  await post("/api/2.0/dbfs/put", { path: "/databricks/init/of-the-standby.sh", contents, overwrite: true });
}

/** What others have on the standby, as text; the same before and after a run that keeps to its own. */
export async function foreignOf(at: TestWorkspace): Promise<string> {
  const jobs = (await jobsOf(at)).filter((job) => originOfJob(job) === undefined);
  const clusters = (await clustersOf(at)).filter((each) => tagsOf(each)[markerTag] === undefined);
  const told = clusters
    .map(({ cluster_id, cluster_name, custom_tags }) => ({ cluster_id, cluster_name, custom_tags }))
    .sort((a, b) => (String(a.cluster_id) < String(b.cluster_id) ? -1 : 1));
  const script = await fileAt(at, "/databricks/init/of-the-standby.sh");
  return stringifyJson({ jobs, clusters: told, script: script.toString() });
}

/** Every way in which the standby is no exact, inert, single copy of the source; none when all is well. */
export async function findFaults({ primary, secondary }: Pair, ledger: readonly LedgerLine[]): Promise<string[]> {
  const faults: string[] = [];
  const known = new Set(ledger.map(({ kind, id }) => `${kind} ${id}`));
  const check = (holds: boolean, fault: string): void => void (holds || faults.push(fault));

  const [sources, standby] = await Promise.all([clustersOf(primary), clustersOf(secondary)]);
  const copies = standby.filter((each) => tagsOf(each)[markerTag] !== undefined);
  const originals = sources.filter((each) => !(operationsTag in tagsOf(each)));
  for (const { cluster_id, cluster_name } of originals) {
    const mine = copies.filter((each) => String(tagsOf(each)[markerTag]).endsWith(`.clusters.${String(cluster_id)}`));
    check(mine.length === 1, `cluster ${String(cluster_name)} [${String(cluster_id)}] has ${mine.length} copies`);
    check(known.has(`clusters ${String(cluster_id)}`), `cluster ${String(cluster_id)} has no line`);
  }
  check(copies.length === originals.length, `${copies.length} copies of ${originals.length} clusters`);
  for (const { state, cluster_name } of copies)
    check(state === "TERMINATED" || state === "TERMINATING", `${String(cluster_name)} is ${String(state)}`);

  const [sourceJobs, standbyJobs] = await Promise.all([jobsOf(primary), jobsOf(secondary)]);
  const jobCopies = standbyJobs.filter((job) => originOfJob(job) !== undefined);
  for (const job of sourceJobs) {
    const mine = jobCopies.filter((each) => originOfJob(each)!.endsWith(`.jobs.${String(job.job_id)}`));
    check(mine.length === 1, `job ${String(job.job_id)} has ${mine.length} copies`);
    check(known.has(`jobs ${String(job.job_id)}`), `job ${String(job.job_id)} has no line`);
    const keys = (of: JsonObject | undefined): string =>
      ((settingsOf(of).tasks ?? []) as JsonObject[]).map(({ task_key }) => task_key).join();
    check(
      mine.every((each) => keys(each) === keys(job)),
      `job ${String(job.job_id)} has other tasks there`,
    );
  }
  check(jobCopies.length === sourceJobs.length, `${jobCopies.length} copies of ${sourceJobs.length} jobs`);
  for (const job of jobCopies)
    for (const field of triggers) check(!(field in settingsOf(job)), `copy ${String(job.job_id)} has a ${field}`);

  for (const path of await filesBelow(primary, "/databricks/init"))
    check((await fileAt(primary, path)).equals(await fileAt(secondary, path)), `${path} is another file there`);
  return faults;
}

export async function clustersOf({ get }: TestWorkspace): Promise<JsonObject[]> {
  const { clusters = [] } = await get("/api/2.1/clusters/list?page_size=100");
  return clusters as JsonObject[];
}

export async function jobsOf({ get }: TestWorkspace): Promise<JsonObject[]> {
  const { jobs = [] } = await get("/api/2.2/jobs/list?limit=100&expand_tasks=true");
  return jobs as JsonObject[];
}

export async function jobNamed(at: TestWorkspace, name: string): Promise<JsonObject> {
  return (await jobsOf(at)).find((job) => settingsOf(job).name === name)!;
}

export function settingsOf(job: JsonObject | undefined): JsonObject {
  return (job?.settings ?? {}) as JsonObject;
}

function tagsOf({ custom_tags }: JsonObject): JsonObject {
  return (custom_tags ?? {}) as JsonObject;
}

function originOfJob(job: JsonObject): string | undefined {
  return ((settingsOf(job).tags ?? {}) as JsonObject)[markerTag] as string | undefined;
}

async function filesBelow({ get }: TestWorkspace, folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const waiting = [folder]; waiting.length > 0;) {
    const { files = [] } = await get(`/api/2.0/dbfs/list?path=${encodeURIComponent(waiting.pop()!)}`).catch(() => ({
      files: [],
    }));
    for (const { path, is_dir } of files as JsonObject[]) (is_dir ? waiting : found).push(String(path));
  }
  return found;
}

async function fileAt({ get }: TestWorkspace, path: string): Promise<Buffer> {
  const { data } = await get(`/api/2.0/dbfs/read?path=${encodeURIComponent(path)}&offset=0&length=1000000`).catch(
    () => ({ data: "" }),
  );
  return Buffer.from(String(data), "base64");
}
