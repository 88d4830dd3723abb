import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Pair, startPair } from "../replication/pair.js";
import { createCluster, createJob, nightly, notebook } from "./objects.js";
import { jobsOf } from "./standby-reading.js";

let pair: Pair;

beforeEach(async () => {
  pair = await startPair();
});
afterEach(() => pair.close());

describe("a preview", () => {
  it("shows no change of a copy that cannot follow its original now, and says why", async () => {
    const job_id = await createJob(pair.primary, { name: "nightly" });
    await pair.up("jobs");
    const existing_cluster_id = await createCluster(pair.primary, {
      cluster_name: "gpu",
      node_type_id: "Standard_L8s_v3",
    });
    expect((await pair.up("clusters")).lines.get("gpu")?.outcome).toBe("needs-a-person");
    const tasks = [{ task_key: "load", ...notebook, existing_cluster_id }];
    await pair.primary.post("/api/2.2/jobs/update", { job_id, new_settings: { ...nightly, tasks } });
    const { picture, lines } = await pair.up("jobs");
    expect(picture).toMatchObject({ plan: "update 1", unchanged: 0 });
    expect(picture.needsPerson).toEqual({
      [`nightly [${job_id}]`]:
        [
          `Mapping not available for old cluster id ${existing_cluster_id}: "gpu" is not copied either: node type Standard_L8s_v3 is not offered in westus`,
          "see to that one first, or map it (idMappings.clusters.",
        ].join("; ") + `${existing_cluster_id})`,
    });
    expect(lines.get("nightly")?.outcome).toBe("needs-a-person");
    expect((await pair.up("jobs")).changed).toBe(false);
  });

  it("shows a change that a listing of the standby cannot, and up makes it", async () => {
    const schemas = ["urn:ietf:params:scim:schemas:core:2.0:User"];
    for (const { post } of [pair.primary, pair.secondary])
      for (const userName of ["alice@example.com", "bob@example.com"])
        await post("/api/2.0/preview/scim/v2/Users", { schemas, userName });
    const job_id = await createJob(pair.primary, { name: "nightly", run_as: { user_name: "alice@example.com" } });
    await pair.up("jobs");
    const run_as = { user_name: "bob@example.com" };
    await pair.primary.post("/api/2.2/jobs/update", { job_id, new_settings: { run_as } });
    const { picture } = await pair.up("jobs");
    expect(picture.plan).toBe("update 1");
    expect(Object.values(picture.changes)).toEqual([{ run_as: `now ${JSON.stringify(run_as)}` }]);
    const [copy] = await jobsOf(pair.secondary);
    const shown = await pair.secondary.get(`/api/2.2/jobs/get?job_id=${String(copy!.job_id)}`);
    expect(shown.run_as_user_name).toBe("bob@example.com");
    expect((await pair.up("jobs")).changed).toBe(false);
  });
});
