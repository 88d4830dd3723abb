import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startTestWorkspace, type Answer, type TestWorkspace } from "./start-workspace.js";

let at: TestWorkspace;
beforeEach(async () => {
  at = await startTestWorkspace();
});
afterEach(() => at.close());

const scim = "/api/2.0/preview/scim/v2";
const addUser = async (userName: string): Promise<Answer> =>
  (await at.call("POST", `${scim}/Users`, { userName })).body;
const newJob = async (more: object = {}): Promise<bigint> =>
  (await at.post("/api/2.2/jobs/create", { name: "j", tasks: [], ...more })).job_id;
const acl = (entries: object[]): object => ({ access_control_list: entries });

describe("permissions", () => {
  test("PUT replaces, PATCH adds, and an inherited level stands before the direct one", async () => {
    await addUser("a@example.com");
    await addUser("b@example.com");
    const path = `/api/2.0/permissions/jobs/${await newJob()}`;
    await at.call("PUT", path, acl([{ user_name: "a@example.com", permission_level: "IS_OWNER" }]));
    await at.call("PATCH", path, acl([{ group_name: "admins", permission_level: "CAN_VIEW" }]));
    const { body } = await at.call(
      "PATCH",
      path,
      acl([{ user_name: "b@example.com", permission_level: "CAN_MANAGE_RUN" }]),
    );
    expect(body.object_type).toBe("job");
    expect(body.access_control_list.map((entry: Answer) => entry.user_name ?? entry.group_name)).toEqual([
      "a@example.com",
      "admins",
      "b@example.com",
    ]);
    expect(body.access_control_list[1].all_permissions).toEqual([
      { permission_level: "CAN_MANAGE", inherited: true, inherited_from_object: ["/jobs/"] },
      { permission_level: "CAN_VIEW", inherited: false },
    ]);
  });

  test("a job has exactly one owner, who is no group, and the job runs as the owner", async () => {
    await addUser("b@example.com");
    const id = await newJob();
    const path = `/api/2.0/permissions/jobs/${id}`;
    const none = await at.call("PUT", path, acl([{ group_name: "users", permission_level: "CAN_VIEW" }]));
    expect([none.status, none.body.message]).toEqual([400, "The job must have exactly one owner."]);
    const group = await at.call("PUT", path, acl([{ group_name: "users", permission_level: "IS_OWNER" }]));
    expect(group.status).toBe(400);
    const gone = await at.call("PATCH", path, acl([{ user_name: "x@example.com", permission_level: "CAN_VIEW" }]));
    expect([gone.status, gone.body.message]).toEqual([404, "Principal: UserName(x@example.com) does not exist"]);
    await at.call("PATCH", path, acl([{ user_name: "b@example.com", permission_level: "IS_OWNER" }]));
    expect((await at.get(`/api/2.2/jobs/get?job_id=${id}`)).run_as_user_name).toBe("b@example.com");
  });

  test("a job outlives its owner: neither creator nor owner is told any more", async () => {
    const user = await addUser("leaver@example.com");
    at.workspace.acceptToken("leaver", "leaver@example.com");
    const { job_id } = (await at.call("POST", "/api/2.2/jobs/create", { name: "j", tasks: [] }, "leaver")).body;
    await at.call("DELETE", `${scim}/Users/${user.id}`);
    const job = await at.get(`/api/2.2/jobs/get?job_id=${job_id}`);
    expect([job.creator_user_name, job.run_as_user_name]).toEqual([undefined, undefined]);
    const { access_control_list } = await at.get(`/api/2.0/permissions/jobs/${job_id}`);
    expect(access_control_list).toMatchObject([{ group_name: "admins" }]);
  });

  test("levels are listed; an object that is not there is 404, a sort that is not emulated 501", async () => {
    const { permission_levels } = await at.get(`/api/2.0/permissions/jobs/${await newJob()}/permissionLevels`);
    expect(permission_levels.map((level: Answer) => level.permission_level)).toContain("IS_OWNER");
    expect((await at.call("GET", "/api/2.0/permissions/jobs/1")).body.error_code).toBe("RESOURCE_DOES_NOT_EXIST");
    expect((await at.call("GET", "/api/2.0/permissions/widgets/1")).status).toBe(501);
  });

  test("the Standard tier has no ACLs and says so", async () => {
    const standard = await startTestWorkspace({ tier: "standard" });
    const { job_id } = await standard.post("/api/2.2/jobs/create", { name: "j", tasks: [] });
    const { body } = await standard.call("GET", `/api/2.0/permissions/jobs/${job_id}`);
    expect(body).toEqual({
      error_code: "FEATURE_DISABLED",
      message: "ACLs for job are disabled or not available in this tier",
    });
    await standard.close();
  });
});

describe("SCIM", () => {
  test("lists are cut at 100 without a count, and page with startIndex and count", async () => {
    for (let index = 0; index < 129; index++) await addUser(`u${index}@example.com`);
    const unpaged = await at.get(`${scim}/Users`);
    expect([unpaged.totalResults, unpaged.Resources.length]).toEqual([130, 100]);
    const names = new Set<string>();
    for (let start = 1; start <= unpaged.totalResults; start += 50)
      for (const user of (await at.get(`${scim}/Users?startIndex=${start}&count=50`)).Resources)
        names.add(user.userName);
    expect(names.size).toBe(130);
    const found = await at.get(
      `${scim}/Users?filter=${encodeURIComponent('userName eq "U7@example.com"')}&attributes=id,userName`,
    );
    expect(found.Resources).toEqual([
      { schemas: expect.any(Array), id: expect.any(String), userName: "u7@example.com" },
    ]);
  });

  test.each([[[{ value: "false" }]], ["False"], [false]])(
    "a PATCH of active to %j is a boolean after it",
    async (value) => {
      const user = await addUser("a@example.com");
      const change = { Operations: [{ op: "replace", path: "active", value }] };
      expect((await at.call("PATCH", `${scim}/Users/${user.id}`, change)).body.active).toBe(false);
      expect((await at.get(`${scim}/Users/${user.id}`)).active).toBe(false);
    },
  );

  test("groups nest, members come and go, and Me is whose token it is", async () => {
    const user = await addUser("a@example.com");
    const post = async (displayName: string, members: object[]): Promise<Answer> =>
      (await at.call("POST", `${scim}/Groups`, { displayName, members })).body;
    const inner = await post("inner", [{ value: user.id }]);
    const outer = await post("outer", [{ value: inner.id }]);
    expect((await at.get(`${scim}/Groups/${inner.id}`)).groups).toMatchObject([{ display: "outer", value: outer.id }]);
    await at.call("PATCH", `${scim}/Groups/${inner.id}`, {
      Operations: [{ op: "remove", path: `members[value eq "${user.id}"]` }],
    });
    expect((await at.get(`${scim}/Groups/${inner.id}`)).members).toEqual([]);
    expect((await at.get(`${scim}/Me`)).groups.map((group: Answer) => group.display)).toEqual(["admins", "users"]);
    const twice = await at.call("POST", `${scim}/Users`, { userName: "A@example.com" });
    expect([twice.status, twice.body.scimType]).toEqual([409, "uniqueness"]);
  });
});
