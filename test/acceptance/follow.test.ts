import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findFaults } from "../../quick-start/proof.js";
import { kinds, type LedgerLine } from "../../replication/index.js";
import { planted, settings, sourceEstate, standbyEstate } from "./estate.js";
import { type Fields, Stage } from "./stage.js";

const dr = fileURLToPath(new URL("../../bin/dr.mjs", import.meta.url));

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.open();
  await stage.project.configure("secondary", settings);
  await stage.succeed("stack", "init", "primary");
  await stage.succeed("stack", "init", "secondary");
  outputs.push((await stage.up("primary")).output);
  await stage.sandbox.loadEstate(sourceEstate(), "primary");
  await stage.sandbox.loadEstate(standbyEstate(), "secondary");
}, 120_000);
afterAll(() => stage.close());

/** Everything that any run has printed. */
const outputs: string[] = [];
const up = async (...more: string[]): Promise<string> => {
  const { output } = await stage.up("secondary", ...more);
  outputs.push(output);
  return output;
};
const outcomes = (lines: readonly LedgerLine[], kind: string): Record<string, string> =>
  Object.fromEntries(
    lines
      .filter((line) => line.kind === kind && !["skipped", "not-ours"].includes(line.outcome))
      .map(({ name, outcome }) => [name, outcome]),
  );
const theirs = async (): Promise<unknown> => {
  const at = stage.at("secondary");
  const { state: _, ...cluster } = (await at.clusters()).get("their own")!;
  const settled = Object.entries(cluster).filter(([field]) => !/time|state|reason|cores|memory/.test(field));
  return [settled, (await at.jobs()).get("their own"), await at.text("/databricks/init/their-own.sh")];
};
const edit = async (name: string, changes: Fields): Promise<void> => {
  const { cluster_id } = (await stage.at("primary").clusters()).get(name)!;
  const spec = { spark_version: "15.4.x-scala2.12", node_type_id: "Standard_DS3_v2", cluster_name: name, cluster_id };
  await stage.at("primary").post("/api/2.1/clusters/edit", { ...spec, ...changes });
};

