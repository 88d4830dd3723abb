import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ReplicationSettings } from "../../replication/index.js";
import { type Pair, startPair, type TestWorkspace } from "../replication/pair.js";
import { createCluster, createJob, machine, putScript } from "./objects.js";

let pair: Pair;

beforeEach(async () => {
  pair = await startPair();
});
afterEach(() => pair.close());

const textOf = (text: string): string => Buffer.from(text).toString("base64");

async function putWorkspaceFile({ post }: TestWorkspace, path: string, text: string): Promise<void> {
  const folder = path.slice(0, path.lastIndexOf("/"));
  await post("/api/2.0/workspace/mkdirs", { path: folder });
  await post("/api/2.0/workspace/import", { path, format: "AUTO", overwrite: true, content: textOf(text) });
}

/** As every new workspace is whose legacy features are disabled. */
function turnDbfsOff({ server }: TestWorkspace): void {
  const message = "Public DBFS root is disabled. Access is denied on path: /x";
  const rule = { path: "/api/2.0/dbfs/**", phase: "before", status: 403, errorCode: "PERMISSION_DENIED" } as const;
  server.traffic.faults.add({ ...rule, message });
}

function refuse({ server }: TestWorkspace, path: string): void {
  server.traffic.faults.add({ path, phase: "before", status: 403, errorCode: "PERMISSION_DENIED", message: "no" });
}

const scriptsAt = (...destinations: string[]) => ({
  init_scripts: destinations.map((destination) =>
    destination.startsWith("dbfs:") ? { dbfs: { destination } } : { workspace: { destination } },
  ),
});

const removing: ReplicationSettings = { deletions: "propagate", allowMassDeletion: true };

describe("with DBFS off", () => {
  it("on the source, the other scripts go on, and those on DBFS are named and kept", async () => {
    await putScript(pair.primary, "/databricks/init/a.sh", "a");
    await putScript(pair.primary, "/FileStore/b.sh", "b");
    await putWorkspaceFile(pair.primary, "/Shared/init/w.sh", "w");
    await createCluster(pair.primary, { cluster_name: "c", ...scriptsAt("dbfs:/FileStore/b.sh", "/Shared/init/w.sh") });
    expect((await pair.up("init-scripts", removing)).state.ledger.counts).toEqual({ created: 3 });

    turnDbfsOff(pair.primary);
    await putWorkspaceFile(pair.primary, "/Shared/init/new.sh", "new");
    await createCluster(pair.primary, { cluster_name: "d", ...scriptsAt("/Shared/init/new.sh") });
    const { lines, state } = await pair.up("init-scripts", removing);
    expect(lines.get("workspace:/Shared/init/new.sh")?.outcome).toBe("created");
    expect(lines.get("workspace:/Shared/init/w.sh")?.outcome).toBe("unchanged");
    const why = /on the source DBFS is turned off.*move the script to workspace files or a volume/;
    expect(lines.get("dbfs:/databricks/init/a.sh")).toMatchObject({ outcome: "needs-a-person", why });
    expect(lines.get("dbfs:/FileStore/b.sh")).toMatchObject({ outcome: "needs-a-person", why: /cluster "c" refers/ });
    expect(state.ledger.counts).not.toHaveProperty("removed");
    expect(await pair.secondary.get("/api/2.0/dbfs/get-status?path=/databricks/init/a.sh")).toMatchObject({
      file_size: 1,
    });
    expect((await pair.up("init-scripts", removing)).changed).toBe(false);
    expect(pair.primary.server.traffic.log.counts()["GET /api/2.0/dbfs/get-status"] ?? 0).toBeLessThan(3);
  });

  it("on the standby, the preview says so of each script on DBFS, and nothing is tried", async () => {
    turnDbfsOff(pair.secondary);
    await putScript(pair.primary, "/databricks/init/a.sh", "a");
    await putWorkspaceFile(pair.primary, "/Shared/init/w.sh", "w");
    await createCluster(pair.primary, { cluster_name: "c", ...scriptsAt("/Shared/init/w.sh") });
    const { needsPerson, plan } = await pair.preview("init-scripts");
    expect(plan).toBe("create 1");
    expect(needsPerson["dbfs:/databricks/init/a.sh"]).toMatch(/on the standby DBFS is turned off.*move the script/);
    const { state } = await pair.up("init-scripts");
    expect(state.ledger.counts).toEqual({ created: 1, "needs-a-person": 1 });
    expect((await pair.up("init-scripts")).changed).toBe(false);
  });
});

