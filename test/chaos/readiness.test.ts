import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../replication/values/json.js";
import { attention } from "../../replication/index.js";
import { type Pair, startPair, type TestWorkspace } from "../replication/pair.js";
import { createCluster, createJob, putNotebook, putScript } from "./objects.js";

let pair: Pair;

beforeEach(async () => {
  pair = await startPair();
});
afterEach(() => pair.close());

async function putSecret({ post }: TestWorkspace, scope: string, key: string, value = "planted-Zq8"): Promise<void> {
  await post("/api/2.0/secrets/scopes/create", { scope }).catch(() => undefined);
  await post("/api/2.0/secrets/put", { scope, key, string_value: value });
}

async function addUser({ post }: TestWorkspace, userName: string): Promise<void> {
  await post("/api/2.0/preview/scim/v2/Users", { userName });
}

const notebook = (notebook_path: string): JsonObject => ({ task_key: "a", notebook_task: { notebook_path } });

function refuse({ server }: TestWorkspace, path: string, message = "no"): number {
  const rule = { path, phase: "before", status: 403, errorCode: "PERMISSION_DENIED", message } as const;
  return server.traffic.faults.add(rule);
}

/** Notebooks that are copied in the same run are there, or will be. */
const apart = { select: { notebooks: { exclude: ["**"] } } };

