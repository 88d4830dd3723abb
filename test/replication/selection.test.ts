import { afterEach, beforeEach, expect, it } from "vitest";
import { createCluster, createJob } from "../chaos/objects.js";
import { type Pair, startPair } from "./pair.js";

let pair: Pair;

beforeEach(async () => {
  pair = await startPair();
});
afterEach(() => pair.close());

it("a kind that is excluded whole is not listed, and what refers to it goes by what was known", async () => {
  const cluster_id = await createCluster(pair.primary, { cluster_name: "etl" });
  await pair.up("clusters");
  const tasks = [
    { task_key: "t", existing_cluster_id: String(cluster_id), notebook_task: { notebook_path: "/Shared/x" } },
  ];
  await createJob(pair.primary, { name: "job", tasks });
  for (const { server } of [pair.primary, pair.secondary]) server.traffic.reset();
  const settings = { select: { clusters: { exclude: ["**"] } } };
  const { lines } = await pair.up("clusters", settings);
  expect(lines.get("clusters")).toMatchObject({ outcome: "skipped" });
  expect((await pair.up("jobs", settings)).lines.get("job")?.outcome).toBe("created");
  for (const { server } of [pair.primary, pair.secondary])
    expect(server.traffic.log.entries().filter(({ path }) => path === "/api/2.1/clusters/list")).toEqual([]);
  expect((await pair.up("clusters", settings)).changed).toBe(false);
});
