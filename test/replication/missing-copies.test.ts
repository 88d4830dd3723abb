import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../replication/values/json.js";
import { createCluster, createJob, notebook } from "../chaos/objects.js";
import { type Pair, startPair } from "./pair.js";

let pair: Pair;

beforeEach(async () => {
  pair = await startPair();
});
afterEach(() => pair.close());

const whyOf = async (name: string, settings = {}): Promise<string | undefined> =>
  (await pair.up("jobs", settings)).lines.get(name)?.why;

const sql = (warehouse_id: unknown) => ({
  tasks: [{ task_key: "a", sql_task: { warehouse_id, query: { query_id: "7f3c" } } } as JsonObject],
});

describe("what has no copy is named, with the reason and what helps", () => {
  it("where it is not selected", async () => {
    const existing_cluster_id = await createCluster(pair.primary, { cluster_name: "etl" });
    await createJob(pair.primary, { name: "j", tasks: [{ task_key: "a", ...notebook, existing_cluster_id }] });
    const settings = { select: { clusters: { exclude: ["etl"] } } };
    expect(await whyOf("j", settings)).toBe(
      `Mapping not available for old cluster id ${existing_cluster_id}: "etl" is not selected; select it (select.clusters), or map it (idMappings.clusters.${existing_cluster_id})`,
    );
  });

  it("where its kind is not copied, by the name that it has on the source", async () => {
    const { id } = await pair.primary.post("/api/2.0/sql/warehouses", { name: "bi", cluster_size: "Small" });
    await createJob(pair.primary, { name: "j", ...sql(id) });
    expect(await whyOf("j")).toContain(
      `Mapping not available for old warehouse id ${String(id)}: "bi" has no counterpart: warehouses are not copied; make one on the standby and map it (idMappings.warehouses.${String(id)})`,
    );
  });

  it("and where that cannot be asked, the rest is said all the same, once", async () => {
    await createJob(pair.primary, { name: "j", ...sql("1-asked") });
    await createJob(pair.primary, { name: "k", ...sql("1-asked") });
    const path = "/api/2.0/sql/warehouses/*";
    pair.primary.server.traffic.faults.add({ path, phase: "before", status: 403, errorCode: "PERMISSION_DENIED" });
    const { lines } = await pair.up("jobs");
    for (const name of ["j", "k"])
      expect(lines.get(name)?.why).toMatch(
        /^Mapping not available for old warehouse id 1-asked: has no counterpart.*; Mapping not available for old query id 7f3c/,
      );
    expect((await pair.up("jobs")).changed).toBe(false);
  });
});
