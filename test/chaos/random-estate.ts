import type { Json, JsonObject } from "../../replication/values/json.js";
import { SeededRandom } from "../../sandbox/estates/seeded-random.js";
import type { TestWorkspace } from "../replication/pair.js";

const runtime = "15.4.x-scala2.12";

/**
 * Fills a workspace with some of everything that is copied but mounts: scripts in both places, clusters and jobs of one
 * name, triggers of every sort, jobs that run jobs and a circle of them. The same seed makes the same estate.
 */
export async function fillWorkspace({ post }: TestWorkspace, seed: number): Promise<void> {
  const random = new SeededRandom(seed);
  const scripts = await makeScripts(post, random);
  const clusters = await makeClusters(post, random, scripts);
  await makeJobs(post, random, clusters);
}

type Post = TestWorkspace["post"];

async function makeScripts(post: Post, random: SeededRandom): Promise<string[]> {
  const places = ["/databricks/init/base", "/databricks/init/team/deep", "/FileStore/scripts"];
  const paths: string[] = [];
  for (let index = 0; index < 2 + random.below(3); index++) {
    const path = `${random.pick(places)}/script ${index} é.sh`;
    const contents = random.bytes(random.below(3_000)).toString("base64");
    await post("/api/2.0/dbfs/put", { path, contents, overwrite: true });
    paths.push(path);
  }
  return paths;
}

async function makeClusters(post: Post, random: SeededRandom, scripts: readonly string[]): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < 3 + random.below(4); index++) {
    const answer = await post("/api/2.1/clusters/create", {
      cluster_name: random.chance(0.2) ? "twin" : `cluster-${index}`,
      spark_version: runtime,
      node_type_id: "Standard_DS3_v2",
      ...(random.chance(0.5) ? { num_workers: random.below(5) } : { autoscale: { min_workers: 1, max_workers: 3 } }),
      ...(random.chance(0.5) ? { init_scripts: [{ dbfs: { destination: `dbfs:${random.pick(scripts)}` } }] } : {}),
      spark_conf: { "spark.sql.shuffle.partitions": String(random.below(900)) },
    });
    ids.push(String(answer.cluster_id));
    if (random.chance(0.4))
      await post("/api/2.0/libraries/install", {
        cluster_id: ids.at(-1)!,
        libraries: [{ pypi: { package: `lib-${random.below(9)}` } }],
      });
  }
  return ids;
}

async function makeJobs(post: Post, random: SeededRandom, clusters: readonly string[]): Promise<void> {
  const ids: bigint[] = [];
  const create = async (name: string, tasks: readonly JsonObject[], more: JsonObject = {}): Promise<void> => {
    ids.push(BigInt((await post("/api/2.2/jobs/create", { name, tasks, ...more })).job_id as string));
  };
  const notebook = (): JsonObject => ({
    notebook_task: { notebook_path: "/Shared/a" },
    existing_cluster_id: random.pick(clusters),
  });
  for (let index = 0; index < 4 + random.below(4); index++) {
    const runsJob = ids.length > 0 && random.chance(0.3);
    const tasks = [
      { task_key: "first", ...notebook() },
      { task_key: "then", ...(runsJob ? { run_job_task: { job_id: random.pick(ids) } } : notebook()) },
    ];
    await create(random.chance(0.2) ? "twin" : `job-${index}`, tasks, triggerOf(random));
  }
  const [first, last] = [ids[0]!, ids.at(-1)!];
  const calls = (id: bigint): Json => [{ task_key: "call", run_job_task: { job_id: id } }];
  await post("/api/2.2/jobs/update", { job_id: first, new_settings: { tasks: calls(last) } });
  await post("/api/2.2/jobs/update", { job_id: last, new_settings: { tasks: calls(first) } });
}

function triggerOf(random: SeededRandom): JsonObject {
  const pause_status = random.chance(0.4) ? "PAUSED" : "UNPAUSED";
  const hour = random.below(24);
  return random.pick<JsonObject>([
    {},
    { schedule: { quartz_cron_expression: `0 0 ${hour} * * ?`, timezone_id: "UTC", pause_status } },
    { trigger: { periodic: { interval: 1 + random.below(9), unit: "HOURS" }, pause_status } },
    { continuous: { pause_status } },
  ]);
}
