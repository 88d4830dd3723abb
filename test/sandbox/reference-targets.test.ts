import { afterEach, beforeEach, expect, test } from "vitest";
import { startTestWorkspace, type Answer, type TestWorkspace } from "./start-workspace.js";

let at: TestWorkspace;
beforeEach(async () => {
  at = await startTestWorkspace();
});
afterEach(() => at.close());

test("a SQL warehouse starts, stops by itself when idle, and has one owner", async () => {
  const { id } = await at.post("/api/2.0/sql/warehouses", { name: "bi", cluster_size: "Small", auto_stop_mins: 10 });
  const state = async (): Promise<string> => (await at.get(`/api/2.0/sql/warehouses/${id}`)).state;
  expect(await state()).toBe("STARTING");
  at.clock.advance(2_000);
  expect(await state()).toBe("RUNNING");
  at.clock.advance(600_000);
  expect(await state()).toBe("STOPPED");
  await at.post(`/api/2.0/sql/warehouses/${id}/start`);
  await at.post(`/api/2.0/sql/warehouses/${id}/edit`, { name: "bi", cluster_size: "Medium" });
  const { warehouses } = await at.get("/api/2.0/sql/warehouses");
  expect(warehouses).toMatchObject([{ id, cluster_size: "Medium", auto_stop_mins: 10, state: "STARTING" }]);
  const twice = await at.call("POST", "/api/2.0/sql/warehouses", { name: "bi", cluster_size: "Small" });
  expect(twice.status).toBe(400);
  const acl = await at.get(`/api/2.0/permissions/warehouses/${id}`);
  expect(acl.access_control_list[0].all_permissions[0].permission_level).toBe("IS_OWNER");
});

test("a notification destination never gives its secrets back", async () => {
  const made = await at.post("/api/2.0/notification-destinations", {
    display_name: "ops",
    config: { slack: { url: "https://hooks.example.com/secret" } },
  });
  const got = await at.get(`/api/2.0/notification-destinations/${made.id}`);
  expect(got).toEqual({
    id: made.id,
    display_name: "ops",
    destination_type: "SLACK",
    config: { slack: { url_set: true } },
  });
  const { results } = await at.get("/api/2.0/notification-destinations");
  expect(results.map((each: Answer) => each.config)).toEqual([undefined]);
});
