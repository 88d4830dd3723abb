import type * as promises from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type JsonObject, stringifyJson } from "../../replication/values/json.js";
import type { KindName, ReplicationSettings } from "../../replication/index.js";
import { type Pair, startPair, type TestWorkspace } from "../replication/pair.js";
import { createCluster, createJob, machine, nightly } from "./objects.js";
import { clustersOf, jobNamed, jobsOf, settingsOf } from "./standby-reading.js";

// Waiting between two tries is not what is looked at here.
vi.mock("node:timers/promises", async (original) => {
  const timers = await original<typeof promises>();
  return { ...timers, setTimeout: (ms: number) => timers.setTimeout(ms / 50) };
});

let pair: Pair;
const kinds = ["clusters", "jobs"] as const;
const removing: ReplicationSettings = { deletions: "propagate", allowMassDeletion: true };

beforeEach(async () => {
  pair = await startPair();
  for (const name of ["one", "two", "three"]) {
    const id = await createCluster(pair.primary, { cluster_name: name });
    await pair.primary.post("/api/2.0/libraries/install", { cluster_id: id, libraries: [{ pypi: { package: name } }] });
    await createJob(pair.primary, { name, ...nightly });
  }
  for (const kind of kinds) await pair.up(kind, removing);
});
afterEach(() => pair.close());

const namesAt = async (at: TestWorkspace, kind: KindName): Promise<string[]> =>
  kind === "jobs"
    ? (await jobsOf(at)).map((job) => String(settingsOf(job).name)).sort()
    : (await clustersOf(at))
        .map(({ cluster_name }) => String(cluster_name))
        .filter((name) => name !== "operations")
        .sort();

const listOf = { clusters: "/api/2.1/clusters/list", jobs: "/api/2.2/jobs/list" } as const;

/** The page that a listing gives now, without what is not to be seen. */
async function pageWithout(at: TestWorkspace, kind: "clusters" | "jobs", ...names: string[]): Promise<string> {
  const page = await at.get(`${listOf[kind]}?${kind === "jobs" ? "limit=100&expand_tasks=true" : "page_size=100"}`);
  const all = page[kind] as JsonObject[];
  const shown = all.filter((each) => !names.includes(String(each.cluster_name ?? settingsOf(each).name)));
  return stringifyJson({ ...page, [kind]: shown });
}

const libraries = async (at: TestWorkspace): Promise<string[]> => {
  const { statuses = [] } = await at.get("/api/2.0/libraries/all-cluster-statuses");
  return (statuses as JsonObject[])
    .flatMap(({ library_statuses }) => library_statuses as JsonObject[])
    .map(({ library, status }) => `${stringifyJson(library)} ${String(status)}`)
    .sort();
};

/** Under the fault the standby stays what it is, also for a refresh and a destroy; without it all is well again. */
async function expectUnharmed(kind: "clusters" | "jobs"): Promise<void> {
  for (const { server } of [pair.primary, pair.secondary]) server.traffic.faults.clear();
  expect(await namesAt(pair.secondary, kind)).toEqual(["one", "three", "two"]);
  const { state } = await pair.up(kind, removing);
  expect(state.ledger.counts).not.toHaveProperty("failed");
  expect(await namesAt(pair.secondary, kind)).toEqual(["one", "three", "two"]);
  expect((await pair.up(kind, removing)).changed).toBe(false);
}

const sides = ["primary", "secondary"] as const;

