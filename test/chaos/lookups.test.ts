import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../replication/values/json.js";
import { type Pair, startPair } from "../replication/pair.js";
import { createCluster, createJob, notebook } from "./objects.js";

let pair: Pair;

beforeEach(async () => {
  pair = await startPair();
});
afterEach(() => pair.close());

const refuse = (at: "primary" | "secondary", path: string): void => {
  pair[at].server.traffic.faults.add({ phase: "before", path, status: 403, message: "not now" });
};

describe("a look-up that fails", () => {
  it("of pools stops what refers to one and nothing else, and is told with its side", async () => {
    const pool = { instance_pool_name: "warm", node_type_id: "Standard_DS3_v2" };
    const { instance_pool_id } = await pair.primary.post("/api/2.0/instance-pools/create", pool);
    await pair.secondary.post("/api/2.0/instance-pools/create", pool);
    const new_cluster: JsonObject = {
      spark_version: "15.4.x-scala2.12",
      num_workers: 1,
      instance_pool_id: instance_pool_id!,
    };
    await createJob(pair.primary, { name: "pooled", tasks: [{ task_key: "t", ...notebook, new_cluster }] });
    await createJob(pair.primary, { name: "plain" });
    refuse("primary", "/api/2.0/instance-pools/list");
    const { lines } = await pair.up("jobs");
    expect(lines.get("plain")?.outcome).toBe("created");
    expect(lines.get("pooled")).toMatchObject({
      outcome: "failed",
      why: expect.stringContaining("cannot be looked up now; the next run tries again") as string,
    });
    pair.primary.server.traffic.faults.clear();
    expect((await pair.up("jobs")).lines.get("pooled")?.outcome).toBe("created");
  });

  it("of principals stops those who run as one whom nobody knows now, and the next run goes on", async () => {
    await createJob(pair.primary, { name: "plain" });
    refuse("secondary", "/api/2.0/preview/scim/v2/{Users,ServicePrincipals}");
    expect((await pair.up("jobs")).lines.get("plain")?.outcome).toBe("failed");
    pair.secondary.server.traffic.faults.clear();
    expect((await pair.up("jobs")).lines.get("plain")?.outcome).toBe("created");
  });

  it("of node types leaves them unchecked, and stops nothing", async () => {
    await createCluster(pair.primary, { cluster_name: "etl" });
    refuse("secondary", "/api/2.1/clusters/list-node-types");
    expect((await pair.up("clusters")).lines.get("etl")?.outcome).toBe("created");
  });

  it("of a volume stops its scripts alone", async () => {
    const destination = "/Volumes/main/platform/scripts/a.sh";
    const init_scripts = [{ volumes: { destination } }, { workspace: { destination: "/Shared/b.sh" } }];
    const content = Buffer.from("echo").toString("base64");
    await pair.primary.post("/api/2.0/workspace/import", { path: "/Shared/b.sh", format: "AUTO", content });
    await createCluster(pair.primary, { cluster_name: "etl", init_scripts });
    refuse("secondary", "/api/2.0/fs/directories/**");
    const { lines } = await pair.up("init-scripts");
    expect(lines.get("workspace:/Shared/b.sh")?.outcome).toBe("created");
  });
});
