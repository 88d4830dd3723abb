import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestWorkspace, type Answer, type TestWorkspace } from "./start-workspace.js";

let at: TestWorkspace;
beforeAll(async () => {
  at = await startTestWorkspace({ userToken: "user-token", clusterStartMs: 1, clusterStopMs: 1 });
});
afterAll(() => at.close());

const me = "ordinary.user@contoso.com";
const scim = "/api/2.0/preview/scim/v2";
type Sent = readonly [status: number, code: unknown];
const asUser = (method: string, path: string, body?: unknown): Promise<{ status: number; body: Answer }> =>
  at.call(method, path, body, "user-token");
const refusal = async (method: string, path: string, body?: unknown): Promise<Sent> => {
  const answer = await asUser(method, path, body);
  return [answer.status, answer.body?.error_code];
};
const denied: Sent = [403, "PERMISSION_DENIED"];
const ok: Sent = [200, undefined];
const grant = (type: string, id: unknown, entries: object[]) =>
  at.call("PATCH", `/api/2.0/permissions/${type}/${String(id)}`, { access_control_list: entries });
const mine = (permission_level: string) => [{ user_name: me, permission_level }];
const node = { spark_version: "15.4.x-scala2.12", node_type_id: "Standard_DS3_v2", num_workers: 0 };
const task = { task_key: "a", notebook_task: { notebook_path: "/n" } };

test("the user is there, in `users` alone, and may not change principals or run at every start", async () => {
  const { body } = await asUser("GET", `${scim}/Me`);
  expect([body.userName, body.groups.map((each: Answer) => each.display)]).toEqual([me, ["users"]]);
  expect((await asUser("POST", `${scim}/Users`, { userName: "new@contoso.com" })).status).toBe(403);
  const { Resources } = await at.get(`${scim}/Groups?filter=${encodeURIComponent('displayName eq "admins"')}`);
  const add = { Operations: [{ op: "add", path: "members", value: [{ value: body.id }] }] };
  expect((await asUser("PATCH", `${scim}/Groups/${Resources[0].id}`, add)).status).toBe(403);
  expect(await refusal("POST", "/api/2.0/global-init-scripts", { name: "x", script: "eA==" })).toEqual(denied);
  expect(await refusal("GET", "/api/2.0/global-init-scripts")).toEqual(denied);
});

describe("clusters", () => {
  test("take an entitlement or a policy to be made, and a level to be seen, started and changed", async () => {
    const { cluster_id } = await at.post("/api/2.0/clusters/create", { cluster_name: "theirs", ...node });
    at.clock.advance(10);
    expect(await refusal("POST", "/api/2.0/clusters/create", { cluster_name: "mine", ...node })).toEqual(denied);
    expect((await asUser("GET", "/api/2.1/clusters/list")).body.clusters).toBeUndefined();
    const get = `/api/2.0/clusters/get?cluster_id=${cluster_id}`;
    expect(await refusal("GET", get)).toEqual(denied);
    expect(await refusal("GET", get.replace("get?", "get/?"))).toEqual(denied);
    expect(await refusal("POST", "/api/1.2/contexts/create", { clusterId: cluster_id, language: "python" })).toEqual(
      denied,
    );
    await grant("clusters", cluster_id, mine("CAN_RESTART"));
    expect((await asUser("GET", "/api/2.1/clusters/list")).body.clusters).toHaveLength(1);
    expect(await refusal("GET", get)).toEqual(ok);
    expect(await refusal("POST", "/api/2.0/clusters/restart", { cluster_id })).toEqual(ok);
    expect(await refusal("POST", "/api/2.0/clusters/edit", { cluster_id, ...node })).toEqual(denied);
    expect(await refusal("POST", "/api/2.0/clusters/pin", { cluster_id })).toEqual(denied);

    const { policy_id } = await at.post("/api/2.0/policies/clusters/create", { name: "p", definition: "{}" });
    const governed = { cluster_name: "mine", policy_id, ...node };
    expect(await refusal("POST", "/api/2.0/clusters/create", governed)).toEqual(denied);
    await grant("cluster-policies", policy_id, mine("CAN_USE"));
    const made = await asUser("POST", "/api/2.0/clusters/create", governed);
    expect((await at.get(`/api/2.0/clusters/get?cluster_id=${made.body.cluster_id}`)).creator_user_name).toBe(me);
    expect(await refusal("POST", "/api/2.0/clusters/permanent-delete", made.body)).toEqual(ok);
    expect(await refusal("POST", "/api/2.0/instance-pools/create", { instance_pool_name: "p" })).toEqual(denied);
  });
});