describe.each(kinds)("the listing of %s", (kind) => {
  it.each(sides)("that is {} on the %s makes, removes and forgets nothing", async (side) => {
    pair[side].server.traffic.faults.add({ phase: "before", path: listOf[kind], status: 200, body: "{}" });
    const { state } = await pair.deploy(pair.secondary, "standby", kind, removing);
    expect(state.ledger.counts.failed).toBe(1);
    if (side === "secondary") {
      const { imprint } = pair.stateOf(pair.secondary).get(kind)!;
      expect(await pair.refresh(kind)).toMatchObject({ imprint, drift: [] });
    }
    await expectUnharmed(kind);
  });

  it.each(sides)(
    "that lacks one on the %s, while another was really deleted, ends the kind and says which",
    async (side) => {
      const body = await pageWithout(pair[side], kind, "two", "three");
      const id = (await namesToIds(pair[side], kind)).get("three")!;
      await remove(pair[side], kind, id);
      pair[side].server.traffic.faults.add({ phase: "before", path: listOf[kind], status: 200, body });
      const { lines } = await pair.deploy(pair.secondary, "standby", kind, removing);
      expect(lines.get(kind)).toMatchObject({ outcome: "failed", why: expect.stringContaining('"two"') as string });
      for (const { server } of [pair.primary, pair.secondary]) server.traffic.faults.clear();
      expect(await namesAt(pair.secondary, kind)).toContain("two");
      const now = await pair.up(kind, removing);
      expect(now.lines.get("three")?.outcome).toBe(side === "primary" ? "removed" : "created");
    },
  );

  it.each(sides)("that gives the same page for ever on the %s is no listing", async (side) => {
    const body = (await pageWithout(pair[side], kind)).replace(/\}$/, `,"next_page_token":"again"}`);
    pair[side].server.traffic.faults.add({ phase: "before", path: listOf[kind], status: 200, body });
    const { lines } = await pair.deploy(pair.secondary, "standby", kind, removing);
    expect(lines.get(kind)?.outcome).toBe("failed");
    await expectUnharmed(kind);
  });

  it.each(sides)("that goes on with empty pages for ever on the %s ends in an error", async (side) => {
    let page = 0;
    const send = globalThis.fetch;
    vi.stubGlobal("fetch", async (url: URL, init: RequestInit) => {
      if (url.origin !== pair[side].endpoint.host || url.pathname !== listOf[kind]) return send(url, init);
      return new Response(stringifyJson({ [kind]: [], next_page_token: String((page += 1)) }), {
        headers: { "x-databricks-org-id": pair[side].endpoint.workspaceId! },
      });
    });
    try {
      const { lines } = await pair.deploy(pair.secondary, "standby", kind, removing);
      expect(lines.get(kind)?.outcome).toBe("failed");
    } finally {
      vi.unstubAllGlobals();
    }
    await expectUnharmed(kind);
  });

  it("that fails takes nothing from a destroy: it ends with an error, and the next one removes all", async () => {
    const { faults } = pair.secondary.server.traffic;
    faults.add({ phase: "before", path: listOf[kind], status: 200, body: "{}" });
    await expect(pair.destroy(kind)).rejects.toThrow();
    faults.clear();
    expect(await namesAt(pair.secondary, kind)).toEqual(["one", "three", "two"]);
    await pair.destroy(kind);
    expect(await namesAt(pair.secondary, kind)).toEqual([]);
  });
});

async function namesToIds(at: TestWorkspace, kind: KindName): Promise<Map<string, string>> {
  return kind === "jobs"
    ? new Map((await jobsOf(at)).map((job) => [String(settingsOf(job).name), String(job.job_id)]))
    : new Map((await clustersOf(at)).map((each) => [String(each.cluster_name), String(each.cluster_id)]));
}

async function remove({ post }: TestWorkspace, kind: KindName, id: string): Promise<void> {
  if (kind === "jobs") await post("/api/2.2/jobs/delete", { job_id: BigInt(id) });
  else await post("/api/2.1/clusters/permanent-delete", { cluster_id: id });
}

describe("libraries", () => {
  it.each(sides)("of which the %s shows none are not uninstalled, nor installed twice", async (side) => {
    const before = await libraries(pair.secondary);
    const path = "/api/2.0/libraries/all-cluster-statuses";
    pair[side].server.traffic.faults.add({ phase: "before", path, status: 200, body: "{}" });
    await pair.deploy(pair.secondary, "standby", "clusters", removing);
    for (const { server } of [pair.primary, pair.secondary]) server.traffic.faults.clear();
    expect(await libraries(pair.secondary)).toEqual(before);
    expect((await pair.up("clusters", removing)).state.ledger.counts).not.toHaveProperty("failed");
    expect(await libraries(pair.secondary)).toEqual(before);
    expect((await pair.up("clusters", removing)).changed).toBe(false);
  });

  it("that really went from the source go from the copy", async () => {
    pair.primary.server.workspace.table("cluster-libraries").clear();
    await pair.up("clusters", removing);
    expect(await libraries(pair.secondary)).toEqual(
      ["one", "three", "two"].map((name) => `{"pypi":{"package":"${name}"}} UNINSTALL_ON_RESTART`),
    );
  });
});

