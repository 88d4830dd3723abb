import { setTimeout as sleep } from "node:timers/promises";
import { parse } from "lossless-json";

/** A workspace, and a token for it. */
export interface Address {
  readonly host: string;
  readonly token: string;
}

export type Fields = Readonly<Record<string, unknown>>;

export async function clustersOf(at: Address): Promise<Fields[]> {
  return pages(at, "/api/2.1/clusters/list?page_size=100&sort_by.field=CLUSTER_NAME", "clusters");
}

/** Every job, with all its tasks. */
export async function jobsOf(at: Address): Promise<Fields[]> {
  const listed = await pages(at, "/api/2.2/jobs/list?limit=100&expand_tasks=true", "jobs");
  return Promise.all(listed.map(async (job) => (job.has_more === true ? wholeJob(at, String(job.job_id)) : job)));
}

/** Each cluster's libraries, as text, in a stable order; what is uninstalled goes with the next start. */
export async function librariesOf(at: Address): Promise<Map<string, string>> {
  const { statuses } = await get(at, "/api/2.0/libraries/all-cluster-statuses");
  return new Map(
    list(statuses).map(({ cluster_id, library_statuses }) => {
      const libraries = list(library_statuses).filter(
        ({ is_library_for_all_clusters: all, status }) => all !== true && status !== "UNINSTALL_ON_RESTART",
      );
      return [String(cluster_id), plain(libraries.map(({ library }) => plain(library)).sort())];
    }),
  );
}

/** A script by its address, `dbfs:/…`, `workspace:/…` or `volumes:/…`; undefined for what is no file of a workspace. */
export async function scriptAt(at: Address, address: string): Promise<Buffer | undefined> {
  const [, store, path = ""] = /^(dbfs|workspace|volumes):(.*)$/s.exec(address) ?? [];
  if (store === "dbfs") return dbfsFile(at, path);
  const encoded = path.split("/").map(encodeURIComponent).join("/");
  if (store === "volumes") return bytes(at, `/api/2.0/fs/files${encoded}`);
  if (store === "workspace")
    return bytes(at, `/api/2.0/workspace/export?direct_download=true&format=AUTO&path=${encodeURIComponent(path)}`);
  return undefined;
}

/** Every folder and notebook below `/`, by path. */
export async function treeOf(at: Address): Promise<Map<string, Fields>> {
  const found = new Map<string, Fields>();
  for (const folders = ["/"]; folders.length > 0;) {
    const { objects } = await get(at, `/api/2.0/workspace/list?path=${encodeURIComponent(folders.pop()!)}`);
    for (const object of list(objects)) {
      found.set(String(object.path), object);
      if (object.object_type === "DIRECTORY") folders.push(String(object.path));
    }
  }
  return found;
}

/** A notebook as it can be imported again: Python also as Jupyter keeps it, with what its cells have shown. */
export async function notebookAt(at: Address, { path, language }: Fields): Promise<string> {
  const formats = language === "PYTHON" ? ["SOURCE", "JUPYTER"] : ["SOURCE"];
  const query = `path=${encodeURIComponent(String(path))}&direct_download=true`;
  const exported = formats.map((format) => bytes(at, `/api/2.0/workspace/export?${query}&format=${format}`));
  return [String(language), ...(await Promise.all(exported))].join("\n");
}

/** Who was given what on an object, and did not inherit it: `user_name dana.lee@example.com CAN_RUN`. */
export async function grantsOn(at: Address, type: string, id: string): Promise<Set<string>> {
  const { access_control_list } = await get(at, `/api/2.0/permissions/${type}/${encodeURIComponent(id)}`);
  return new Set(
    list(access_control_list).flatMap((entry) =>
      (["user_name", "group_name", "service_principal_name"] as const).flatMap((sort) =>
        list(entry[sort] === undefined ? [] : entry.all_permissions)
          .filter(({ inherited }) => inherited !== true)
          .map(({ permission_level }) => `${sort} ${String(entry[sort])} ${String(permission_level)}`),
      ),
    ),
  );
}

export async function poolsOf(at: Address): Promise<Fields[]> {
  return list((await get(at, "/api/2.0/instance-pools/list")).instance_pools);
}