describe("jobs", () => {
  test("are one's own, run as oneself, and no field of a request stands for another's", async () => {
    const { job_id: theirs } = await at.post("/api/2.2/jobs/create", { name: "theirs", tasks: [task] });
    const create = (more: object) => asUser("POST", "/api/2.2/jobs/create", { name: "mine", tasks: [task], ...more });
    const { body: own } = await create({ run_as: { user_name: me } });
    expect((await asUser("GET", "/api/2.2/jobs/list")).body.jobs).toMatchObject([{ job_id: own.job_id }]);
    expect((await create({ run_as: { user_name: "admin@example.com" } })).status).toBe(403);
    expect((await create({ tasks: [{ ...task, new_cluster: node }] })).status).toBe(403);
    const otherOwner = [{ user_name: "admin@example.com", permission_level: "IS_OWNER" }];
    expect((await create({ access_control_list: otherOwner })).status).toBe(403);

    const change = { new_settings: { name: "changed" } };
    for (const [call, body] of [
      ["update", { job_id: theirs, ...change }],
      ["reset", { job_id: theirs, ...change }],
      [`update?job_id=${own.job_id}`, { job_id: `0${theirs}`, ...change }],
      ["delete", { job_id: theirs }],
      ["run-now", { job_id: theirs }],
      ["runs/cancel-all", { all_queued_runs: true }],
    ] as const)
      expect([call, await refusal("POST", `/api/2.2/jobs/${call}`, body)]).toEqual([call, denied]);
    const plain = await fetch(`${at.server.url}/api/2.2/jobs/delete`, {
      method: "POST",
      headers: { authorization: "Bearer user-token", "content-type": "text/plain" },
      body: `{"job_id": ${theirs}}`,
    });
    expect(plain.status).toBe(403);
    expect(await refusal("GET", `/api/2.2/jobs/get?job_id=${theirs}`)).toEqual(denied);

    const { run_id } = await at.post("/api/2.2/jobs/run-now", { job_id: theirs });
    expect(await refusal("GET", `/api/2.2/jobs/runs/get?run_id=${run_id}`)).toEqual(denied);
    expect(await refusal("POST", "/api/2.2/jobs/runs/cancel", { run_id })).toEqual(denied);
    expect((await asUser("GET", "/api/2.2/jobs/runs/list")).body.runs).toBeUndefined();

    await grant("jobs", theirs, mine("CAN_MANAGE"));
    expect(await refusal("POST", "/api/2.2/jobs/update", { job_id: theirs, ...change })).toEqual(ok);
    const steal = { access_control_list: mine("IS_OWNER") };
    expect(await refusal("PATCH", `/api/2.0/permissions/jobs/${theirs}`, steal)).toEqual(denied);
    const runAs = { new_settings: { run_as: { user_name: "admin@example.com" } } };
    expect(await refusal("POST", "/api/2.2/jobs/update", { job_id: own.job_id, ...runAs })).toEqual(denied);
    expect(await refusal("POST", "/api/2.2/jobs/update", { job_id: own.job_id, ...change })).toEqual(ok);
  });
});

