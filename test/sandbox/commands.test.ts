import { afterAll, beforeAll, expect, test } from "vitest";
import { OpenStorageAccounts } from "../../sandbox/databricks/storage/storage-accounts.js";
import { startTestWorkspace, type Answer, type TestWorkspace } from "./start-workspace.js";

let at: TestWorkspace;
let clusterId: string;
const accounts = new OpenStorageAccounts(true);

beforeAll(async () => {
  accounts.register("stdr", {
    keys: ["good-key"],
    sas: ["sv=1&sig=x"],
    servicePrincipals: [{ clientId: "app", clientSecret: "good" }],
    containers: ["data", "lake"],
  });
  at = await startTestWorkspace({ clusterStartMs: 1, clusterStopMs: 1, storageAccounts: accounts, mountMs: 100 });
  clusterId = await startCluster();
  await at.post("/api/2.0/secrets/scopes/create", { scope: "kv" });
  await at.post("/api/2.0/secrets/put", { scope: "kv", key: "account-key", string_value: "good-key" });
});
afterAll(() => at.close());

async function startCluster(): Promise<string> {
  const { cluster_id } = await at.post("/api/2.0/clusters/create", {
    cluster_name: "ops",
    spark_version: "15.4.x-scala2.12",
    node_type_id: "Standard_DS3_v2",
    num_workers: 0,
  });
  at.clock.advance(10);
  return cluster_id as string;
}

const newContext = async (): Promise<string> =>
  (await at.post("/api/1.2/contexts/create", { clusterId, language: "python" })).id as string;

const start = async (contextId: string, command: string): Promise<string> =>
  (await at.post("/api/1.2/commands/execute", { clusterId, contextId, language: "python", command })).id as string;