describe("scripts", () => {
  it.each(["/api/2.2/jobs/list", "/api/2.1/clusters/list", "/api/2.0/instance-pools/list"])(
    "go on where %s fails on the source, and none is taken for deleted",
    async (path) => {
      const script = (name: string) => scriptsAt(`dbfs:/FileStore/${name}.sh`);
      for (const name of ["job", "cluster", "pool"]) await putScript(pair.primary, `/FileStore/${name}.sh`, name);
      await createJob(pair.primary, {
        name: "j",
        job_clusters: [{ job_cluster_key: "k", new_cluster: { ...machine, ...script("job") } }],
        tasks: [{ task_key: "t", job_cluster_key: "k", notebook_task: { notebook_path: "/x" } }],
      });
      await createCluster(pair.primary, { cluster_name: "c", ...script("cluster") });
      expect((await pair.up("init-scripts", removing)).state.ledger.counts).toEqual({ created: 2 });

      refuse(pair.primary, path);
      await putScript(pair.primary, "/FileStore/cluster.sh", "edited");
      await putScript(pair.primary, "/FileStore/job.sh", "edited");
      const { lines, state } = await pair.up("init-scripts", removing);
      expect(state.ledger.counts).toEqual({ updated: 2 });
      const unseen = path.includes("jobs") ? "job" : "cluster";
      if (!path.includes("pools"))
        expect(lines.get(`dbfs:/FileStore/${unseen}.sh`)?.why).toMatch(
          /not all that refers to scripts can be seen now/,
        );
    },
  );

  it("are never our own notes, however they are spelt", async () => {
    const spellings = [
      "/Workspace/Shared/.databricks-dr/jobs.json",
      "//Workspace//Shared/x/../.databricks-dr/./jobs.json/",
      "/.databricks-dr/jobs.json",
      "dbfs:/Workspace/.databricks-dr/jobs.json",
    ];
    await createCluster(pair.primary, { cluster_name: "c", ...scriptsAt(...spellings) });
    await putWorkspaceFile(pair.primary, "/Shared/.databricks-dr/jobs.json", "not ours");
    await putWorkspaceFile(pair.secondary, "/Shared/.databricks-dr/jobs.json", '{"kind":"jobs","records":{}}');
    const { state } = await pair.up("init-scripts");
    expect(state.ledger.counts).toEqual({ skipped: 3 });
    expect(state.ledger.lines.every(({ why }) => why?.includes("the replication's own notes"))).toBe(true);
    const notes = await pair.secondary.get("/api/2.0/workspace/export?path=/Shared/.databricks-dr/jobs.json");
    expect(Buffer.from(String(notes.content), "base64").toString()).toBe('{"kind":"jobs","records":{}}');
  });

  it("lead nowhere but to files, whatever dots their paths have", async () => {
    await putWorkspaceFile(pair.primary, "/Shared/w.sh", "w");
    await createCluster(pair.primary, { cluster_name: "c", ...scriptsAt("/Shared/a/../../../../../Shared/w.sh") });
    expect((await pair.up("init-scripts")).lines.get("workspace:/Shared/w.sh")?.outcome).toBe("created");
  });

  it("in the home folder of a user who is not on the standby are named before anything is done", async () => {
    await pair.primary.post("/api/2.0/preview/scim/v2/Users", { userName: "gone@example.com" });
    await putWorkspaceFile(pair.primary, "/Users/gone@example.com/w.sh", "w");
    await createCluster(pair.primary, { cluster_name: "c", ...scriptsAt("/Users/gone@example.com/w.sh") });
    const { needsPerson } = await pair.preview("init-scripts");
    expect(Object.values(needsPerson)).toEqual([expect.stringMatching(/no user gone@example.com.*add the user there/)]);
    await pair.secondary.post("/api/2.0/preview/scim/v2/Users", { userName: "gone@example.com" });
    expect((await pair.up("init-scripts")).state.ledger.counts).toEqual({ created: 1 });
  });
});

describe("an object that is deleted between list and get", () => {
  const gone = {
    phase: "before",
    status: 400,
    errorCode: "INVALID_PARAMETER_VALUE",
    message: "does not exist",
  } as const;

  it("is a job that is not there, and no failure", async () => {
    await createJob(pair.primary, { name: "stays" });
    await createJob(pair.primary, { name: "goes" });
    pair.primary.server.traffic.faults.add({ ...gone, path: "/api/2.2/jobs/get", times: 1 });
    expect((await pair.up("jobs")).state.ledger.counts).toEqual({ created: 1 });
  });

  it("is a cluster that is not there, and no failure", async () => {
    await createCluster(pair.primary, { cluster_name: "stays" });
    await createCluster(pair.primary, { cluster_name: "goes", a_later_field: "x" });
    pair.primary.server.traffic.faults.add({ ...gone, status: 404, path: "/api/2.1/clusters/get", times: 1 });
    expect((await pair.up("clusters")).state.ledger.counts).toMatchObject({ created: 1 });
  });
});
