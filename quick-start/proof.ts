import {
  type Address,
  clustersOf,
  type Fields,
  get,
  grantsOn,
  jobsOf,
  librariesOf,
  list,
  mountsOf,
  notebookAt,
  plain,
  policiesOf,
  poolsOf,
  readerOf,
  scriptAt,
  settingsOf,
  treeOf,
} from "./workspace-reading.js";

interface LedgerLine {
  readonly kind: string;
  readonly name: string;
  readonly id?: string;
  readonly copyId?: string;
  readonly outcome: string;
  readonly why?: string;
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
    ...(await poolAndPolicyFaults(source, standby, lines)),
    ...(await treeFaults(source, standby, lines)),
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

const poolFields = ["instance_pool_name", "max_capacity", "idle_instance_autotermination_minutes"];
const policyFields = ["name", "description", "definition", "max_clusters_per_user", "libraries"];

async function poolAndPolicyFaults(
  source: Address,
  standby: Address,
  lines: (kind: string) => Lines,
): Promise<string[]> {
  const [pools, thosePools, policies, thosePolicies] = await Promise.all([
    ...[source, standby].map(poolsOf),
    ...[source, standby].map(policiesOf),
  ]);
  return [
    ...copyFaults("pool", pools!, thosePools!, "instance_pool_id", poolFields, lines("instance-pools")),
    ...copyFaults("policy", policies!, thosePolicies!, "policy_id", policyFields, lines("cluster-policies")),
    ...thosePools!
      .filter(({ min_idle_instances: idle }) => Number(idle ?? 0) > 0)
      .map(({ instance_pool_name: name }) => `pool "${String(name)}" on the standby keeps machines`),
  ];
}

function copyFaults(
  what: string,
  originals: readonly Fields[],
  copies: readonly Fields[],
  idField: string,
  fields: readonly string[],
  lines: Lines,
): string[] {
  const byId = new Map(copies.map((copy) => [String(copy[idField]), copy]));
  return originals.flatMap((original) => {
    const who = `${what} "${String(original.instance_pool_name ?? original.name)}"`;
    const line = lines.get(String(original[idField]));
    if (!line) return [`${who} has no line in the ledger`];
    if (!line.copyId || !isOurs(line)) return [];
    const copy = byId.get(line.copyId);
    return copy ? differences(who, original, copy, fields) : [`${who}: its copy ${line.copyId} is not there`];
  });
}

/** A copy that was made, or is kept, as its original is. */
function isOurs({ outcome }: LedgerLine): boolean {
  return ["created", "updated", "unchanged"].includes(outcome);
}

/** Folders and notebooks, and every access list. */
async function treeFaults(source: Address, standby: Address, lines: (kind: string) => Lines): Promise<string[]> {
  const faults: string[] = [];
  const [originals, copies] = await Promise.all([treeOf(source), treeOf(standby)]);
  for (const [path, original] of originals) {
    const kind = original.object_type === "NOTEBOOK" ? "notebooks" : "folders";
    const line = lines(kind).get(path);
    if (original.object_type === "NOTEBOOK" && !line) faults.push(`notebook ${path} has no line in the ledger`);
    if (!line?.copyId || !isOurs(line)) continue;
    const copy = copies.get(path);
    if (!copy) faults.push(`${path} is not there`);
    else if (kind === "notebooks" && (await notebookAt(source, original)) !== (await notebookAt(standby, copy)))
      faults.push(`notebook ${path}: its copy differs`);
  }
  const readers = await Promise.all([source, standby].map(readerOf));
  for (const [kind, type] of accessTypes)
    for (const [id, line] of lines(kind)) {
      if (!line.copyId || !isOurs(line)) continue;
      const ids = [originals.get(id)?.object_id ?? id, copies.get(id)?.object_id ?? line.copyId].map(String);
      const [from, to] = await Promise.all([grantsOn(source, type, ids[0]!), grantsOn(standby, type, ids[1]!)]);
      for (const grant of [...from].filter((each) => !to.has(each) && !isExplained(each, line)))
        faults.push(`${kind} ${line.name}: ${grant} is not granted there`);
      for (const grant of [...to].filter((each) => !from.has(each) && !readers.some((name) => each.includes(name))))
        faults.push(`${kind} ${line.name}: ${grant} is granted there, and not here`);
    }
  return faults;
}

const accessTypes = [
  ["instance-pools", "instance-pools"],
  ["cluster-policies", "cluster-policies"],
  ["clusters", "clusters"],
  ["jobs", "jobs"],
  ["folders", "directories"],
  ["notebooks", "notebooks"],
] as const;

/** Who is not on the standby is named in the object's line. */
function isExplained(grant: string, { why = "" }: LedgerLine): boolean {
  return why.includes(grant.split(" ")[1]!);
}

function differences(who: string, original: Fields, copy: Fields, fields: readonly string[]): string[] {
  return fields
    .filter((field) => plain(original[field]) !== plain(copy[field]))
    .map((field) => `${who}: ${field} is ${plain(copy[field])} there, ${plain(original[field])} here`);
}