async function until(contextId: string, commandId: string, wanted: (status: string) => boolean): Promise<Answer> {
  for (;;) {
    const answer = await at.get(
      `/api/1.2/commands/status?clusterId=${clusterId}&contextId=${contextId}&commandId=${commandId}`,
    );
    if (wanted(answer.status as string)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
const isOver = (status: string) => !["Queued", "Running", "Cancelling"].includes(status);

async function run(contextId: string, command: string): Promise<Answer> {
  const answer = await until(contextId, await start(contextId, command), isOver);
  expect(answer.status).toBe("Finished");
  return answer.results;
}

test("Python runs: output, last expression, variables that last, and every context its own", async () => {
  const [one, other] = [await newContext(), await newContext()];
  expect(await run(one, "x = [n * n for n in range(4)]\nprint('made')")).toEqual({ resultType: "text", data: "made" });
  expect(await run(one, "import json\njson.dumps(x)")).toEqual({ resultType: "text", data: "Out[2]: '[0, 1, 4, 9]'" });
  expect(await run(other, "'x' in globals()")).toEqual({ resultType: "text", data: "Out[1]: False" });
});

test("an exception is an error result with a summary and a traceback", async () => {
  const results = await run(await newContext(), "def ratio(a, b):\n    return a / b\n\nratio(1, 0)");
  expect(results.resultType).toBe("error");
  expect(results.summary).toBe('<span class="ansi-red-fg">ZeroDivisionError</span>: division by zero');
  expect(results.cause).toContain("return a / b");
  expect(results.cause).toMatch(/ZeroDivisionError: division by zero$/);
});

test("a context sees nothing of one that was destroyed before", async () => {
  const first = await newContext();
  const leave = [
    "import os, sys, types, tempfile",
    "left = 1",
    "sys.modules['mine'] = types.ModuleType('mine')",
    "os.environ['LEFT'] = 'yes'",
    "sys.path.append('/left')",
    "open('/tmp/left.txt', 'w').write('left')",
    "os.makedirs('/tmp/deep/er')",
  ].join("\n");
  expect((await run(first, leave)).resultType).toBe("text");
  await at.post("/api/1.2/contexts/destroy", { clusterId, contextId: first });
  const look = [
    "import os, sys",
    "print(['left' in globals(), hasattr(sys.modules['__main__'], 'left'), 'mine' in sys.modules, 'LEFT' in os.environ, '/left' in sys.path, os.listdir('/tmp')])",
  ].join("\n");
  const second = await newContext();
  expect((await run(second, look)).data).toBe("[False, False, False, False, False, []]");
  expect((await run(second, "1")).data).toBe("Out[2]: 1");
  expect((await run(second, "dbutils.fs.mounts() is not None")).data).toBe("Out[3]: True");
});

test("commands of one context run in turn, and a cancelled one leaves the variables", async () => {
  const context = await newContext();
  await run(context, "import time\nkept = 7");
  const endless = await start(context, "while True: pass");
  const waiting = await start(context, "kept");
  await until(context, endless, (status) => status === "Running");
  expect(
    (await at.get(`/api/1.2/commands/status?clusterId=${clusterId}&contextId=${context}&commandId=${waiting}`)).status,
  ).toBe("Queued");
  await at.post("/api/1.2/commands/cancel", { clusterId, contextId: context, commandId: endless });
  expect((await until(context, endless, isOver)).status).toBe("Cancelled");
  expect((await until(context, waiting, isOver)).results.data).toBe("Out[3]: 7");
  const asleep = await start(context, "time.sleep(3600)");
  await until(context, asleep, (status) => status === "Running");
  await at.post("/api/1.2/commands/cancel", { clusterId, contextId: context, commandId: asleep });
  expect((await until(context, asleep, isOver)).status).toBe("Cancelled");
});

test("a command can be cancelled while its interpreter starts, and the context goes on", async () => {
  const context = await newContext();
  const first = await start(context, "while True: pass");
  await until(context, first, (status) => status === "Running");
  await at.post("/api/1.2/commands/cancel", { clusterId, contextId: context, commandId: first });
  expect((await until(context, first, isOver)).status).toBe("Cancelled");
  expect((await run(context, "1 + 1")).data).toMatch(/: 2$/);
});

test("a command that takes no notice of its cancelling loses its interpreter", async () => {
  const context = await newContext();
  await run(context, "import signal\nlost = signal.signal(signal.SIGINT, signal.SIG_IGN)");
  const stubborn = await start(context, "while True: pass");
  await until(context, stubborn, (status) => status === "Running");
  await at.post("/api/1.2/commands/cancel", { clusterId, contextId: context, commandId: stubborn });
  expect((await until(context, stubborn, isOver)).status).toBe("Cancelled");
  expect((await run(context, "'lost' in globals()")).data).toBe("Out[1]: False");
});

test("mounts: made, listed, read, refused as the driver refuses, taken away", async () => {
  const context = await newContext();
  const builtIn = JSON.parse((await run(context, "import json\nprint(json.dumps(dbutils.fs.mounts()))")).data);
  expect(builtIn).toContainEqual(["/", "DatabricksRoot", ""]);
  expect(builtIn).toContainEqual(["/databricks-datasets", "databricks-datasets", ""]);

  await run(
    context,
    `
def by_key(key):
    return {"fs.azure.account.key.stdr.blob.core.windows.net": key}
def by_secret(secret):
    return {
        "fs.azure.account.auth.type": "OAuth",
        "fs.azure.account.oauth.provider.type": "org.apache.hadoop.fs.azurebfs.oauth2.ClientCredsTokenProvider",
        "fs.azure.account.oauth2.client.id": "app",
        "fs.azure.account.oauth2.client.secret": secret,
        "fs.azure.account.oauth2.client.endpoint": "https://login.microsoftonline.com/t/oauth2/token",
    }
blob = "wasbs://data@stdr.blob.core.windows.net"
lake = "abfss://lake@stdr.dfs.core.windows.net/raw"
key = dbutils.secrets.get("kv", "account-key")
dbutils.fs.mount(blob, "/mnt/blob", extra_configs=by_key(key))
dbutils.fs.mount(source=lake, mount_point="/mnt/lake/", extra_configs=by_secret("good"))
dbutils.fs.put("dbfs:/mnt/lake/a.txt", "salt", True)
`,
  );
  expect((await run(context, "dbutils.fs.ls('/mnt/lake')")).data).toMatch(
    /^Out\[\d+\]: \[FileInfo\(path='dbfs:\/mnt\/lake\/a.txt', name='a.txt', size=4, modificationTime=\d+\)\]$/,
  );
  expect((await run(context, "[m for m in dbutils.fs.mounts() if m.mountPoint.startswith('/mnt')]")).data).toContain(
    "MountInfo(mountPoint='/mnt/lake', source='abfss://lake@stdr.dfs.core.windows.net/raw', encryptionType='')",
  );
  const failure = async (code: string): Promise<string> => {
    const results = await run(context, code);
    expect(results.resultType).toBe("error");
    return results.summary as string;
  };
  const again = await failure("dbutils.fs.mount(blob, '/mnt/blob', extra_configs=by_key(key))");
  expect(again).toContain("java.rmi.RemoteException: java.lang.IllegalArgumentException: requirement failed:");
  expect(again).toContain("Directory already mounted: /mnt/blob");
  expect(await failure("dbutils.fs.mount(blob, '/mnt/x', extra_configs=by_key('bad'))")).toContain(
    "Server failed to authenticate the request",
  );
  expect(await failure("dbutils.fs.mount(blob, '/mnt/x')")).toContain("no credentials found for them");
  expect(await failure("dbutils.fs.mount(lake, '/mnt/x', extra_configs=by_secret('bad'))")).toContain("AADSTS7000215");
  expect(
    await failure("dbutils.fs.mount(blob.replace('stdr', 'gone'), '/mnt/x', extra_configs=by_key(key))"),
  ).toContain("java.net.UnknownHostException: gone.blob.core.windows.net");
  expect(await failure("dbutils.fs.unmount('/mnt/x')")).toContain("Directory not mounted: /mnt/x");

  await run(context, "dbutils.fs.unmount('/mnt/blob')");
  expect((await run(context, "any(m.mountPoint == '/mnt/blob' for m in dbutils.fs.mounts())")).data).toMatch(/False$/);
});

test("a pool of threads waits in parallel, though tasks run inline", async () => {
  const context = await newContext();
  const mount =
    "dbutils.fs.mount('wasbs://data@stdr.blob.core.windows.net/%d' % n, '/mnt/p%d' % n, extra_configs=keys)";
  const results = await run(
    context,
    `
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
keys = {"fs.azure.account.key.stdr.blob.core.windows.net": "good-key"}
def mount(n):
    if n == 3:
        raise ValueError("three")
    return ${mount}
began = time.time()
failed = []
with ThreadPoolExecutor(max_workers=8) as pool:
    futures = {pool.submit(mount, n): n for n in range(16)}
    for future in as_completed(futures):
        try:
            future.result()
        except ValueError as error:
            failed.append((futures[future], str(error)))
print(failed, time.time() - began < 1)
`,
  );
  expect(results.data).toBe("[(3, 'three')] True");
});

test("a secret that was read is never shown", async () => {
  const context = await newContext();
  expect(
    (await run(context, "k = dbutils.secrets.get(scope='kv', key='account-key')\nprint('<' + k + '>')")).data,
  ).toBe("<[REDACTED]>");
  expect((await run(context, "raise ValueError(k)")).cause).not.toContain("good-key");
  expect((await run(context, "len(k)")).data).toMatch(/: 8$/);
  expect((await run(context, "dbutils.secrets.get('kv', 'none')")).summary).toContain(
    "Secret does not exist with scope: kv and key: none",
  );
  expect((await run(context, "print([s.name for s in dbutils.secrets.listScopes()])")).data).toBe("['kv']");
});

test("files pass between the driver and DBFS", async () => {
  const context = await newContext();
  const code = `
open("/tmp/local", "wb").write(bytes(range(256)))
dbutils.fs.cp("file:/tmp/local", "dbfs:/copied/bytes")
dbutils.fs.cp("dbfs:/copied", "dbfs:/twice", recurse=True)
dbutils.fs.mv("/twice/bytes", "/moved")
dbutils.fs.rm("/copied", True)
print(dbutils.fs.ls("/moved")[0].size, [f.name for f in dbutils.fs.ls("/")], dbutils.fs.rm("/nothing"))
`;
  expect((await run(context, code)).data).toMatch(/^256 \[.*'moved'.*\] False$/);
  expect((await at.get("/api/2.0/dbfs/read?path=/moved")).bytes_read).toBe(256);
  const posix = `
import os, shutil
os.makedirs("/dbfs/posix/deep")
with open("/dbfs/posix/deep/a b.txt", "w") as file:
    file.write("line 1\\n")
with open("/dbfs/posix/deep/a b.txt", "a") as file:
    file.write("line 2\\n")
shutil.copy("/dbfs/moved", "/dbfs/posix/bytes")
os.rename("/dbfs/posix/deep/a b.txt", "/dbfs/posix/renamed")
os.rmdir("/dbfs/posix/deep")
print(sorted(os.listdir("/dbfs/posix")), os.path.getsize("/dbfs/posix/bytes"), os.path.exists("/dbfs/none"))
print(open("/dbfs/posix/renamed").read().split("\\n"))
os.remove("/dbfs/posix/bytes")
`;
  expect((await run(context, posix)).data).toBe("['bytes', 'renamed'] 256 False\n['line 1', 'line 2', '']");
  expect((await at.get("/api/2.0/dbfs/list?path=/posix")).files).toMatchObject([{ path: "/posix/renamed" }]);
});

test("notebook.exit, spark.conf, and what the sandbox lacks", async () => {
  const context = await newContext();
  expect((await run(context, "dbutils.notebook.exit('done')\nprint('never')")).data).toBe("done");
  expect((await run(context, "spark.conf.get('spark.databricks.clusterUsageTags.clusterName')")).data).toContain("ops");
  const library = "from pyspark.dbutils import DBUtils\nfrom pyspark.sql import SparkSession\n";
  expect(
    (await run(context, `${library}len(DBUtils(SparkSession.builder.getOrCreate()).fs.mounts()) > 5`)).data,
  ).toMatch(/True$/);
  expect((await run(context, "   \n    if True:\n        print('indented')")).data).toBe("indented");
  expect((await run(context, "%sh ls")).summary).toContain("the sandbox does not emulate %sh");
  expect((await run(context, "spark.sql('select 1')")).summary).toContain("the sandbox does not emulate spark.sql");
  const notebook = await run(context, "dbutils.notebook.run('/n', 60)");
  expect(notebook.summary).toContain("the sandbox does not emulate dbutils.notebook.run");
});

test("a cluster that does not run has no contexts, and 145 is the most", async () => {
  const broken = await at.call("POST", "/api/1.2/contexts/create", { clusterId: "0000", language: "python" });
  expect([broken.status, broken.body.error]).toEqual([500, "ClusterNotFoundException: Cluster not found: 0000"]);

  const old = clusterId;
  clusterId = await startCluster();
  const contexts = [];
  for (let n = 0; n < 145; n++) contexts.push(await newContext());
  const over = await at.call("POST", "/api/1.2/contexts/create", { clusterId, language: "python" });
  expect([over.status, over.body.error]).toEqual([429, expect.stringContaining("Too many execution contexts")]);

  await at.post("/api/1.2/contexts/destroy", { clusterId, contextId: contexts[0] });
  const kept = await newContext();
  expect((await at.get(`/api/1.2/contexts/status?clusterId=${clusterId}&contextId=${kept}`)).status).toBe("Running");
  await at.post("/api/2.0/clusters/delete", { cluster_id: clusterId });
  at.clock.advance(10);
  const stopped = await at.call("POST", "/api/1.2/contexts/create", { clusterId, language: "python" });
  expect([stopped.status, stopped.body.error]).toEqual([500, expect.stringContaining("TERMINATED")]);
  await at.post("/api/2.0/clusters/start", { cluster_id: clusterId });
  at.clock.advance(10);
  const gone = await at.call("GET", `/api/1.2/contexts/status?clusterId=${clusterId}&contextId=${kept}`);
  expect([gone.status, gone.body.error]).toEqual([400, expect.stringContaining("ContextNotFound")]);
  clusterId = old;
});

test("a restored workspace has its mounts and secrets again, and no contexts", async () => {
  const context = await newContext();
  const mount = (at: string) =>
    run(
      context,
      `dbutils.fs.mount("wasbs://data@stdr.blob.core.windows.net", "${at}", ` +
        `extra_configs={"fs.azure.account.key.stdr.blob.core.windows.net": "good-key"})`,
    );
  await mount("/mnt/before");
  const snapshot = at.workspace.snapshot();
  await mount("/mnt/after");
  at.workspace.restore(snapshot);
  const gone = await at.call("GET", `/api/1.2/contexts/status?clusterId=${clusterId}&contextId=${context}`);
  expect([gone.status, gone.body.error]).toEqual([400, expect.stringContaining("ContextNotFound")]);
  const points = (await run(await newContext(), "print([m.mountPoint for m in dbutils.fs.mounts()])")).data as string;
  expect([points.includes("/mnt/before"), points.includes("/mnt/after")]).toEqual([true, false]);
});

test("a command under way keeps its cluster up past its idle time, and no longer", async () => {
  const { cluster_id } = await at.post("/api/2.0/clusters/create", {
    cluster_name: "busy",
    spark_version: "15.4.x-scala2.12",
    node_type_id: "Standard_DS3_v2",
    num_workers: 0,
    autotermination_minutes: 10,
  });
  at.clock.advance(10);
  const state = async (): Promise<Answer> => (await at.get(`/api/2.0/clusters/get?cluster_id=${cluster_id}`)).state;
  const context = await at.post("/api/1.2/contexts/create", { clusterId: cluster_id, language: "python" });
  const here = { clusterId: cluster_id, contextId: context.id };
  const { id } = await at.post("/api/1.2/commands/execute", {
    ...here,
    command: "while True: pass",
    language: "python",
  });
  at.clock.advance(30 * 60_000);
  expect(await state()).toBe("RUNNING");
  await at.post("/api/1.2/commands/cancel", { ...here, commandId: id });
  const status = (): Promise<Answer> =>
    at.get(`/api/1.2/commands/status?clusterId=${cluster_id}&contextId=${context.id}&commandId=${id}`);
  while (!isOver((await status()).status as string)) await new Promise((resolve) => setTimeout(resolve, 10));
  at.clock.advance(30 * 60_000);
  expect(await state()).toBe("TERMINATED");
});

test("of Scala, the exporter's listing of mounts is answered; anything else, and SQL, is refused by name", async () => {
  const sql = await at.call("POST", "/api/1.2/contexts/create", { clusterId, language: "sql" });
  expect([sql.status, sql.body.message]).toEqual([501, expect.stringContaining("contexts in sql")]);
  const { id: contextId } = await at.post("/api/1.2/contexts/create", { clusterId, language: "scala" });
  const scala = async (command: string): Promise<Answer> => {
    const { id } = await at.post("/api/1.2/commands/execute", { clusterId, contextId, language: "scala", command });
    return (await until(contextId, id as string, isOver)).results;
  };
  const listing = `val readableMounts = dbutils.fs.mounts
  .filter(_.mountPoint.startsWith("/mnt"))
  .par.map { mount => (mount.mountPoint, mount.source) } toMap
println(mapper.writeValueAsString(readableMounts))`;
  const shown = await scala(listing);
  expect(shown.resultType).toBe("text");
  const expected = [...at.workspace.table<{ mountPoint: string; source: string }>("mounts").values()]
    .filter(({ mountPoint }) => mountPoint.startsWith("/mnt/"))
    .map(({ mountPoint, source }) => [mountPoint.slice("/mnt/".length), source]);
  expect(expected.length).toBeGreaterThan(0);
  expect(JSON.parse(shown.data as string)).toEqual(Object.fromEntries(expected));
  expect(await scala("println(1)")).toMatchObject({ resultType: "error", cause: "NOT_IMPLEMENTED: Scala" });
});
