import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import type { EstateCall } from "../estate.js";
import type { JsonObject } from "../http/json.js";
import { EstateBuilder } from "./estate-builder.js";
import { estateText } from "./estate-text.js";
import { SeededRandom } from "./seeded-random.js";

export interface GeneratedEstateOptions {
  /** Clusters, jobs, init scripts and mounts together; pools and policies come on top. */
  readonly objects: number;
  /** The same seed gives the same estate. */
  readonly seed: number;
}

/** How many of each kind make up that many objects. A workspace has room for 10,000 jobs. */
export function countsOf(objects: number): Readonly<Record<"clusters" | "jobs" | "scripts" | "mounts", number>> {
  const clusters = Math.max(1, Math.round(objects * 0.15));
  const jobs = Math.min(10_000, Math.round(objects * 0.45));
  const mounts = Math.min(150, Math.round(objects * 0.02));
  return { clusters, jobs, mounts, scripts: Math.max(0, objects - clusters - jobs - mounts) };
}

const runtime = "15.4.x-scala2.12";
const nodeTypes = ["Standard_D4ds_v5", "Standard_D8ds_v5", "Standard_E4ds_v4", "Standard_E8ds_v4", "Standard_F8s_v2"];

/** An estate of any size. */
export function generateEstate({ objects, seed }: GeneratedEstateOptions): readonly EstateCall[] {
  const estate = new EstateBuilder();
  const random = new SeededRandom(seed);
  const counts = countsOf(objects);
  const scripts = generateScripts(estate, random, counts.scripts);
  const clusters = generateClusters(estate, random, counts.clusters, scripts);
  generateJobs(estate, random, counts.jobs, clusters);
  generateMounts(estate, counts.mounts);
  return estate.calls;
}

/** The pool and the policy of every generated estate, as a standby needs them too. */
export function generateStandby(): readonly EstateCall[] {
  const estate = new EstateBuilder();
  generatePlatform(estate);
  return estate.calls;
}

function generatePlatform(estate: EstateBuilder): { readonly pool: string; readonly policy: string } {
  return {
    pool: estate.pool({ instance_pool_name: "generated", node_type_id: "Standard_D4ds_v5", min_idle_instances: 0 }),
    policy: estate.policy("generated", { "custom_tags.team": { type: "unlimited", defaultValue: "none" } }),
  };
}

function generateScripts(estate: EstateBuilder, random: SeededRandom, count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const path = `/databricks/init/team-${random.below(20)}/script-${index}.sh`;
    estate.dbfsFile(path, `#!/bin/bash\n# ${index}\n${"echo step\n".repeat(1 + random.below(40))}`);
    return path;
  });
}

function generateClusters(
  estate: EstateBuilder,
  random: SeededRandom,
  count: number,
  scripts: readonly string[],
): string[] {
  const { pool, policy } = generatePlatform(estate);
  return Array.from({ length: count }, (_, index) =>
    estate.cluster(
      {
        // Now and then two have one name.
        cluster_name: `cluster-${random.chance(0.05) && index > 0 ? index - 1 : index}`,
        spark_version: runtime,
        ...(random.chance(0.2) ? { instance_pool_id: pool } : { node_type_id: random.pick(nodeTypes) }),
        ...(random.chance(0.5)
          ? { num_workers: 1 + random.below(8) }
          : { autoscale: { min_workers: 1, max_workers: 2 + random.below(10) } }),
        ...(random.chance(0.2) ? { policy_id: policy } : {}),
        ...(random.chance(0.2) && scripts.length > 0
          ? { init_scripts: [{ dbfs: { destination: `dbfs:${random.pick(scripts)}` } }] }
          : {}),
        custom_tags: { team: `team-${random.below(20)}` },
        spark_conf: { "spark.sql.shuffle.partitions": String(50 * (1 + random.below(20))) },
        autotermination_minutes: 10 + random.below(110),
      },
      { pinned: index < 60 && random.chance(0.5) },
    ),
  );
}

function generateJobs(estate: EstateBuilder, random: SeededRandom, count: number, clusters: readonly string[]): void {
  const jobs: string[] = [];
  for (let index = 0; index < count; index++) {
    const tasks = Array.from({ length: 1 + random.below(4) }, (_, step): JsonObject => ({
      task_key: `step-${step}`,
      ...(step > 0 ? { depends_on: [{ task_key: `step-${step - 1}` }] } : {}),
      ...(jobs.length > 0 && random.chance(0.05)
        ? { run_job_task: { job_id: random.pick(jobs) } }
        : {
            notebook_task: { notebook_path: `/Shared/jobs/${index}/step-${step}`, source: "WORKSPACE" },
            existing_cluster_id: random.pick(clusters),
          }),
    }));
    jobs.push(
      estate.job({ name: `job-${random.chance(0.03) && index > 0 ? index - 1 : index}`, tasks, ...triggerOf(random) }),
    );
  }
}

function triggerOf(random: SeededRandom): JsonObject {
  const pause_status = random.chance(0.25) ? "PAUSED" : "UNPAUSED";
  if (random.chance(0.5))
    return {
      schedule: {
        quartz_cron_expression: `0 ${random.below(60)} ${random.below(24)} * * ?`,
        timezone_id: "UTC",
        pause_status,
      },
    };
  if (random.chance(0.1))
    return { trigger: { periodic: { interval: 1 + random.below(23), unit: "HOURS" }, pause_status } };
  return {};
}

function generateMounts(estate: EstateBuilder, count: number): void {
  if (count === 0) return;
  const commands = Array.from(
    { length: count },
    (_, index) =>
      `dbutils.fs.mount(source = "wasbs://c${index}@generatedlake.blob.core.windows.net/", mount_point = "/mnt/m${index}", extra_configs = {"fs.azure.account.key.generatedlake.blob.core.windows.net": "ZmFrZQ=="})`,
  );
  estate.python(
    {
      cluster_name: "mounts",
      spark_version: runtime,
      node_type_id: "Standard_D4ds_v5",
      num_workers: 1,
      autotermination_minutes: 15,
    },
    [...commands, `print(${count})`].join("\n"),
  );
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({
    options: {
      objects: { type: "string" },
      seed: { type: "string", default: "1" },
      standby: { type: "boolean", default: false },
    },
  });
  const [objects, seed] = [Number(values.objects), Number(values.seed)];
  if (values.standby) process.stdout.write(estateText(generateStandby()));
  else if (!Number.isInteger(objects) || objects < 1 || !Number.isInteger(seed)) {
    process.stderr.write(
      "usage: npx tsx sandbox/estates/generate.ts (--objects N [--seed S] | --standby) > estate.json\n",
    );
    process.exitCode = 1;
  } else process.stdout.write(estateText(generateEstate({ objects, seed })));
}
