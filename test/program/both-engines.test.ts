import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { companySettings } from "../../quick-start/company-settings.js";
import { makeProjectFolder } from "../../quick-start/project-folder.js";
import type { SandboxDescription } from "../../sandbox/description.js";
import { type Sandbox, startSandbox } from "../../sandbox/sandbox.js";
import { Rest } from "../acceptance/stage.js";
import { type Engine, realEngine, standIn } from "../engine/engines.js";
import { misplacedReferences, normalized, resourcesByUrn } from "../engine/normalized-state.js";
import type { ExportedState } from "../engine/test-project.js";

const company = fileURLToPath(new URL("../../sandbox/estates/company.json", import.meta.url));

/** What a person and a pipeline see of one moment, and the state that is there then. */
interface Moment {
  readonly steps: unknown;
  readonly text: readonly string[];
  readonly state: Record<string, unknown>;
}

describe.skipIf(!realEngine)("this program on the stand-in and on Pulumi's own CLI", () => {
  let sandbox: Sandbox;
  const days = new Map<Engine, ReadonlyMap<string, Moment>>();

  beforeAll(async () => {
    if (!realEngine) return;
    sandbox = await startSandbox({ clusterStartMs: 20, clusterStopMs: 10, provisioned: true });
    await sandbox.loadEstate(company, "primary");
    const asItWas = sandbox.snapshot();
    for (const engine of [standIn, realEngine]) {
      days.set(engine, await firstDays(engine, sandbox));
      await asItWas();
    }
  }, 600_000);
  afterAll(() => sandbox?.stop());

  test.each(["primary", "secondary", "nothing to do", "an edit, a new job and a deletion"])(
    "%s: the same previews, the same state",
    (name) => {
      const [mine, theirs] = [standIn, realEngine!].map((engine) => days.get(engine)!.get(name)!);
      expect(mine!.steps).toEqual(theirs!.steps);
      expect(mine!.text).toEqual(theirs!.text);
      expect(mine!.state).toEqual(theirs!.state);
    },
  );
});

/** Both stacks come up, the standby follows what happens on the source, and both go. */
async function firstDays(engine: Engine, sandbox: Sandbox): Promise<ReadonlyMap<string, Moment>> {
  const run = await openRun(engine, sandbox);
  const moments = new Map<string, Moment>();
  const moment = async (name: string, stack: string): Promise<void> => {
    const steps = await run.previewSteps(stack);
    const text = await run.previewText(stack);
    await run.pulumi("up", "--yes", "--skip-preview", "--stack", stack);
    moments.set(name, { ...(await run.comparable(stack, { steps, text })) });
  };
  try {
    await moment("primary", "primary");
    await moment("secondary", "secondary");
    await moment("nothing to do", "secondary");
    await changeSource(sandbox.description.primary);
    await moment("an edit, a new job and a deletion", "secondary");
    for (const stack of ["secondary", "primary"])
      await run.pulumi("destroy", "--yes", "--skip-preview", "--stack", stack);
  } finally {
    await run.close();
  }
  return moments;
}

async function changeSource(address: SandboxDescription["primary"]): Promise<void> {
  const source = new Rest(address);
  const [edited, deleted] = [...(await source.jobs()).values()].filter(({ tasks }) => Array.isArray(tasks));
  await source.post("/api/2.2/jobs/update", { job_id: edited!.job_id, new_settings: { timeout_seconds: 4321 } });
  await source.post("/api/2.2/jobs/delete", { job_id: deleted!.job_id });
  await source.post("/api/2.2/jobs/create", { name: "brand new", tasks: [] });
}

async function openRun(engine: Engine, sandbox: Sandbox) {
  const project = await makeProjectFolder();
  await project.configure("secondary", { ...companySettings, protect: false });
  await project.configure("primary", { protect: false });
  const folder = mkdtempSync(join(tmpdir(), "both-engines-"));
  const [state, home] = [join(folder, "state"), join(folder, "home")];
  for (const each of [state, home]) mkdirSync(each);
  const env = {
    ...process.env,
    ...sandbox.description.env,
    PULUMI_BACKEND_URL: pathToFileURL(state).href,
    PULUMI_HOME: home,
    PATH: `${engine.directory}${delimiter}${process.env.PATH}`,
  };
  const pulumi = (...args: string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      const options = { cwd: project.path, env, maxBuffer: 64 << 20 };
      execFile("pulumi", [...args, "--non-interactive"], options, (error, stdout, stderr) => {
        if (error) reject(new Error(`${engine.name}: pulumi ${args.join(" ")}\n${stdout}${stderr}`));
        else resolve(stdout);
      });
    });
  for (const stack of ["primary", "secondary"]) await pulumi("stack", "init", stack);

  return {
    pulumi,
    async previewSteps(stack: string): Promise<unknown[]> {
      const { steps } = JSON.parse(await pulumi("preview", "--json", "--stack", stack)) as {
        steps: { urn: string; op: string }[];
      };
      return steps.sort((a, b) => (`${a.urn} ${a.op}` < `${b.urn} ${b.op}` ? -1 : 1));
    },
    async previewText(stack: string): Promise<string[]> {
      const lines = (await pulumi("preview", "--diff", "--stack", stack)).split("\n");
      return lines
        .filter((line) => !/^@ |^Duration/.test(line))
        .map((line) => line.trimEnd())
        .sort();
    },
    /** Without what no two runs have in common: ids that a workspace gave, and times. */
    async comparable(stack: string, seen: { steps: unknown; text: string[] }): Promise<Moment> {
      const exported = await pulumi("stack", "export", "--show-secrets", "--stack", stack);
      const { deployment } = JSON.parse(exported) as { deployment: ExportedState };
      expect(misplacedReferences(deployment)).toEqual([]);
      const given = idsGiven(deployment);
      const plain = <T>(value: T): T => {
        let text = JSON.stringify(value);
        for (const [id, name] of given) text = text.replaceAll(id, name);
        // Ids are of 15 to 17 digits, and keys are padded to the longest.
        text = text.replace(/<new job>\] +:/g, "<new job>]:");
        return normalized(JSON.parse(text, dropRunsOwn)) as T;
      };
      return { steps: plain(seen.steps), text: plain(seen.text), state: plain(resourcesByUrn(deployment)) };
    },
    async close(): Promise<void> {
      await project.remove();
      await rm(folder, { recursive: true });
    },
  };
}

/** Id that a workspace gave in this run → what it stands for. */
function idsGiven({ resources = [] }: ExportedState): [string, string][] {
  const operations = JSON.stringify(resources).matchAll(/"operationsClusterId":"([^"]+)"/g);
  const newJobs = JSON.stringify(resources).matchAll(/brand new \[(\d+)\]/g);
  return [
    ...[...operations].map(([, id]): [string, string] => [id!, "<operations>"]),
    ...[...newJobs].map(([, id]): [string, string] => [id!, "<new job>"]),
  ];
}

const time = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;
const managedStorage = /^dbstorage[0-9a-f]{12}$/;

/** Times, names that Azure made up, fingerprints of definitions in this workspace's own ids, and what a run took. */
function dropRunsOwn(key: string, value: unknown): unknown {
  if (["desired", "actual", "shown", "digest", "imprint", "held", "calls", "seconds"].includes(key)) return undefined;
  if (typeof value !== "string") return value;
  if (key === "plaintext") return JSON.parse(value, dropRunsOwn);
  return time.test(value) || managedStorage.test(value) ? undefined : value;
}
