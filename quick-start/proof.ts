import { parse } from "lossless-json";

/**
 * An independent reading of both workspaces, by plain REST and with none of the replication's own code: whatever the copy
 * believes of itself, this is what stands there.
 */
export interface Address {
  readonly host: string;
  readonly token: string;
}

interface LedgerLine {
  readonly kind: string;
  readonly name: string;
  readonly id?: string;
  readonly copyId?: string;
  readonly outcome: string;
}

type Fields = Readonly<Record<string, unknown>>;

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

/** Every way in which the standby is not what the ledger says, in words; none when all holds. */
export async function findFaults(source: Address, standby: Address, ledger: readonly LedgerLine[]): Promise<string[]> {
  const lines = (kind: string): Map<string, LedgerLine> =>
    new Map(ledger.filter((line) => line.kind === kind && line.id !== undefined).map((line) => [line.id!, line]));
  const faults = [
    ...(await clusterFaults(source, standby, lines("clusters"))),
    ...(await jobFaults(source, standby, lines("jobs"))),
    ...(await scriptFaults(source, standby, lines("init-scripts"))),
  ];
  const { runs } = await get(standby, "/api/2.2/jobs/runs/list");
  if (list(runs).length > 0) faults.push(`the standby has run ${list(runs).length} jobs`);
  return faults;
}

async function clusterFaults(
  source: Address,
  standby: Address,
  lines: ReadonlyMap<string, LedgerLine>,
): Promise<string[]> {
  const faults: string[] = [];
  const copies = new Map((await clustersOf(standby)).map((each) => [String(each.cluster_id), each]));
  for (const original of await clustersOf(source)) {
    const who = `cluster "${String(original.cluster_name)}" [${String(original.cluster_id)}]`;
    const line = lines.get(String(original.cluster_id));
    if (!line) faults.push(`${who} has no line in the ledger`);
    if (!line?.copyId) continue;
    const copy = copies.get(line.copyId);
    if (!copy) faults.push(`${who}: its copy ${line.copyId} is not there`);
    else {
      faults.push(...differences(who, original, copy, clusterFields));
      if (copy.state !== "TERMINATED" && copy.state !== "TERMINATING")
        faults.push(`${who}: its copy is ${String(copy.state)}`);
    }
  }
  return faults;
}

async function jobFaults(source: Address, standby: Address, lines: ReadonlyMap<string, LedgerLine>): Promise<string[]> {
  const faults: string[] = [];
  const copies = new Map((await jobsOf(standby)).map((each) => [String(each.job_id), each]));
  for (const copy of copies.values())
    for (const trigger of triggers)
      if (trigger in settingsOf(copy)) faults.push(`job ${String(copy.job_id)} on the standby has a ${trigger}`);
  for (const original of await jobsOf(source)) {
    const who = `job "${String(settingsOf(original).name)}" [${String(original.job_id)}]`;
    const line = lines.get(String(original.job_id));
    if (!line) faults.push(`${who} has no line in the ledger`);
    if (!line?.copyId) continue;
    const copy = copies.get(line.copyId);
    if (!copy) faults.push(`${who}: its copy ${line.copyId} is not there`);
    else {
      faults.push(...differences(who, settingsOf(original), settingsOf(copy), jobFields));
      const keys = (job: Fields): string[] => list(settingsOf(job).tasks).map(({ task_key }) => String(task_key));
      if (keys(original).join() !== keys(copy).join()) faults.push(`${who}: its copy has other tasks`);
    }
  }
  return faults;
}

async function scriptFaults(
  source: Address,
  standby: Address,
  lines: ReadonlyMap<string, LedgerLine>,
): Promise<string[]> {
  const faults: string[] = [];
  for (const [id, line] of lines) {
    const path = /^dbfs:(.*)$/s.exec(id)?.[1];
    if (!path || !line.copyId) continue;
    const [original, copy] = await Promise.all([dbfsFile(source, path), dbfsFile(standby, path)]);
    if (!original.equals(copy)) faults.push(`init script ${id}: its copy differs`);
  }
  return faults;
}

function differences(who: string, original: Fields, copy: Fields, fields: readonly string[]): string[] {
  return fields
    .filter((field) => plain(original[field]) !== plain(copy[field]))
    .map((field) => `${who}: ${field} is ${plain(copy[field])} there, ${plain(original[field])} here`);
}

async function clustersOf(at: Address): Promise<Fields[]> {
  return pages(at, "/api/2.1/clusters/list?page_size=100&sort_by.field=CLUSTER_NAME", "clusters");
}

async function jobsOf(at: Address): Promise<Fields[]> {
  return pages(at, "/api/2.2/jobs/list?limit=100&expand_tasks=true", "jobs");
}

async function pages(at: Address, path: string, items: string): Promise<Fields[]> {
  const all: Fields[] = [];
  for (let token = ""; ;) {
    const page = await get(at, token === "" ? path : `${path}&page_token=${encodeURIComponent(token)}`);
    all.push(...list(page[items]));
    if (typeof page.next_page_token !== "string" || page.next_page_token === "") return all;
    token = page.next_page_token;
  }
}

async function dbfsFile(at: Address, path: string): Promise<Buffer> {
  const blocks: Buffer[] = [];
  for (let offset = 0; ;) {
    const { data, bytes_read } = await get(
      at,
      `/api/2.0/dbfs/read?path=${encodeURIComponent(path)}&offset=${offset}&length=1048576`,
    );
    if (Number(bytes_read) === 0) return Buffer.concat(blocks);
    blocks.push(Buffer.from(String(data), "base64"));
    offset += Number(bytes_read);
  }
}

async function get({ host, token }: Address, path: string): Promise<Fields> {
  const response = await fetch(`${host}${path}`, { headers: { authorization: `Bearer ${token}` } });
  const text = await response.text();
  if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${text.slice(0, 200)}`);
  return parse(text, null, exactNumber) as Fields;
}

function exactNumber(digits: string): number | bigint {
  return /^-?\d{16,}$/.test(digits) ? BigInt(digits) : Number(digits);
}

function settingsOf(job: Fields): Fields {
  return (job.settings ?? {}) as Fields;
}

function list(value: unknown): Fields[] {
  return Array.isArray(value) ? (value as Fields[]) : [];
}

function plain(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) => (typeof each === "bigint" ? String(each) : each)) ?? "(none)";
}