describe("another workspace's id in the header", () => {
  it.each(sides)("of one answer of the %s is not believed: it is asked again", async (side) => {
    for (const kind of kinds)
      for (let skip = 0; skip < 8; skip++) {
        pair[side].server.traffic.faults.add({
          phase: "after",
          headers: { "x-databricks-org-id": "42" },
          skip,
          times: 1,
        });
        expect((await pair.up(kind, removing)).changed).toBe(false);
        pair[side].server.traffic.faults.clear();
      }
  });

  it.each(sides)("of every answer of the %s ends the run, and changes nothing", async (side) => {
    pair[side].server.traffic.faults.add({ phase: "after", headers: { "x-databricks-org-id": "42" } });
    const writes = pair.secondary.server.traffic.log.writes;
    const { lines } = await pair.deploy(pair.secondary, "standby", "jobs", removing);
    expect(lines.get("jobs")).toMatchObject({
      outcome: "failed",
      why: expect.stringContaining("workspace 42") as string,
    });
    expect(pair.secondary.server.traffic.log.writes).toBe(writes);
    await expectUnharmed("jobs");
  });
});

describe("an update that answers 200 and does nothing", () => {
  it.each([
    ["clusters", "/api/2.1/clusters/edit"],
    ["jobs", "/api/2.2/jobs/reset"],
  ] as const)("of %s is seen, and made by the next run", async (kind, path) => {
    const id = (await namesToIds(pair.primary, kind)).get("two")!;
    if (kind === "jobs")
      await pair.primary.post("/api/2.2/jobs/update", { job_id: BigInt(id), new_settings: { timeout_seconds: 9 } });
    else
      await pair.primary.post("/api/2.1/clusters/edit", {
        ...machine,
        cluster_id: id,
        cluster_name: "two",
        num_workers: 9,
      });
    const { faults } = pair.secondary.server.traffic;
    faults.add({ phase: "before", path, status: 200, body: "{}" });
    expect((await pair.up(kind, removing)).lines.get("two")).toMatchObject({
      outcome: "failed",
      why: expect.stringContaining("shows it as it was before") as string,
    });
    faults.clear();
    expect((await pair.up(kind, removing)).lines.get("two")?.outcome).toBe("updated");
    expect((await pair.up(kind, removing)).changed).toBe(false);
  });
});

describe("a copy whose run_as was changed by hand", () => {
  /** A listing shows it only where it was said at the creation. */
  beforeEach(() => {
    const send = globalThis.fetch;
    vi.stubGlobal("fetch", async (url: URL | string, init: RequestInit) => {
      const answer = await send(url, init);
      if (!String(url).startsWith(pair.secondary.endpoint.host) || !String(url).includes("/jobs/list")) return answer;
      return new Response((await answer.text()).replace(/"run_as":\{[^}]*\},?/g, ""), answer);
    });
  });
  afterEach(() => vi.unstubAllGlobals());

  const drift = async (): Promise<void> => {
    await pair.secondary.post("/api/2.0/preview/scim/v2/Users", { userName: "eve@example.com" });
    const { job_id } = await jobNamed(pair.secondary, "two");
    const new_settings = { run_as: { user_name: "eve@example.com" } };
    await pair.secondary.post("/api/2.2/jobs/update", { job_id: job_id!, new_settings });
  };
  const runAs = async (): Promise<unknown> => {
    const { job_id } = await jobNamed(pair.secondary, "two");
    return (await pair.secondary.get(`/api/2.2/jobs/get?job_id=${String(job_id)}`)).run_as_user_name;
  };

  it("is told and undone at once where each run reads all", async () => {
    await drift();
    const { picture } = await pair.up("jobs", { ...removing, recheckHours: 0 });
    expect(Object.values(picture.conflicts)).toEqual([expect.stringContaining("run_as")]);
    expect(await runAs()).toBe("admin@example.com");
  });

  it("is told within the set age, each job read once in it and not more", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: new Date("2030-01-01T00:00:00Z") });
    try {
      await pair.up("jobs", removing);
      await drift();
      let reads = 0;
      const told: string[] = [];
      for (let hour = 0; hour < 24; hour++) {
        vi.setSystemTime(new Date(Date.UTC(2030, 0, 2, hour, 30)));
        pair.secondary.server.traffic.log.reset();
        const { picture } = await pair.up("jobs", removing);
        reads += pair.secondary.server.traffic.log.counts()["GET /api/2.2/jobs/get"] ?? 0;
        told.push(...Object.values(picture.conflicts));
      }
      expect(told.length).toBeGreaterThan(0);
      expect(await runAs()).toBe("admin@example.com");
      expect(reads).toBeGreaterThanOrEqual(3);
      expect(reads).toBeLessThan(24);
    } finally {
      vi.useRealTimers();
    }
  });
});