describe("the workspace's tree", () => {
  const api = "/api/2.0/workspace";
  const put = (path: string) => ({ path, format: "AUTO", content: "aGk=", overwrite: true });

  test("root and others' homes are not the user's, `/Shared` is everybody's, a home its user's", async () => {
    const { id: _ } = (await at.call("POST", `${scim}/Users`, { userName: "other@contoso.com" })).body;
    await at.post(`${api}/import`, put("/Users/other@contoso.com/a.txt"));
    await at.post(`${api}/mkdirs`, { path: "/admins-only" });
    for (const path of ["/new", "/Workspace/new", "//new", "/Users/other@contoso.com/b.txt", "/admins-only/c.txt"]) {
      expect([path, await refusal("POST", `${api}/import`, put(path))]).toEqual([path, denied]);
      expect([path, await refusal("POST", `${api}/mkdirs`, { path: `${path}/x` })]).toEqual([path, denied]);
    }
    const stolen = await fetch(`${at.server.url}/api/2.0/workspace-files/import-file/admins-only/c.txt`, {
      method: "POST",
      headers: { authorization: "Bearer user-token" },
      body: "hi",
    });
    expect(stolen.status).toBe(403);
    for (const path of ["/Shared/mine/a.txt", `/Users/${me}/mine/a.txt`]) {
      expect(await refusal("POST", `${api}/mkdirs`, { path: path.replace("/a.txt", "") })).toEqual(ok);
      expect(await refusal("POST", `${api}/import`, put(path))).toEqual(ok);
    }
    const list = async (path: string) =>
      ((await asUser("GET", `${api}/list?path=${path}`)).body.objects ?? []).map((each: Answer) => each.path);
    expect(await list("/")).toEqual(["/Repos", "/Shared", "/Users"]);
    expect(await list("/Users")).toEqual([`/Users/${me}`]);
    expect(await refusal("GET", `${api}/get-status?path=/Users/other@contoso.com/a.txt`)).toEqual([
      404,
      "RESOURCE_DOES_NOT_EXIST",
    ]);
    expect((await refusal("GET", `${api}/export?path=/Users/other@contoso.com/a.txt`))[0]).toBe(404);
    expect((await refusal("POST", `${api}/delete`, { path: "/admins-only" }))[0]).toBe(404);
    expect(await refusal("POST", `${api}/delete`, { path: "/Shared/mine", recursive: true })).toEqual(ok);
  });

  test("nobody makes a folder in /Users by hand", async () => {
    for (const [call, body] of [
      ["mkdirs", { path: "/Users/nobody@contoso.com/x" }],
      ["import", put("/Users/nobody@contoso.com")],
      ["import", put("/Users/nobody@contoso.com/a.txt")],
    ] as const) {
      const answer = await at.call("POST", `${api}/${call}`, body);
      expect([answer.status, answer.body]).toMatchObject([
        400,
        { error_code: "DIRECTORY_PROTECTED", message: "Folder Users is protected" },
      ]);
    }
  });

  test("access lists are given by object id, with what folders pass on", async () => {
    const idOf = async (path: string) => (await at.get(`${api}/get-status?path=${path}`)).object_id;
    const listOf = async (type: string, id: unknown) =>
      (await at.get(`/api/2.0/permissions/${type}/${String(id)}`)).access_control_list;
    const manage = (inherited: boolean, from?: string) => ({
      permission_level: "CAN_MANAGE",
      inherited,
      ...(from && { inherited_from_object: [from] }),
    });
    const byAdmins = { group_name: "admins", all_permissions: [manage(true, "/directories/0")] };
    expect(await listOf("directories", 0)).toEqual([{ group_name: "admins", all_permissions: [manage(false)] }]);
    const shared = await idOf("/Shared");
    expect(await listOf("directories", shared)).toEqual([
      { group_name: "users", all_permissions: [manage(false)] },
      byAdmins,
    ]);
    expect(await listOf("directories", await idOf(`/Users/${me}`))).toEqual([
      { user_name: me, display_name: "Ordinary User", all_permissions: [manage(false)] },
      byAdmins,
    ]);
    await at.post(`${api}/mkdirs`, { path: "/Shared/team" });
    await at.post(`${api}/import`, put("/Shared/team/a.txt"));
    const file = await idOf("/Shared/team/a.txt");
    expect(await listOf("files", file)).toMatchObject([
      { user_name: "admin@example.com", all_permissions: [manage(true), manage(false)] },
      { group_name: "users", all_permissions: [manage(true, `/directories/${shared}`)] },
      byAdmins,
    ]);
    expect((await at.call("GET", `/api/2.0/permissions/notebooks/${file}`)).status).toBe(404);
    expect((await at.get(`/api/2.0/permissions/files/${file}`)).object_type).toBe("file");

    const only = { access_control_list: [{ group_name: "admins", permission_level: "CAN_MANAGE" }] };
    const change = (id: unknown, list: object) =>
      at.call("PUT", `/api/2.0/permissions/directories/${String(id)}`, list);
    expect((await change(shared, only)).body.message).toBe(`Cannot modify permissions of directory ${shared}`);
    expect((await change(0, { access_control_list: [] })).body.message).toBe(
      "Cannot remove admins's CAN_MANAGE permission on 0",
    );
    expect((await change(0, only)).status).toBe(200);
    await at.post(`${api}/mkdirs`, { path: "/ops" });
    const ops = await idOf("/ops");
    expect(await refusal("PUT", `/api/2.0/permissions/directories/${ops}`, only)).toEqual(denied);
    await grant("directories", ops, [{ user_name: me, permission_level: "CAN_READ" }]);
    expect(await refusal("GET", `${api}/list?path=/ops`)).toEqual(ok);
    expect(await refusal("POST", `${api}/import`, put("/ops/a.txt"))).toEqual(denied);
  });
});