export async function policiesOf(at: Address): Promise<Fields[]> {
  return pages(at, "/api/2.0/policies/clusters/list?", "policies");
}

/** Name of who reads here. */
export async function readerOf(at: Address): Promise<string> {
  return String((await get(at, "/api/2.0/preview/scim/v2/Me")).userName);
}

/** Mount point → source, as `dbutils` shows them on that workspace's cluster of that name. */
export async function mountsOf(at: Address, clusterName: string): Promise<Map<string, string>> {
  const cluster = (await clustersOf(at)).find(({ cluster_name }) => cluster_name === clusterName);
  if (!cluster) throw new Error(`${at.host} has no cluster "${clusterName}"`);
  const clusterId = String(cluster.cluster_id);
  await until(async () => {
    const { state } = await get(at, `/api/2.1/clusters/get?cluster_id=${clusterId}`);
    if (state === "TERMINATED") await post(at, "/api/2.1/clusters/start", { cluster_id: clusterId });
    return state === "RUNNING" ? true : undefined;
  });
  const { id: contextId } = await post(at, "/api/1.2/contexts/create", { clusterId, language: "python" });
  await until(async () => {
    const { status } = await get(at, `/api/1.2/contexts/status?clusterId=${clusterId}&contextId=${String(contextId)}`);
    return status === "Running" ? true : undefined;
  });
  const command = "import json\nprint(json.dumps([[m.mountPoint, m.source] for m in dbutils.fs.mounts()]))";
  const body = { clusterId, contextId, language: "python", command };
  const { id: commandId } = await post(at, "/api/1.2/commands/execute", body);
  const query = `clusterId=${clusterId}&contextId=${String(contextId)}&commandId=${String(commandId)}`;
  const results = await until(async () => {
    const answer = await get(at, `/api/1.2/commands/status?${query}`);
    return ["Finished", "Error"].includes(String(answer.status)) ? (answer.results as Fields) : undefined;
  });
  await post(at, "/api/1.2/contexts/destroy", { clusterId, contextId });
  const mounts = String(results.data)
    .split("\n")
    .find((line) => line.startsWith("[["));
  return new Map(JSON.parse(mounts ?? "[]") as [string, string][]);
}

async function wholeJob(at: Address, id: string): Promise<Fields> {
  const job = await get(at, `/api/2.2/jobs/get?job_id=${id}`);
  const tasks = list(settingsOf(job).tasks);
  for (let token = job.next_page_token; typeof token === "string" && token !== "";) {
    const page = await get(at, `/api/2.2/jobs/get?job_id=${id}&page_token=${encodeURIComponent(token)}`);
    tasks.push(...list(settingsOf(page).tasks));
    token = page.next_page_token;
  }
  return { ...job, settings: { ...settingsOf(job), tasks } };
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

export async function get(at: Address, path: string): Promise<Fields> {
  return answer(await send(at, "GET", path));
}

async function post(at: Address, path: string, body: object): Promise<Fields> {
  return answer(await send(at, "POST", path, JSON.stringify(body)));
}

async function answer(response: Response): Promise<Fields> {
  return parse(await response.text(), null, exactNumber) as Fields;
}

async function bytes(at: Address, path: string): Promise<Buffer> {
  return Buffer.from(await (await send(at, "GET", path)).arrayBuffer());
}

async function send({ host, token }: Address, method: string, path: string, body?: string): Promise<Response> {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${host}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
  if (response.ok) return response;
  throw new Error(`${method} ${path}: ${response.status} ${(await response.text()).slice(0, 200)}`);
}

const patienceMs = 120_000;

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (const deadline = Date.now() + patienceMs; Date.now() < deadline; await sleep(100)) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error(`nothing came of it in ${patienceMs / 1000} s`);
}

function exactNumber(digits: string): number | bigint {
  return /^-?\d{16,}$/.test(digits) ? BigInt(digits) : Number(digits);
}

export function list(value: unknown): Fields[] {
  return Array.isArray(value) ? (value as Fields[]) : [];
}

export function settingsOf(job: Fields): Fields {
  return (job.settings ?? {}) as Fields;
}

export function plain(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) => (typeof each === "bigint" ? String(each) : each)) ?? "(none)";
}