describe("a standby, followed through its days", { timeout: 120_000 }, () => {
  it("has one inert copy of everything, and what others made there", async () => {
    stage.forgetRequests();
    await up();
    expect(stage.writesAt("primary")).toEqual([]);
    const { lines } = await stage.ledgerOf("secondary");
    const { primary, secondary } = stage.sandbox.description;
    expect(await findFaults(primary, secondary, lines)).toEqual([]);
    expect(lines.filter(({ outcome }) => outcome === "failed" || outcome === "needs-a-person")).toEqual([]);
    expect([...(await stage.at("secondary").clusters()).keys()].sort()).toEqual(
      [...(await stage.at("primary").clusters()).keys(), "their own"].sort(),
    );
    expect([...(await stage.at("secondary").jobs()).keys()].sort()).toEqual(
      [...(await stage.at("primary").jobs()).keys(), "their own"].sort(),
    );
  });

  it("tells in a screenful what is there and how old that is, and the ids of all copies by command", async () => {
    const { stdout } = await stage.succeed("stack", "output", "--stack", "secondary", "--json");
    expect(stdout.split("\n").length).toBeLessThan(150);
    expect(stdout).not.toContain("copyId");
    const ages = [...stdout.matchAll(/"(\d{4}-\d\d-\d\dT[\d:.]+Z)"/g)].map(([, at]) => Date.parse(at!));
    expect(ages.length).toBeGreaterThanOrEqual(kinds.length);
    expect(Math.min(...ages)).toBeGreaterThan(Date.now() - 3_600_000);

    const idMap = (...args: string[]) =>
      promisify(execFile)(process.execPath, [dr, "id-map", ...args], { cwd: stage.project.path });
    const maps = JSON.parse((await idMap("--json")).stdout) as Record<string, Record<string, string>>;
    const ids = async (at: "primary" | "secondary"): Promise<Map<string, string>> =>
      new Map([...(await stage.at(at).clusters())].map(([name, { cluster_id }]) => [name, String(cluster_id)]));
    const [from, to] = [await ids("primary"), await ids("secondary")];
    for (const [name, id] of from) expect(maps.clusters?.[id]).toBe(to.get(name));
    expect((await idMap("clusters")).stdout).toContain(from.get("etl"));
    await expect(idMap("nonsense")).rejects.toThrow(/no copies of a kind "nonsense"; it has/);
  });

  it("a second up writes nothing on either side and reports no change, whichever version wrote the state", async () => {
    const { stdout } = await stage.succeed("stack", "export", "--stack", "secondary");
    const file = join(stage.temporary, "state.json");
    const other = stdout.replaceAll('"exports.handler', '"// Of another version.\\nexports.handler');
    expect(other.length - stdout.length).toBeGreaterThan(100);
    await writeFile(file, other);
    await stage.succeed("stack", "import", "--stack", "secondary", "--file", file);
    stage.forgetRequests();
    await up("--expect-no-changes");
    expect(stage.writesAt("primary")).toEqual([]);
    expect(stage.writesAt("secondary")).toEqual([]);
  });

  it("edits on the source, and by hand on the standby, stand in the preview as up then carries them out", async () => {
    const [source, standby] = [stage.at("primary"), stage.at("secondary")];
    const before = { clusters: await standby.clusters(), jobs: await standby.jobs() };
    const mine = await theirs();
    await edit("etl", { num_workers: 3, spark_conf: { "spark.jdbc.pwd": `${planted}-anew` } });
    await source.post("/api/2.0/dbfs/put", {
      path: "/databricks/init/base.sh",
      contents: Buffer.from("echo two\n").toString("base64"),
      overwrite: true,
    });
    const load = (await source.jobs()).get("load")!;
    await source.post("/api/2.2/jobs/update", { job_id: load.job_id, new_settings: { timeout_seconds: 77 } });
    await source.post("/api/2.2/jobs/create", {
      name: "brand new",
      tasks: [{ task_key: "n", notebook_task: { notebook_path: "/n" } }],
    });
    await source.post("/api/2.2/jobs/delete", { job_id: (await source.jobs()).get("doomed")!.job_id });
    const [adHoc, stream] = [before.clusters.get("ad hoc")!, before.jobs.get("stream")!];
    await standby.post("/api/2.1/clusters/permanent-delete", { cluster_id: adHoc.cluster_id });
    await standby.post("/api/2.2/jobs/update", { job_id: stream.job_id, new_settings: { max_concurrent_runs: 9 } });

    stage.forgetRequests();
    const plain = await stage.succeed("preview", "--stack", "secondary");
    const diff = await stage.succeed("preview", "--stack", "secondary", "--diff");
    const steps = await stage.previewSteps("secondary");
    outputs.push(plain.output, diff.output);
    expect([...stage.writesAt("primary"), ...stage.writesAt("secondary")]).toEqual([]);

    expect(plain.output).toMatch(/~ "etl" \[.*num_workers: \(none\) → 3/);
    expect(plain.output).toMatch(/\+ "ad hoc" \[.*: its copy is gone from the standby; it is made again/);
    expect(plain.output).toMatch(/\+ "brand new" \[/);
    expect(plain.output).toMatch(/~ "load" \[.*timeout_seconds: 0 → 77/);
    expect(plain.output).toMatch(
      /~ "stream" \[.*edited on the standby \(max_concurrent_runs: 9 → 1.*\); the source's version wins/,
    );
    expect(plain.output).toContain('~ "dbfs:/databricks/init/base.sh"');
    expect(diff.output).toMatch(/\+ brand new \[/);
    expect(diff.output).toMatch(/timeout_seconds *: "0 → 77"/);
    expect(diff.output).toMatch(/\+ doomed \[.*kept: gone from the source; its copy is kept/);

    const { output: seen } = await stage.succeed("refresh", "--stack", "secondary", "--yes", "--skip-preview");
    outputs.push(seen);
    const drift = (await stage.stateOf("secondary")).flatMap(
      ({ outputs: out }) => (out?.drift as string[] | undefined) ?? [],
    );
    expect(drift).toEqual([
      expect.stringMatching(/^cluster "ad hoc" \[.*\] is gone from the standby$/),
      expect.stringMatching(/^job "stream" \[.*\] was edited on the standby$/),
    ]);

    await up();
    const { lines } = await stage.ledgerOf("secondary");
    expect(outcomes(lines, "clusters")).toEqual({
      etl: "updated",
      "ad hoc": "created",
      "single 🚀\nnode": "unchanged",
      mounting: "unchanged",
    });
    // What refers to the cluster that is made again follows it.
    expect(outcomes(lines, "jobs")).toEqual({
      load: "updated",
      "brand new": "created",
      stream: "updated",
      report: "updated",
    });
    expect(outcomes(lines, "init-scripts")).toMatchObject({ "dbfs:/databricks/init/base.sh": "updated" });
    for (const { urn, inputs } of await stage.stateOf("secondary")) {
      const announced = steps.get(urn.split("::").at(-1)!)?.newState?.inputs;
      if (announced?.digest) expect(inputs?.digest).toEqual(announced.digest);
    }
    const { primary, secondary } = stage.sandbox.description;
    expect(await findFaults(primary, secondary, lines)).toEqual([]);
    const after = await standby.clusters();
    expect(after.get("etl")?.cluster_id).toBe(before.clusters.get("etl")?.cluster_id);
    expect((await standby.jobs()).get("load")?.job_id).toBe(before.jobs.get("load")?.job_id);
    expect((await standby.jobs()).has("doomed")).toBe(true);
    expect(await theirs()).toEqual(mine);
    await up("--expect-no-changes");
  });

  it("the proof sees what is not as it should be, and the next up puts it right", async () => {
    const at = stage.at("secondary");
    const [jobs, clusters] = [await at.jobs(), await at.clusters()];
    const tasks = [{ task_key: "load", notebook_task: { notebook_path: "/Shared/other" } }];
    await at.post("/api/2.2/jobs/update", { job_id: jobs.get("load")!.job_id, new_settings: { tasks } });
    const libraries = [{ pypi: { package: "surplus" } }];
    await at.post("/api/2.0/libraries/install", { cluster_id: clusters.get("etl")!.cluster_id, libraries });
    const contents = Buffer.from("echo another").toString("base64");
    await at.post("/api/2.0/dbfs/put", { path: "/databricks/init/base.sh", contents, overwrite: true });
    const { instance_pools = [] } = await at.get("/api/2.0/instance-pools/list");
    await at.post("/api/2.0/instance-pools/edit", { ...(instance_pools as Fields[])[0], max_capacity: 4 });
    const notebook = {
      path: "/Shared/team/load",
      format: "SOURCE",
      language: "SQL",
      content: contents,
      overwrite: true,
    };
    await at.post("/api/2.0/workspace/import", notebook);
    const { resource_id } = await at.get("/api/2.0/workspace/get-status?path=/Shared/team");
    await at.patch(`/api/2.0/permissions/directories/${String(resource_id)}`, {
      access_control_list: [{ group_name: "users", permission_level: "CAN_MANAGE" }],
    });
    const { primary, secondary } = stage.sandbox.description;
    const { lines } = await stage.ledgerOf("secondary");
    const unmade = lines.map((line) =>
      line.name === "/mnt/raw" ? { ...line, name: "/mnt/none", id: "/mnt/none" } : line,
    );
    expect((await findFaults(primary, secondary, unmade)).sort()).toEqual([
      expect.stringMatching(/^cluster "etl" .*: libraries are .*surplus.* there, \[\] here$/),
      "folders /Shared/team: group_name users CAN_MANAGE is granted there, and not here",
      "folders /Shared/team: group_name users CAN_RUN is not granted there",
      "init script dbfs:/databricks/init/base.sh: its copy differs",
      expect.stringMatching(/^job "load" .*: tasks is .*other/),
      "mount /mnt/raw has no line in the ledger",
      "notebook /Shared/team/load: its copy differs",
      'pool "warm": max_capacity is 4 there, 3 here',
    ]);
    // An access list is read in rotation, or when its object changed.
    await stage.project.configure("secondary", { recheckHours: 0 });
    await up();
    await stage.project.configure("secondary", { recheckHours: undefined });
    expect(await findFaults(primary, secondary, (await stage.ledgerOf("secondary")).lines)).toEqual([]);
  });

  it("deletions are followed when that is allowed, after the preview has named them", async () => {
    await stage.project.configure("secondary", { deletions: "propagate", deletionLimitPercent: 50 });
    const { output } = await stage.succeed("preview", "--stack", "secondary");
    expect(output).toMatch(/- "doomed" \[.*: gone from the source/);
    await up();
    expect((await stage.at("secondary").jobs()).has("doomed")).toBe(false);
    expect((await stage.at("secondary").jobs()).has("their own")).toBe(true);
  });

  it("no secret stands in any output, state, report, configuration or temporary file", async () => {
    const files = await stage.filesLeft();
    expect(files.size).toBeGreaterThan(5);
    const telling = [...files].filter(([, text]) => text.includes(planted)).map(([path]) => path);
    expect(telling).toEqual([]);
    expect(outputs.filter((output) => output.includes(planted))).toEqual([]);
    const { stdout } = await stage.succeed("stack", "export", "--stack", "secondary", "--show-secrets");
    expect(stdout).not.toContain(planted);
  });

  it("destroy takes its own copies away and nothing else", async () => {
    const mine = await theirs();
    stage.forgetRequests();
    const removed = await stage.stateOf("secondary");
    const replicas = new Set(kinds.map(({ name }) => `secondary-replica-${name}`));
    const targets = removed.flatMap(({ urn }) => (replicas.has(urn.split("::").at(-1)!) ? ["--target", urn] : []));
    await stage.succeed(
      "destroy",
      "--stack",
      "secondary",
      "--yes",
      "--skip-preview",
      "--target-dependents",
      ...targets,
    );
    expect(await theirs()).toEqual(mine);
    expect([...(await stage.at("secondary").clusters()).keys()]).toEqual(["their own"]);
    expect([...(await stage.at("secondary").jobs()).keys()]).toEqual(["their own"]);
    await expect(stage.at("secondary").text("/databricks/init/base.sh")).rejects.toThrow("404");
    const { objects = [] } = await stage.at("secondary").get("/api/2.0/workspace/list?path=/.databricks-dr");
    const left = (objects as Fields[]).map(({ path }) => String(path));
    expect(left.filter((path) => !path.startsWith("/.databricks-dr/role."))).toEqual([]);
    expect(stage.writesAt("primary")).toEqual([]);
  });
});
