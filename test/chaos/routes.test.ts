import type * as promises from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type JsonObject, stringifyJson } from "../../replication/values/json.js";
import type { LedgerLine, ReplicationSettings } from "../../replication/index.js";
import { type Outcome, type Pair, startPair, type TestWorkspace } from "../replication/pair.js";
import { putFile } from "./notes-files.js";
import { changeJob, createCluster, createJob, machine, nightly, putScript } from "./objects.js";
import { type Route, routesUsed, troubles } from "./routes-used.js";
import { clustersOf, jobNamed, jobsOf, settingsOf } from "./standby-reading.js";

// Waiting between two tries is not what is looked at here.
vi.mock("node:timers/promises", async (original) => {
  const timers = await original<typeof promises>();
  return { ...timers, setTimeout: (ms: number) => timers.setTimeout(ms / 50) };
});

const order = ["init-scripts", "clusters", "mounts", "jobs"] as const;
type Copied = (typeof order)[number];

/** Kinds whose objects a kind's own need: where one of them is cut off, the kind may not be whole. */
const needs: Readonly<Record<Copied, readonly Copied[]>> = {
  "init-scripts": [],
  clusters: ["init-scripts"],
  mounts: [],
  jobs: ["clusters", "init-scripts"],
};

const settings: ReplicationSettings = {
  deletions: "propagate",
  allowMassDeletion: true,
  operationsClusterMinutes: 0.02,
  // Their walk through the tree would be most of what is asked; the contract holds them.
  select: { folders: { exclude: ["**"] }, notebooks: { exclude: ["**"] } },
  mounts: {
    storageAccounts: { east: "west", easter: "wester" },
    credentials: [
      {
        mounts: "/mnt/*",
        extraConfigs: { "fs.azure.account.key.<account>.blob.core.windows.net": "{{secrets/dr/key}}" },
      },
    ],
  },
};

let pair: Pair;
/** Nothing is copied yet. */
let atFirst: () => void;
/** All was copied, and then the source was changed. */
let changed: () => void;

const dbfsScript = "/databricks/init/a.sh";
const workspaceScript = "/Shared/scripts/b.sh";

async function mountOn({ server }: TestWorkspace, mountPoint: string, account: string): Promise<void> {
  const source = `wasbs://c@${account}.blob.core.windows.net/`;
  server.workspace
    .table("mounts")
    .set(mountPoint, { mountPoint, source, encryptionType: "", builtIn: false, configs: {} });
  return Promise.resolve();
}

async function fill(at: TestWorkspace): Promise<void> {
  await putScript(at, dbfsScript, "one");
  await at.post("/api/2.0/workspace/mkdirs", { path: "/Shared/scripts" });
  await putFile(at, workspaceScript, "two");
  const init_scripts = [{ workspace: { destination: workspaceScript } }];
  const etl = await createCluster(at, { cluster_name: "etl", init_scripts });
  await createCluster(at, {
    cluster_name: "simple",
    kind: "CLASSIC_PREVIEW",
    is_single_node: true,
    num_workers: undefined,
  });
  await createCluster(at, { cluster_name: "going" });
  await at.post("/api/2.0/libraries/install", { cluster_id: etl, libraries: [{ pypi: { package: "old" } }] });
  await createJob(at, { name: "first", ...nightly });
  const id = (await jobNamed(at, "first")).job_id as bigint;
  await createJob(at, { name: "second", tasks: [{ task_key: "run", run_job_task: { job_id: id } }] });
  const task = { notebook_task: { notebook_path: "/Shared/load" } };
  await createJob(at, { name: "on etl", tasks: [{ task_key: "t", ...task, existing_cluster_id: etl }] });
  await createJob(at, { name: "going", tasks: [{ task_key: "t", ...task, new_cluster: machine }] });
  await mountOn(at, "/mnt/lake", "east");
}

async function change(at: TestWorkspace): Promise<void> {
  await putScript(at, dbfsScript, "other");
  await putFile(at, workspaceScript, "another");
  const clusters = new Map((await clustersOf(at)).map((each) => [each.cluster_name, String(each.cluster_id)]));
  const etl = clusters.get("etl")!;
  const init_scripts = [{ workspace: { destination: workspaceScript } }];
  await at.post("/api/2.1/clusters/edit", {
    ...machine,
    cluster_id: etl,
    cluster_name: "etl",
    num_workers: 7,
    init_scripts,
  });
  at.server.workspace.table("cluster-libraries").delete(etl);
  await at.post("/api/2.0/libraries/install", { cluster_id: etl, libraries: [{ pypi: { package: "new" } }] });
  await at.post("/api/2.1/clusters/permanent-delete", { cluster_id: clusters.get("going")! });
  await changeJob(at, "first", { timeout_seconds: 7 });
  await at.post("/api/2.2/jobs/delete", { job_id: (await jobNamed(at, "going")).job_id! });
  await createJob(at, { name: "new" });
  await mountOn(at, "/mnt/lake", "easter");
}

