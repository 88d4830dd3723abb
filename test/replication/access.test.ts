import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../replication/values/json.js";
import { createCluster, createJob } from "../chaos/objects.js";
import { type Pair, startPair, type TestWorkspace } from "./pair.js";

let pair: Pair;

beforeEach(async () => {
  pair = await startPair();
  for (const at of [pair.primary, pair.secondary]) {
    await addUser(at, "bob@example.com");
    await at.post("/api/2.0/preview/scim/v2/Groups", { displayName: "analysts" });
  }
});
afterEach(() => pair.close());

const addUser = (at: TestWorkspace, userName: string) =>
  at.post("/api/2.0/preview/scim/v2/Users", { schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"], userName });

const types = { clusters: "clusters", jobs: "jobs" } as const;
type Granted = keyof typeof types;

const make: Record<Granted, (at: TestWorkspace, name: string) => Promise<string>> = {
  clusters: async (at, name) => String(await createCluster(at, { cluster_name: name })),
  jobs: async (at, name) => String(await createJob(at, { name })),
};

const owners: Record<Granted, JsonObject[]> = {
  clusters: [],
  jobs: [{ user_name: "admin@example.com", permission_level: "IS_OWNER" }],
};
const levels: Record<Granted, readonly [string, string]> = {
  clusters: ["CAN_ATTACH_TO", "CAN_RESTART"],
  jobs: ["CAN_VIEW", "CAN_MANAGE_RUN"],
};

const put = async (at: TestWorkspace, kind: Granted, id: string, entries: JsonObject[]): Promise<void> => {
  const response = await fetch(`${at.endpoint.host}/api/2.0/permissions/${types[kind]}/${id}`, {
    method: "PUT",
    headers: { authorization: `Bearer ${at.server.workspace.options.token}` },
    body: JSON.stringify({ access_control_list: [...owners[kind], ...entries] }),
  });
  expect(response.status, await response.text()).toBe(200);
};

/** Direct grants but the maker's, as `bob@example.com CAN_VIEW`. */
const grantsOn = async (at: TestWorkspace, kind: Granted, id: string): Promise<string[]> => {
  const { access_control_list } = await at.get(`/api/2.0/permissions/${types[kind]}/${id}`);
  return (access_control_list as JsonObject[])
    .flatMap((entry) =>
      (entry.all_permissions as JsonObject[])
        .filter(({ inherited }) => inherited !== true)
        .map((each) => `${String(entry.user_name ?? entry.group_name)} ${String(each.permission_level)}`),
    )
    .filter((grant) => !grant.startsWith("admin@"))
    .sort();
};

describe.each(Object.keys(types) as Granted[])("the access list of %s", (kind) => {
  const [low, high] = levels[kind];
  const bob = (level: string): JsonObject => ({ user_name: "bob@example.com", permission_level: level });
  const analysts: JsonObject = { group_name: "analysts", permission_level: low };
  let id: string;
  const copyId = async (): Promise<string> => (await pair.up(kind, often)).state.idMap[id]!;
  const often = { recheckHours: 0 };

  beforeEach(async () => {
    id = await make[kind](pair.primary, "one");
    await put(pair.primary, kind, id, [bob(low), analysts]);
  });

  it("comes with a new copy, and the next run finds nothing to do", async () => {
    expect(await grantsOn(pair.secondary, kind, await copyId())).toEqual([`analysts ${low}`, `bob@example.com ${low}`]);
    expect((await pair.up(kind, often)).changed).toBe(false);
    pair.primary.server.traffic.log.reset();
    expect((await pair.up(kind, { recheckHours: 100_000 })).changed).toBe(true);
    pair.primary.server.traffic.log.reset();
    expect((await pair.up(kind, { recheckHours: 100_000 })).changed).toBe(false);
    const asked = pair.primary.server.traffic.log.entries().filter(({ path }) => path.includes("/permissions/"));
    expect(asked).toEqual([]);
  });

  it("follows the source, as the preview says", async () => {
    const copy = await copyId();
    await put(pair.primary, kind, id, [bob(high)]);
    const picture = await pair.preview(kind, often);
    expect(picture.plan).toBe("update 1");
    expect(Object.values(picture.changes).at(-1)).toEqual({
      "access.analysts": `${low} → (none)`,
      "access.bob@example.com": `${low} → ${high}`,
    });
    expect((await pair.up(kind, often)).lines.get("one")?.outcome).toBe("updated");
    expect(await grantsOn(pair.secondary, kind, copy)).toEqual([`bob@example.com ${high}`]);
    expect((await pair.up(kind, often)).changed).toBe(false);
  });

  it("that was edited on the standby is told, and whoever is configured wins", async () => {
    const copy = await copyId();
    await put(pair.secondary, kind, copy, [bob(high), analysts]);
    const kept = await pair.up(kind, { ...often, conflicts: "standby" });
    expect(Object.values(kept.picture.conflicts)).toEqual([
      expect.stringMatching(/access list was edited on the standby \(access.bob.*; the standby's is kept/),
    ]);
    expect(await grantsOn(pair.secondary, kind, copy)).toContain(`bob@example.com ${high}`);
    const won = await pair.up(kind, often);
    expect(Object.values(won.picture.conflicts)).toEqual([expect.stringContaining("the source's wins")]);
    expect(await grantsOn(pair.secondary, kind, copy)).toContain(`bob@example.com ${low}`);
  });

  it("names who is not there while the rest is set, and gives it once they are", async () => {
    await addUser(pair.primary, "carol@example.com");
    await put(pair.primary, kind, id, [bob(low), { user_name: "carol@example.com", permission_level: high }]);
    const { lines, state } = await pair.up(kind, often);
    expect(lines.get("one")?.why).toContain(`no access for carol@example.com (${high}), not on the standby`);
    const copy = state.idMap[id]!;
    expect(await grantsOn(pair.secondary, kind, copy)).toEqual([`bob@example.com ${low}`]);
    const again = await pair.up(kind, often);
    expect(Object.values(again.picture.needsPerson).join()).toContain("carol@example.com");
    await addUser(pair.secondary, "carol@example.com");
    await pair.up(kind, often);
    expect(await grantsOn(pair.secondary, kind, copy)).toContain(`carol@example.com ${high}`);
  });

  it("is mapped, and left where that is configured", async () => {
    await addUser(pair.secondary, "robert@example.com");
    const mapped = { ...often, idMappings: { principals: { "bob@example.com": "robert@example.com" } } };
    const copy = (await pair.up(kind, mapped)).state.idMap[id]!;
    expect(await grantsOn(pair.secondary, kind, copy)).toEqual([`analysts ${low}`, `robert@example.com ${low}`]);
    await put(pair.primary, kind, id, []);
    await pair.up(kind, { ...mapped, access: "leave" });
    expect(await grantsOn(pair.secondary, kind, copy)).toHaveLength(2);
  });

  it("that cannot be written leaves the copy, says so, and is given by the next run", async () => {
    const { faults } = pair.secondary.server.traffic;
    faults.add({ phase: "before", path: `/api/2.0/permissions/${types[kind]}/**`, status: 400, message: "not now" });
    const { lines } = await pair.up(kind, often);
    expect(lines.get("one")?.outcome).toBe("failed");
    faults.clear();
    expect(await grantsOn(pair.secondary, kind, await copyId())).toHaveLength(2);
    expect((await pair.up(kind, often)).changed).toBe(false);
  });
});

it("of a workspace without access lists are not copied, which is said once", async () => {
  await pair.close();
  pair = await startPair({ tier: "standard" });
  for (const name of ["a", "b"]) await createJob(pair.primary, { name });
  const { lines, warnings } = await pair.up("jobs");
  expect([...lines.values()].map(({ outcome }) => outcome)).toEqual(["created", "created"]);
  expect(warnings.filter((each) => each.includes("access lists are not copied"))).toHaveLength(1);
});

it("of a job whose owner is not there has another owner, and says so", async () => {
  await addUser(pair.primary, "gone@example.com");
  const id = await make.jobs(pair.primary, "theirs");
  await pair.primary.post("/api/2.2/jobs/update", {
    job_id: BigInt(id),
    new_settings: { run_as: { user_name: "bob@example.com" } },
  });
  const path = `/api/2.0/permissions/jobs/${id}`;
  const token = pair.primary.server.workspace.options.token;
  await fetch(`${pair.primary.endpoint.host}${path}`, {
    method: "PUT",
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ access_control_list: [{ user_name: "gone@example.com", permission_level: "IS_OWNER" }] }),
  });
  const { state, lines } = await pair.up("jobs", { owner: "bob@example.com" });
  expect(lines.get("theirs")?.why).toContain("no access for gone@example.com (IS_OWNER)");
  expect(await grantsOn(pair.secondary, "jobs", state.idMap[id]!)).toEqual(["bob@example.com IS_OWNER"]);
});
