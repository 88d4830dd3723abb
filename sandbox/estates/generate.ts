import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import type { EstateCall } from "../estate.js";
import type { JsonObject } from "../http/json.js";
import { EstateBuilder } from "./estate-builder.js";
import { estateText } from "./estate-text.js";
import { SeededRandom } from "./seeded-random.js";

export interface GeneratedEstateOptions {
  /** Objects of all kinds together. */
  readonly objects: number;
  /** The same seed gives the same estate. */
  readonly seed: number;
}

export type GeneratedKind = "notebooks" | "folders" | "jobs" | "clusters" | "mounts" | "scripts" | "pools" | "policies";

/** How many of each kind make up that many objects, as in a workspace that is mostly notebooks and jobs. */
export function countsOf(objects: number): Readonly<Record<GeneratedKind, number>> {
  const share = (part: number, most = Infinity): number => Math.min(most, Math.max(1, Math.round(objects * part)));
  const others = {
    folders: share(1 / 15),
    jobs: share(1 / 6, 10_000),
    clusters: share(1 / 100),
    mounts: share(1 / 100, 300),
    scripts: share(1 / 300),
    pools: share(1 / 2000),
    policies: share(1 / 2000),
  };
  const sum = Object.values(others).reduce((total, each) => total + each, 0);
  return { notebooks: Math.max(0, objects - sum), ...others };
}

/** Objects with direct grants: all folders and jobs, and one notebook in so many. */
export const notebooksPerGrant = 5;

const runtime = "15.4.x-scala2.12";
const nodeTypes = ["Standard_D4ds_v5", "Standard_D8ds_v5", "Standard_E4ds_v4", "Standard_E8ds_v4", "Standard_F8s_v2"];

/** An estate of any size. */
export function generateEstate({ objects, seed }: GeneratedEstateOptions): readonly EstateCall[] {
  const estate = new EstateBuilder();
  const random = new SeededRandom(seed);
  const counts = countsOf(objects);
  generatePrincipals(estate);
  const pools = generatePools(estate, counts.pools);
  const policies = generatePolicies(estate, counts.policies);
  const scripts = generateScripts(estate, random, counts.scripts);
  const clusters = generateClusters(estate, random, counts.clusters, { scripts, pools, policies });
  const folders = generateFolders(estate, random, counts.folders);
  const notebooks = generateNotebooks(estate, random, counts.notebooks, folders);
  generateJobs(estate, random, counts.jobs, clusters, notebooks);
  generateMounts(estate, counts.mounts);
  return estate.calls;
}

/** What a standby has of its own before anything is copied: the same people. */
export function generateStandby(): readonly EstateCall[] {
  const estate = new EstateBuilder();
  generatePrincipals(estate);
  return estate.calls;
}

const users = Array.from({ length: 20 }, (_, index) => `user-${index}@example.com`);
const groups = Array.from({ length: 5 }, (_, index) => `team-${index}`);

function generatePrincipals(estate: EstateBuilder): void {
  const schema = (name: string): string[] => [`urn:ietf:params:scim:schemas:core:2.0:${name}`];
  for (const userName of users)
    estate.call("POST", "/api/2.0/preview/scim/v2/Users", { schemas: schema("User"), userName });
  for (const displayName of groups)
    estate.call("POST", "/api/2.0/preview/scim/v2/Groups", { schemas: schema("Group"), displayName });
}

/** One to three grants, to different principals. */
function grantsOf(random: SeededRandom, levels: readonly string[]): JsonObject[] {
  const grants = Array.from({ length: 1 + random.below(3) }, (_, index): JsonObject => {
    const permission_level = random.pick(levels);
    if (index === 0) return { group_name: random.pick(groups), permission_level };
    return { user_name: users[(index * 7 + random.below(6)) % users.length]!, permission_level };
  });
  return [...new Map(grants.map((grant) => [String(grant.user_name ?? grant.group_name), grant])).values()];
}

/** Grants on an object of the tree: its number is asked for first. */
function grant(estate: EstateBuilder, random: SeededRandom, type: string, path: string): void {
  const id = estate.read("object", `/api/2.0/workspace/get-status?path=${encodeURIComponent(path)}`, "object_id");
  estate.call("PUT", `/api/2.0/permissions/${type}/${id}`, {
    access_control_list: grantsOf(random, ["CAN_READ", "CAN_RUN", "CAN_EDIT"]),
  });
}