/** What a workspace has of each kind; of a standby's copies, as their originals are. */
async function contentsOf(at: TestWorkspace): Promise<Record<Copied, string[]>> {
  const read = async (path: string): Promise<string> =>
    String((await at.get(`/api/2.0/dbfs/read?path=${path}&offset=0&length=100`).catch(() => ({ data: "none" }))).data);
  const exported = await at
    .get(`/api/2.0/workspace/export?path=${workspaceScript}&format=AUTO`)
    .catch(() => ({ content: "none" }));
  const { statuses = [] } = await at.get("/api/2.0/libraries/all-cluster-statuses");
  const libraries = new Map(
    (statuses as JsonObject[]).map(({ cluster_id, library_statuses }) => [
      cluster_id,
      ((library_statuses as JsonObject[]) ?? [])
        .filter(({ status }) => status !== "UNINSTALL_ON_RESTART")
        .map(({ library }) => library),
    ]),
  );
  const clusters = (await clustersOf(at)).filter(
    ({ cluster_name }) => cluster_name !== "operations" && cluster_name !== "their own",
  );
  const jobs = (await jobsOf(at)).map(settingsOf).filter(({ name }) => name !== "their own");
  const mounts = [...at.server.workspace.table<JsonObject>("mounts").values()];
  return {
    "init-scripts": [await read(dbfsScript), String(exported.content)],
    clusters: clusters
      .map(
        (each) =>
          `${String(each.cluster_name)} ${String(each.num_workers)} ${stringifyJson((libraries.get(each.cluster_id!) as never) ?? [])}`,
      )
      .sort(),
    mounts: mounts.map(({ mountPoint, source }) => `${String(mountPoint)} ${String(source).replace("west", "east")}`),
    jobs: jobs
      .map(
        ({ name, timeout_seconds, tasks }) =>
          `${String(name)} ${String(timeout_seconds)} ${(tasks as JsonObject[]).map(({ task_key }) => task_key).join()}`,
      )
      .sort(),
  };
}

const running = async (at: TestWorkspace): Promise<string[]> =>
  (await clustersOf(at))
    .filter(
      ({ cluster_name, state }) =>
        !/^(operations|their own)$/.test(String(cluster_name)) && !/^(TERMINAT|ERROR)/.test(String(state)),
    )
    .map(({ cluster_name }) => String(cluster_name));

async function up(kinds: readonly Copied[] = order): Promise<Map<Copied, Outcome>> {
  const outcomes = new Map<Copied, Outcome>();
  for (const kind of kinds) outcomes.set(kind, await pair.deploy(pair.secondary, "standby", kind, settings));
  return outcomes;
}

const failedOf = (outcomes: Iterable<Outcome>): LedgerLine[] =>
  [...outcomes].flatMap(({ lines }) => [...lines.values()].filter(({ outcome }) => outcome === "failed"));
const needsOf = ({ lines }: Outcome): LedgerLine[] =>
  [...lines.values()].filter(({ outcome }) => outcome === "needs-a-person");

beforeAll(async () => {
  pair = await startPair();
  const { primary, secondary } = pair;
  const { post } = secondary;
  await fill(primary);
  await post("/api/2.0/secrets/scopes/create", { scope: "dr" });
  await post("/api/2.0/secrets/put", { scope: "dr", key: "key", string_value: "planted" });
  await createCluster(secondary, { cluster_name: "their own" });
  await createJob(secondary, { name: "their own", ...nightly });
  atFirst = pair.keep();
  expect(failedOf((await up()).values())).toEqual([]);
  expect(await contentsOf(secondary)).toEqual(await contentsOf(primary));
  await change(primary);
  changed = pair.keep();
}, 60_000);
afterAll(() => pair.close());

/** The routes of either workspace that each kind asks, from that start on. */
async function routesByKind(start: () => void): Promise<Map<TestWorkspace, Map<Copied, Route[]>>> {
  start();
  const found = new Map([pair.primary, pair.secondary].map((at) => [at, new Map<Copied, Route[]>()]));
  for (const kind of order) {
    for (const [{ server }] of found) server.traffic.log.reset();
    await pair.deploy(pair.secondary, "standby", kind, settings);
    for (const [at, routes] of found) routes.set(kind, routesUsed(at));
  }
  expect(await contentsOf(pair.secondary)).toEqual(await contentsOf(pair.primary));
  return found;
}

const textOf = ({ method, path }: Route): string => `${method} ${path}`;