test("secrets take a permission on their scope, over REST and in a command alike", async () => {
  await at.post("/api/2.0/secrets/scopes/create", { scope: "theirs" });
  await at.post("/api/2.0/secrets/put", { scope: "theirs", key: "k", string_value: "v" });
  expect((await asUser("GET", "/api/2.0/secrets/scopes/list")).body.scopes).toBeUndefined();
  expect(await refusal("GET", "/api/2.0/secrets/list?scope=theirs")).toEqual(denied);
  expect(await refusal("GET", "/api/2.0/secrets/get?scope=theirs&key=k")).toEqual(denied);
  const acl = { scope: "theirs", principal: me, permission: "MANAGE" };
  expect(await refusal("POST", "/api/2.0/secrets/acls/put", acl)).toEqual(denied);
  const { cluster_id: clusterId } = await at.post("/api/2.0/clusters/create", { cluster_name: "shared", ...node });
  at.clock.advance(10);
  await grant("clusters", clusterId, mine("CAN_ATTACH_TO"));
  const { id: contextId } = (await asUser("POST", "/api/1.2/contexts/create", { clusterId, language: "python" })).body;
  const read = async (): Promise<Answer> => {
    const command = "len(dbutils.secrets.get('theirs', 'k'))";
    const sent = { clusterId, contextId, language: "python", command };
    const { id } = (await asUser("POST", "/api/1.2/commands/execute", sent)).body;
    const query = `clusterId=${clusterId}&contextId=${contextId}&commandId=${id}`;
    for (;;) {
      const { body } = await asUser("GET", `/api/1.2/commands/status?${query}`);
      if (body.results) return body.results;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  expect((await read()).cause).toContain("PERMISSION_DENIED");
  await at.post("/api/2.0/secrets/acls/put", { ...acl, principal: "users", permission: "READ" });
  expect(await read()).toMatchObject({ resultType: "text", data: expect.stringContaining("1") as string });
  expect(await refusal("GET", "/api/2.0/secrets/list?scope=theirs")).toEqual(ok);
  expect(await refusal("POST", "/api/2.0/secrets/put", { scope: "theirs", key: "k" })).toEqual(denied);
  expect(await refusal("POST", "/api/2.0/secrets/scopes/create", { scope: "mine" })).toEqual(ok);
});

test("a user in `admins`, if only through a group, is an administrator", async () => {
  const { Resources: users } = await at.get(`${scim}/Users?filter=${encodeURIComponent(`userName eq "${me}"`)}`);
  const { body: group } = await at.call("POST", `${scim}/Groups`, {
    displayName: "platform",
    members: [{ value: users[0].id }],
  });
  const { Resources } = await at.get(`${scim}/Groups?filter=${encodeURIComponent('displayName eq "admins"')}`);
  const admins = `${scim}/Groups/${Resources[0].id}`;
  await at.call("PATCH", admins, { Operations: [{ op: "add", path: "members", value: [{ value: group.id }] }] });
  expect(await refusal("GET", "/api/2.0/global-init-scripts")).toEqual(ok);
  await at.call("PATCH", admins, { Operations: [{ op: "remove", path: `members[value eq "${group.id}"]` }] });
  expect(await refusal("GET", "/api/2.0/global-init-scripts")).toEqual(denied);
});
