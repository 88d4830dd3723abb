import { afterEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../replication/values/json.js";
import { type Pair, startPair } from "../replication/pair.js";
import { changeJob, createCluster, createJob, machine, nightly, notebook, putScript } from "./objects.js";
import { clustersOf, findFaults, jobsOf, settingsOf } from "./standby-reading.js";

let pair: Pair;

afterEach(() => pair.close());

const names = [
  `"quoted" and 'quoted'`,
  "two\nlines\tand a tab",
  "🚀 ünïcödé نص 名前",
  "a/path/../like/*[name]{x}",
  "__proto__",
  "constructor",
  "${secrets.x} {{job.id}} <b>&amp;</b> %2F%00",
  "n".repeat(4096),
];

const kinds = ["init-scripts", "clusters", "jobs"] as const;

/** Copies all kinds, holds the result to the rules, and that a second run does nothing. */
const copyAll = async (): Promise<ReadonlyMap<string, string>> => {
  const lines = [];
  for (const kind of kinds) lines.push(...(await pair.up(kind)).lines.values());
  expect(await findFaults(pair, lines)).toEqual([]);
  for (const kind of kinds) expect((await pair.up(kind)).changed, kind).toBe(false);
  return new Map(lines.map(({ kind, name, outcome }) => [`${kind} ${name}`, outcome]));
};

describe("weird objects", () => {
  it("of any name are copied, and selected by a star", async () => {
    pair = await startPair();
    for (const name of names) {
      await createCluster(pair.primary, { cluster_name: name });
      await createJob(pair.primary, { name });
    }
    const shown = await pair.preview("clusters");
    const outcomes = await copyAll();
    for (const name of names) {
      expect(outcomes.get(`clusters ${name}`), name.slice(0, 40)).toBe("created");
      expect(outcomes.get(`jobs ${name}`), name.slice(0, 40)).toBe("created");
    }
    const starred = await pair.preview("clusters", { select: { clusters: { include: ["*"] } } });
    expect(starred.plan).toBe("nothing to do");
    const labels = Object.keys(shown.changes);
    expect(labels.filter((label) => /^__|\p{Cc}/u.test(label))).toEqual([]);
    expect(labels.some((label) => label.startsWith('"__proto__" ['))).toBe(true);
  });

  it("that have a secret in their name show it nowhere", async () => {
    pair = await startPair();
    const secret = "planted-Xq81z";
    const name = `nightly --password=${secret}`;
    const init_scripts = [{ abfss: { destination: `abfss://c@acme.dfs.core.windows.net/x.sh?sig=${secret}` } }];
    await createCluster(pair.primary, { cluster_name: name, init_scripts });
    await createJob(pair.primary, { name, ...nightly });
    for (const kind of kinds) {
      const { state, picture } = await pair.up(kind);
      for (const shown of [state.ledger, state.idMap, picture]) expect(JSON.stringify(shown)).not.toContain(secret);
      expect((await pair.up(kind)).changed).toBe(false);
    }
    expect((await jobsOf(pair.secondary)).map((job) => settingsOf(job).name)).toEqual([name]);

    await changeJob(pair.secondary, name, { timeout_seconds: 77 });
    const { drift } = await pair.refresh("jobs");
    expect(drift).toHaveLength(1);
    const { ledger } = await pair.activate("jobs");
    expect(ledger.lines).toMatchObject([{ outcome: "updated" }]);
    for (const shown of [drift, ledger]) expect(JSON.stringify(shown)).not.toContain(secret);
  });

  it("in size and shape are copied as they are", async () => {
    pair = await startPair();
    const single = {
      num_workers: 0,
      spark_conf: { "spark.master": "local[*, 4]" },
      custom_tags: { ResourceClass: "SingleNode" },
    };
    const specs: Record<string, JsonObject> = {
      "no workers": { num_workers: 0 },
      "single node": single,
      "new single node": { kind: "CLASSIC_PREVIEW", is_single_node: true },
      docker: { docker_image: { url: "example.com/x", basic_auth: { username: "u", password: "planted" } } },
      gpu: { node_type_id: "Standard_NC4as_T4_v3", spark_version: "15.4.x-gpu-ml-scala2.12" },
    };
    for (const [cluster_name, spec] of Object.entries(specs)) {
      const { num_workers: _, ...rest } = machine;
      const workers = "is_single_node" in spec ? {} : { num_workers: 1 };
      await pair.primary.post("/api/2.1/clusters/create", { ...rest, ...workers, cluster_name, ...spec });
    }
    await pair.primary.post("/api/2.2/jobs/create", { name: "empty" });
    await copyAll();
    const fields = ["num_workers", "is_single_node", "kind", "spark_conf", "docker_image", "node_type_id"];
    const copies = new Map((await clustersOf(pair.secondary)).map((each) => [each.cluster_name, each]));
    for (const original of await clustersOf(pair.primary))
      for (const field of fields)
        expect(copies.get(original.cluster_name)?.[field], `${String(original.cluster_name)} ${field}`).toEqual(
          original[field],
        );
    const [empty] = (await jobsOf(pair.secondary)).map(settingsOf);
    expect(empty).toMatchObject({ name: "empty" });
    expect(empty).not.toHaveProperty("tasks");
  });

  it("of as many tags as there may be leave no room for ours, and say so without stopping the others", async () => {
    pair = await startPair();
    const tags = Object.fromEntries(Array.from({ length: 25 }, (_, index) => [`tag-${index}`, "x"]));
    await createJob(pair.primary, { name: "tagged", tags });
    await createJob(pair.primary, { name: "runs it", tasks: [{ task_key: "a", ...notebook }] });
    const { lines } = await pair.up("jobs");
    expect(lines.get("tagged")).toMatchObject({
      outcome: "needs-a-person",
      why: expect.stringContaining("25 tags") as string,
    });
    expect(lines.get("runs it")?.outcome).toBe("created");

    const custom_tags = Object.fromEntries(Array.from({ length: 45 }, (_, index) => [`tag-${index}`, "x"]));
    await createCluster(pair.primary, { cluster_name: "tagged", custom_tags });
    expect((await pair.up("clusters")).lines.get("tagged")).toMatchObject({
      outcome: "needs-a-person",
      why: expect.stringContaining("45 tags") as string,
    });
  });

  it("as init scripts: long paths, one met twice, and what is no file or cannot be read", async () => {
    pair = await startPair();
    const long = `/databricks/init/${`${"d".repeat(120)}/`.repeat(4)}${"s".repeat(120)}.sh`;
    await putScript(pair.primary, long, "long");
    await putScript(pair.primary, "/databricks/init/both.sh", "both");
    const post = (path: string, body: JsonObject) => pair.primary.post(`/api/2.0/workspace/${path}`, body);
    await post("mkdirs", { path: "/Shared/folder" });
    const content = Buffer.from("print(1)").toString("base64");
    await post("import", { path: "/Shared/notebook", format: "SOURCE", language: "PYTHON", content });
    await pair.primary.post("/api/2.0/dbfs/mkdirs", { path: "/folder" });
    const destinations = [
      { dbfs: { destination: "dbfs:/databricks/init/both.sh" } },
      { dbfs: { destination: "dbfs:/folder" } },
      { workspace: { destination: "/Shared/folder" } },
      { workspace: { destination: "/Shared/notebook" } },
    ];
    await createCluster(pair.primary, { cluster_name: "c", init_scripts: destinations });
    const { lines } = await pair.up("init-scripts");
    const outcomes = Object.fromEntries([...lines].map(([name, { outcome }]) => [name, outcome]));
    expect(outcomes).toEqual({
      [`dbfs:${long}`]: "created",
      "dbfs:/databricks/init/both.sh": "created",
      "dbfs:/folder": "needs-a-person",
      "workspace:/Shared/folder": "needs-a-person",
      "workspace:/Shared/notebook": "needs-a-person",
    });
    expect((await pair.up("init-scripts")).changed).toBe(false);
  });

  it("in a workspace of the Standard tier are copied like any other", async () => {
    pair = await startPair({ tier: "standard" });
    await createCluster(pair.primary, { cluster_name: "plain" });
    await createJob(pair.primary, { name: "plain" });
    await putScript(pair.primary, "/databricks/init/a.sh", "one");
    const outcomes = await copyAll();
    expect([outcomes.get("clusters plain"), outcomes.get("jobs plain")]).toEqual(["created", "created"]);
  });
});