/** Every trouble with `ROUTES=all`; otherwise one for each route, another one for the next. */
function troublesFor(turn: number): string[] {
  const all = Object.keys(troubles);
  return process.env.ROUTES === "all" ? all : [all[turn % all.length]!];
}

describe.each([
  ["that copies for the first time", () => atFirst(), 0],
  ["that brings changes and deletions", () => changed(), 3],
])("an up %s", (_what, start, offset) => {
  it(
    "harms no other kind, doubles, loses and leaves nothing, whatever route fails, and is made good by the next",
    { timeout: 3_600_000 },
    async () => {
      const used = await routesByKind(start);
      const faults: string[] = [];
      let turn = offset;
      for (const [at, byKind] of used) {
        const routes = new Map([...byKind.values()].flat().map((route) => [textOf(route), route]));
        for (const [text, route] of routes) {
          const uses = (kind: Copied): boolean => byKind.get(kind)!.map(textOf).includes(text);
          for (const what of troublesFor(turn)) {
            const says = `${at.endpoint.stack} ${text}: ${what}`;
            if (process.env.ROUTES === "all") process.stderr.write(`${says}\n`);
            start();
            const found = (await faultsOf(at, route, what, uses)).map((fault) => `${says}: ${fault}`);
            faults.push(...found);
          }
          turn += 1;
        }
      }
      expect(faults).toEqual([]);
    },
  );
});

const nameOf = (line: string): string => line.split(" ")[0]!;

/** Cuts one route off for one run, and tells all that is not as it should be then, and after the next run. */
async function faultsOf(
  at: TestWorkspace,
  route: Route,
  what: string,
  uses: (kind: Copied) => boolean,
): Promise<string[]> {
  const faults: string[] = [];
  const check = (holds: boolean, fault: () => string): void => void (holds || faults.push(fault()));
  // Mounts are slow, and not much to look at where no call of theirs is cut off.
  const kinds = order.filter((kind) => kind !== "mounts" || uses(kind));
  const { traffic } = at.server;
  const before = await contentsOf(pair.secondary);
  traffic.faults.add({ ...route, ...troubles[what]! });
  pair.primary.server.traffic.log.reset();
  const outcomes = await up(kinds);
  traffic.faults.clear();
  const writes = Object.keys(pair.primary.server.traffic.log.counts()).filter(
    (each) => !/^(GET|HEAD) |\/1\.2\/|clusters\/start/.test(each),
  );
  check(writes.length === 0, () => `the source was written: ${writes.join()}`);
  const [source, copy] = [await contentsOf(pair.primary), await contentsOf(pair.secondary)];
  // A listing that is empty is nothing to wonder at where nothing is known yet; the next run makes it good.
  const isBelieved = what === "{}" && route.method === "GET";
  for (const kind of kinds) {
    const outcome = outcomes.get(kind)!;
    const isWhole = stringifyJson(copy[kind]) === stringifyJson(source[kind]);
    const failed = failedOf([outcome]);
    if (![kind, ...needs[kind]].some(uses))
      check(isWhole && failed.length === 0, () => `${kind} was harmed: ${failed.map(({ why }) => why).join("; ")}`);
    check(
      isWhole || failed.length > 0 || needsOf(outcome).length > 0 || outcome.warnings.length > 0 || isBelieved,
      () => `${kind} is not whole, and no line says so`,
    );
    if (kind === "init-scripts") continue;
    const names = copy[kind].map(nameOf);
    check(new Set(names).size === names.length, () => `${kind} doubled: ${names.join()}`);
    const wanted = new Set(source[kind].map(nameOf));
    const lost = before[kind].map(nameOf).filter((name) => wanted.has(name) && !names.includes(name));
    check(lost.length === 0, () => `${kind} lost: ${lost.join()}`);
  }
  const left = await running(pair.secondary);
  // What cannot be stopped runs, but no more than a handful.
  check(
    left.length === 0 || (route.path.endsWith("clusters/delete") && left.length <= 4),
    () => `left running: ${left.join()}`,
  );
  const next = failedOf((await up(kinds)).values());
  check(next.length === 0, () => `the next up fails: ${next.map(({ why }) => why).join("; ")}`);
  const [all, now] = [await contentsOf(pair.primary), await contentsOf(pair.secondary)];
  for (const kind of kinds)
    check(
      stringifyJson(now[kind]) === stringifyJson(all[kind]),
      () => `the next up does not make it good: ${now[kind].join()} for ${all[kind].join()}`,
    );
  check((await running(pair.secondary)).length === 0, () => "the next up leaves clusters running");
  const restless = [...(await up(kinds.filter((kind) => kind !== "mounts")))].flatMap(([kind, each]) =>
    each.changed ? [kind] : [],
  );
  check(restless.length === 0, () => `not at rest: ${restless.join()}`);
  return faults;
}