describe("a copy that stands and cannot start", () => {
  it("says in one line what it lacks, in preview and ledger, and no more once that is there", async () => {
    for (const path of ["/Shared/here", "/Shared/there"]) await putNotebook(pair.primary, path);
    await putNotebook(pair.secondary, "/Shared/there");
    await createJob(pair.primary, { name: "ready", tasks: [notebook("/Shared/there")] });
    const job_id = await createJob(pair.primary, { name: "not", tasks: [notebook("/Workspace/Shared/here")] });
    const line = "cannot start: the standby has no notebook /Workspace/Shared/here";
    const { lines, picture, state } = await pair.up("jobs", apart);
    expect(lines.get("not")).toMatchObject({ outcome: "created", why: line });
    expect(lines.get("ready")).not.toHaveProperty("why");
    expect(picture.needsPerson).toEqual({ [`not [${job_id}]`]: line });
    expect(attention(state.ledger.lines).map(({ name }) => name)).toEqual(["not"]);

    const again = await pair.up("jobs", apart);
    expect(again.changed).toBe(false);
    expect(again.picture.needsPerson).toEqual(picture.needsPerson);

    await putNotebook(pair.secondary, "/Shared/here");
    const mended = await pair.up("jobs", apart);
    expect(mended.changed).toBe(true);
    expect(mended.picture.needsPerson).toEqual({});
    expect(mended.lines.get("not")).not.toHaveProperty("why");
  });

  it("tells apart what is broken on the source already", async () => {
    await putSecret(pair.primary, "etl", "here");
    await putScript(pair.primary, "/FileStore/jars/here.jar", "jar");
    await addUser(pair.primary, "alice@example.com");
    const id = await createCluster(pair.primary, {
      cluster_name: "c",
      data_security_mode: "SINGLE_USER",
      single_user_name: "alice@example.com",
      spark_env_vars: { A: "{{secrets/etl/here}}", B: "{{secrets/etl/gone}}" },
    });
    const libraries = [{ jar: "dbfs:/FileStore/jars/here.jar" }, { jar: "dbfs:/FileStore/jars/gone.jar" }];
    await pair.primary.post("/api/2.0/libraries/install", { cluster_id: id, libraries });
    const { lines } = await pair.up("clusters");
    expect(lines.get("c")).toMatchObject({
      outcome: "created",
      why: "cannot start: the standby has no library dbfs:/FileStore/jars/here.jar, no secret etl/here, no user alice@example.com; missing on the source as well: library dbfs:/FileStore/jars/gone.jar, secret etl/gone",
    });
    await addUser(pair.secondary, "alice@example.com");
    await putSecret(pair.secondary, "etl", "here");
    await putScript(pair.secondary, "/FileStore/jars/here.jar", "jar");
    expect((await pair.up("clusters")).lines.get("c")?.why).toMatch(/^cannot start: missing on the source as well: /);
  });

  it("counts a script that is copied, or will be, and no other", async () => {
    for (const name of ["copied", "left"]) await putScript(pair.primary, `/databricks/init/${name}.sh`, name);
    await createCluster(pair.primary, {
      cluster_name: "c",
      init_scripts: ["copied", "left"].map((name) => ({ dbfs: { destination: `dbfs:/databricks/init/${name}.sh` } })),
    });
    const settings = { select: { "init-scripts": { exclude: ["**/left.sh"] } } };
    const line = "cannot start: the standby has no init script dbfs:/databricks/init/left.sh";
    expect(Object.values((await pair.preview("clusters", settings)).needsPerson)).toEqual([line]);
    await pair.up("init-scripts", settings);
    expect((await pair.up("clusters", settings)).lines.get("c")?.why).toBe(line);
    await putScript(pair.secondary, "/databricks/init/left.sh", "by hand");
    expect((await pair.up("clusters", settings)).lines.get("c")).not.toHaveProperty("why");
  });

  it("of which something cannot be looked up says that, and nothing stops", async () => {
    await putNotebook(pair.primary, "/Shared/here");
    await createJob(pair.primary, { name: "j", tasks: [notebook("/Shared/here")] });
    const rule = refuse(pair.secondary, "/api/2.0/workspace/get-status");
    const why = "may not start: could not be checked: notebook /Shared/here (PERMISSION_DENIED)";
    expect((await pair.up("jobs", apart)).lines.get("j")).toMatchObject({ outcome: "created", why });
    expect((await pair.up("jobs", apart)).changed).toBe(false);
    pair.secondary.server.traffic.faults.remove(rule);
    refuse(pair.primary, "/api/2.0/workspace/get-status");
    expect((await pair.up("jobs", apart)).lines.get("j")?.why).toBe(
      "cannot start: the standby has no notebook /Shared/here",
    );
  });

  it("because DBFS is off there says so, and asks once", async () => {
    const libraries = ["a", "b"].map((name) => ({ jar: `dbfs:/${name}/x.jar` }));
    await createJob(pair.primary, { name: "j", tasks: [{ ...notebook("/Shared/x"), libraries }] });
    await putNotebook(pair.secondary, "/Shared/x");
    refuse(pair.secondary, "/api/2.0/dbfs/**", "Public DBFS root is disabled. Access is denied on path: /a");
    expect((await pair.up("jobs")).lines.get("j")?.why).toBe(
      "cannot start: on the standby DBFS is turned off (Public DBFS root is disabled): library dbfs:/a/x.jar, library dbfs:/b/x.jar",
    );
  });

  it("because its policy there does not allow it any more says which fields", async () => {
    const policy = (most: number, spark: string) => ({
      name: "small",
      definition: JSON.stringify({
        num_workers: { type: "range", maxValue: most },
        "spark_conf.spark.speculation": { type: "fixed", value: spark },
        node_type_id: { type: "allowlist", values: ["Standard_DS3_v2"] },
        "init_scripts.*.dbfs.destination": { type: "forbidden" },
      }),
    });
    const { policy_id } = await pair.primary.post("/api/2.0/policies/clusters/create", policy(9, "true"));
    const there = await pair.secondary.post("/api/2.0/policies/clusters/create", policy(9, "true"));
    const spec = { cluster_name: "c", num_workers: 4, spark_conf: { "spark.speculation": "true" } };
    await createCluster(pair.primary, { ...spec, policy_id: policy_id! });
    expect((await pair.up("clusters")).lines.get("c")).not.toHaveProperty("why");
    const edited = { ...policy(2, "false"), policy_id: there.policy_id! };
    await pair.secondary.post("/api/2.0/policies/clusters/edit", edited);
    expect((await pair.up("clusters")).lines.get("c")).toMatchObject({
      outcome: "unchanged",
      why: 'cannot start: policy "small" there does not allow its num_workers, spark_conf.spark.speculation',
    });
    refuse(pair.secondary, "/api/2.0/policies/clusters/get");
    expect((await pair.up("clusters")).lines.get("c")).not.toHaveProperty("why");
  });

  it("or be given back its triggers, for want of what they refer to, says so", async () => {
    await putNotebook(pair.secondary, "/Shared/x");
    const waits = { job_completion: { jobs: [{ workspace_id: "1000000000000001", job_id: "4711" }] } };
    const trigger = { ...waits, pause_status: "UNPAUSED" };
    await createJob(pair.primary, { name: "j", tasks: [notebook("/Shared/x")], trigger });
    expect((await pair.up("jobs")).lines.get("j")).toMatchObject({
      outcome: "created",
      held: ["trigger"],
      why: "what is held cannot be put back: Mapping not available for old job id 4711: is gone from the source; mend the reference there, or map it (idMappings.jobs.4711)",
    });
    expect((await pair.up("jobs")).changed).toBe(false);
  });

  it("costs one call for a folder, a scope or a batch of users, however many copies there are", async () => {
    for (let index = 0; index < 30; index++) {
      await addUser(pair.secondary, `user${index}@example.com`);
      await createCluster(pair.primary, {
        cluster_name: `c${index}`,
        data_security_mode: "SINGLE_USER",
        single_user_name: `user${index}@example.com`,
        spark_env_vars: { A: `{{secrets/etl/${index}}}` },
      });
      await createJob(pair.primary, { name: `j${index}`, tasks: [notebook(`/Shared/${index % 10}`)] });
    }
    await putNotebook(pair.secondary, "/Shared/3");
    pair.secondary.server.traffic.log.reset();
    const { lines } = await pair.up("jobs", apart);
    expect([...lines.values()].filter(({ why }) => why === undefined)).toHaveLength(3);
    const { log } = pair.secondary.server.traffic;
    const asked = log
      .entries()
      .filter(({ path, query }) => path.endsWith("/get-status") && !query.includes("databricks-dr"));
    expect(asked).toEqual([]);
    expect(log.counts()["GET /api/2.0/workspace/list"]).toBe(1);
    log.reset();
    await pair.up("clusters");
    expect(log.counts()["GET /api/2.0/secrets/list"]).toBe(1);
    expect(log.counts()["GET /api/2.0/preview/scim/v2/Users"]).toBe(2);
  });
});