function generatePools(estate: EstateBuilder, count: number): string[] {
  return Array.from({ length: count }, (_, index) =>
    estate.pool({ instance_pool_name: `pool-${index}`, node_type_id: "Standard_D4ds_v5", min_idle_instances: 0 }),
  );
}

function generatePolicies(estate: EstateBuilder, count: number): string[] {
  return Array.from({ length: count }, (_, index) =>
    estate.policy(`policy-${index}`, { "custom_tags.team": { type: "unlimited", defaultValue: "none" } }),
  );
}

function generateFolders(estate: EstateBuilder, random: SeededRandom, count: number): string[] {
  const folders: string[] = [];
  for (let index = 0; index < count; index++) {
    const parent = folders.length > 0 && random.chance(0.7) ? random.pick(folders) : "/Shared";
    const path = parent.split("/").length < 8 ? `${parent}/folder-${index}` : `/Shared/folder-${index}`;
    estate.call("POST", "/api/2.0/workspace/mkdirs", { path });
    grant(estate, random, "directories", path);
    folders.push(path);
  }
  return folders;
}

const languages = ["PYTHON", "PYTHON", "PYTHON", "SQL", "SCALA", "R"] as const;
const comments = { PYTHON: "#", SQL: "--", SCALA: "//", R: "#" } as const;

function generateNotebooks(
  estate: EstateBuilder,
  random: SeededRandom,
  count: number,
  folders: readonly string[],
): string[] {
  return Array.from({ length: count }, (_, index) => {
    const path = `${random.pick(folders)}/notebook-${index}`;
    const language = random.pick(languages);
    const mark = comments[language];
    const text = `${mark} Databricks notebook source\n${mark} ${index}\n${"display(1)\n".repeat(1 + random.below(80))}`;
    const content = Buffer.from(text).toString("base64");
    estate.call("POST", "/api/2.0/workspace/import", { path, format: "SOURCE", language, content });
    if (index % notebooksPerGrant === 0) grant(estate, random, "notebooks", path);
    return path;
  });
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
  { scripts, pools, policies }: Readonly<Record<"scripts" | "pools" | "policies", readonly string[]>>,
): string[] {
  return Array.from({ length: count }, (_, index) =>
    estate.cluster(
      {
        // Now and then two have one name.
        cluster_name: `cluster-${random.chance(0.05) && index > 0 ? index - 1 : index}`,
        spark_version: runtime,
        ...(random.chance(0.2) ? { instance_pool_id: random.pick(pools) } : { node_type_id: random.pick(nodeTypes) }),
        ...(random.chance(0.5)
          ? { num_workers: 1 + random.below(8) }
          : { autoscale: { min_workers: 1, max_workers: 2 + random.below(10) } }),
        ...(random.chance(0.2) ? { policy_id: random.pick(policies) } : {}),
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

function generateJobs(
  estate: EstateBuilder,
  random: SeededRandom,
  count: number,
  clusters: readonly string[],
  notebooks: readonly string[],
): void {
  const jobs: string[] = [];
  for (let index = 0; index < count; index++) {
    const tasks = Array.from({ length: 1 + random.below(4) }, (_, step): JsonObject => ({
      task_key: `step-${step}`,
      ...(step > 0 ? { depends_on: [{ task_key: `step-${step - 1}` }] } : {}),
      ...(jobs.length > 0 && random.chance(0.05)
        ? { run_job_task: { job_id: random.pick(jobs) } }
        : {
            notebook_task: {
              notebook_path: notebooks.length > 0 ? random.pick(notebooks) : "/Shared/none",
              source: "WORKSPACE",
            },
            existing_cluster_id: random.pick(clusters),
          }),
    }));
    jobs.push(
      estate.job({
        name: `job-${random.chance(0.03) && index > 0 ? index - 1 : index}`,
        tasks,
        ...triggerOf(random),
        access_control_list: grantsOf(random, ["CAN_VIEW", "CAN_MANAGE_RUN", "CAN_MANAGE"]),
      }),
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
