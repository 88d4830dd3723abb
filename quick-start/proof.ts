import {
  type Address,
  clustersOf,
  type Fields,
  get,
  jobsOf,
  librariesOf,
  list,
  mountsOf,
  plain,
  scriptAt,
  settingsOf,
} from "./workspace-reading.js";

interface LedgerLine {
  readonly kind: string;
  readonly name: string;
  readonly id?: string;
  readonly copyId?: string;
  readonly outcome: string;
}

/** Fields of a cluster that a user decides and no region changes. */
const clusterFields = [
  "cluster_name",
  "spark_version",
  "num_workers",
  "autoscale",
  "autotermination_minutes",
  "spark_conf",
  "spark_env_vars",
  "init_scripts",
  "data_security_mode",
  "single_user_name",
  "runtime_engine",
  "ssh_public_keys",
  "docker_image",
  "cluster_log_conf",
  "workload_type",
];

const jobFields = [
  "name",
  "max_concurrent_runs",
  "timeout_seconds",
  "email_notifications",
  "parameters",
  "git_source",
  "health",
];

const triggers = ["schedule", "trigger", "continuous"];

/** Fields that name what each region has of its own: machines, pools and policies. */
const regionalFields = new Set([
  "node_type_id",
  "driver_node_type_id",
  "instance_pool_id",
  "driver_instance_pool_id",
  "policy_id",
]);

/** Ledger lines of one kind by id on the source. */
type Lines = ReadonlyMap<string, LedgerLine>;

/** Every way in which the standby is not what the ledger says, in words; none when all holds. */
export async function findFaults(source: Address, standby: Address, ledger: readonly LedgerLine[]): Promise<string[]> {
  const lines = (kind: string): Lines =>
    new Map(ledger.filter((line) => line.kind === kind && line.id !== undefined).map((line) => [line.id!, line]));
  const [clusters, jobs] = [lines("clusters"), lines("jobs")];
  const faults = [
    ...(await clusterFaults(source, standby, clusters)),
    ...(await jobFaults(source, standby, clusters, jobs)),
    ...(await scriptFaults(source, standby, lines("init-scripts"))),
    ...(await mountFaults(source, standby, lines("mounts"))),
  ];
  const { runs } = await get(standby, "/api/2.2/jobs/runs/list");
  if (list(runs).length > 0) faults.push(`the standby has run ${list(runs).length} jobs`);
  return faults;
}

async function clusterFaults(source: Address, standby: Address, lines: Lines): Promise<string[]> {
  const faults: string[] = [];
  const copies = new Map((await clustersOf(standby)).map((each) => [String(each.cluster_id), each]));
  const [libraries, copiedLibraries] = await Promise.all([librariesOf(source), librariesOf(standby)]);
  for (const original of await clustersOf(source)) {
    const id = String(original.cluster_id);
    const who = `cluster "${String(original.cluster_name)}" [${id}]`;
    const line = lines.get(id);
    if (!line) faults.push(`${who} has no line in the ledger`);
    if (!line?.copyId) continue;
    const copy = copies.get(line.copyId);
    if (!copy) faults.push(`${who}: its copy ${line.copyId} is not there`);
    else {
      faults.push(...differences(who, original, copy, clusterFields));
      const [has, needs] = [copiedLibraries.get(line.copyId) ?? "[]", libraries.get(id) ?? "[]"];
      if (has !== needs) faults.push(`${who}: libraries are ${has} there, ${needs} here`);
      if (copy.state !== "TERMINATED" && copy.state !== "TERMINATING")
        faults.push(`${who}: its copy is ${String(copy.state)}`);
    }
  }
  return faults;
}

async function jobFaults(source: Address, standby: Address, clusters: Lines, jobs: Lines): Promise<string[]> {
  const faults: string[] = [];
  const copies = new Map((await jobsOf(standby)).map((each) => [String(each.job_id), each]));
  for (const copy of copies.values())
    for (const trigger of triggers)
      if (trigger in settingsOf(copy)) faults.push(`job ${String(copy.job_id)} on the standby has a ${trigger}`);
  for (const original of await jobsOf(source)) {
    const who = `job "${String(settingsOf(original).name)}" [${String(original.job_id)}]`;
    const line = jobs.get(String(original.job_id));
    if (!line) faults.push(`${who} has no line in the ledger`);
    if (!line?.copyId) continue;
    const copy = copies.get(line.copyId);
    if (!copy) faults.push(`${who}: its copy ${line.copyId} is not there`);
    else {
      const referring = (id: unknown, to: Lines): unknown => to.get(String(id))?.copyId ?? `no copy of ${String(id)}`;
      const translated = comparable(settingsOf(original), (id, kind) =>
        referring(id, kind === "jobs" ? jobs : clusters),
      );
      const there = comparable(settingsOf(copy), String);
      faults.push(...differences(who, translated, there, [...jobFields, "tasks", "job_clusters"]));
    }
  }
  return faults;
}

type Translate = (id: unknown, kind: "clusters" | "jobs") => unknown;

/** Without what is each region's own, and with every reference to a cluster or a job as `translate` gives it. */
function comparable(settings: Fields, translate: Translate): Fields {
  const visit = (value: unknown, holder: string): unknown => {
    if (Array.isArray(value)) return value.map((each) => visit(each, holder));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .filter(([field]) => !regionalFields.has(field))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([field, inner]) => {
          if (field === "existing_cluster_id") return [field, translate(inner, "clusters")];
          if (field === "job_id" && holder === "run_job_task") return [field, translate(inner, "jobs")];
          return [field, visit(inner, field)];
        }),
    );
  };
  return visit(settings, "") as Fields;
}

async function scriptFaults(source: Address, standby: Address, lines: Lines): Promise<string[]> {
  const faults: string[] = [];
  for (const [address, line] of lines) {
    if (!line.copyId) continue;
    const [original, copy] = await Promise.all([scriptAt(source, address), scriptAt(standby, address)]);
    if (!original || !copy?.equals(original)) faults.push(`init script ${address}: its copy differs`);
  }
  return faults;
}

/** Storage accounts are each side's own; container and folder are the same. */
async function mountFaults(source: Address, standby: Address, lines: Lines): Promise<string[]> {
  if (lines.size === 0) return [];
  const [originals, copies] = await Promise.all(
    [source, standby].map((at) => mountsOf(at, "databricks-dr operations")),
  );
  const withoutAccount = (from = "(none)"): string => from.replace(/(:\/\/(?:[^@/]*@)?)[^./]+\./, "$1*.");
  const faults: string[] = [];
  for (const [point, from] of originals!) {
    const line = lines.get(point);
    if (!line) faults.push(`mount ${point} has no line in the ledger`);
    if (!line?.copyId) continue;
    const there = copies!.get(point);
    if (withoutAccount(there) !== withoutAccount(from)) faults.push(`mount ${point} is ${there ?? "missing"} there`);
  }
  return faults;
}

function differences(who: string, original: Fields, copy: Fields, fields: readonly string[]): string[] {
  return fields
    .filter((field) => plain(original[field]) !== plain(copy[field]))
    .map((field) => `${who}: ${field} is ${plain(copy[field])} there, ${plain(original[field])} here`);
}
