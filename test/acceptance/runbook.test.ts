import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SlotName } from "../../sandbox/workspace-slots.js";
import { settings, sourceEstate, standbyEstate } from "./estate.js";
import { firing, firingTwice, watchFiring } from "./firing.js";
import { type Fields, Stage } from "./stage.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const stacks = ["primary", "secondary"] as const;
const minutes = 60_000;

let stage: Stage;
let runbook: string;

beforeAll(async () => {
  runbook = await readFile(join(root, "docs/runbook.md"), "utf8");
  stage = await Stage.open();
  await stage.project.configure("secondary", settings);
  for (const stack of stacks) await stage.succeed("stack", "init", stack);
  await stage.up("primary");
  await stage.sandbox.loadEstate(sourceEstate(), "primary");
  await stage.sandbox.loadEstate(standbyEstate(), "secondary");
  await stage.at("primary").post("/api/2.2/jobs/create", alone);
  await stage.up("secondary");
}, 10 * minutes);
afterAll(() => stage.close());

/** Has no copy: it refers to what only the primary has. */
const alone = {
  name: "only in the east",
  tasks: [{ task_key: "p", pipeline_task: { pipeline_id: "00000000-0000-4000-8000-000000000001" } }],
  schedule: { quartz_cron_expression: "0 0 4 * * ?", timezone_id: "UTC", pause_status: "UNPAUSED" },
};

/** The commands of a section of the runbook, in their order. */
function commandsOf(section: string): string[] {
  const text = runbook.split(/^## /m).find((each) => each.startsWith(`${section}\n`));
  if (text === undefined) throw new Error(`the runbook has no section "${section}"`);
  return [...text.matchAll(/^ {4}(\S.*)$/gm)].map(([, command]) => command!);
}

/** Runs a command as it stands in the runbook, with nobody there to answer or to look at a preview. */
async function run(command: string): Promise<void> {
  const [program, ...words] = command.split(/\s+/);
  const unasked = words[0] === "up" ? ["--yes", "--skip-preview"].filter((flag) => !words.includes(flag)) : [];
  const running = program === "npx" ? stage.startDr(...words.slice(1)) : stage.start(...words, ...unasked);
  const { code, output } = await running.finished;
  if (code !== 0) throw new Error(`${command} ended with ${String(code)}\n${output}`);
}

async function namesAt(at: SlotName): Promise<string[]> {
  return [...(await stage.at(at).jobs()).keys()].filter((name) => name !== "their own").sort();
}

async function isStandby(stack: SlotName): Promise<boolean> {
  const file = await readFile(join(stage.project.path, `Pulumi.${stack}.yaml`), "utf8");
  return /databricks-dr:role: standby/.test(file);
}

/**
 * Runs a section, and after each change of role the hourly `up` of what is a standby then. At no moment is a job live on both
 * sides.
 */
async function follow(section: string): Promise<void> {
  const seenTwice = watchFiring(stage.sandbox);
  for (const command of commandsOf(section)) {
    await run(command);
    if (command.startsWith("npx dr role"))
      for (const stack of stacks) if (await isStandby(stack)) await stage.up(stack);
  }
  expect(seenTwice()).toEqual([]);
}

const edit = async (at: SlotName, name: string, changes: Fields): Promise<void> => {
  const job_id = (await stage.at(at).jobs()).get(name)!.job_id;
  await stage.at(at).post("/api/2.2/jobs/update", { job_id, new_settings: changes });
};

describe("the runbook, word by word", { timeout: 20 * minutes }, () => {
  it("keeps a copy of each state", async () => {
    for (const command of commandsOf("Every day")) await run(command);
  });

  it("switches sides: each trigger goes over as it was, and what has no copy goes on where it is", async () => {
    const before = firing(stage.sandbox, "primary");
    await follow("A planned switch");
    expect(firing(stage.sandbox, "secondary").sort()).toEqual(before.filter((name) => name !== alone.name).sort());
    expect(firing(stage.sandbox, "primary")).toEqual([alone.name]);
  });

  it("refuses an update from a checkout with the old roles, and says what to commit", async () => {
    const live = firing(stage.sandbox, "secondary");
    await stage.project.configure("secondary", { role: "standby" });
    const { code, output } = await stage.pulumi("up", "--stack", "secondary", "--yes", "--skip-preview");
    expect(code).not.toBe(0);
    expect(output).toMatch(/stack secondary is active, and its configuration says standby/);
    expect(output).toContain("pulumi config set databricks-dr:role active --stack secondary, and commit");
    expect(firing(stage.sandbox, "secondary")).toEqual(live);
    await stage.project.configure("secondary", { role: "active" });
  });

  it("goes home: what was made and edited meanwhile comes along, nothing is there twice", async () => {
    await stage.at("secondary").post("/api/2.2/jobs/create", {
      name: "made in the west",
      tasks: [{ task_key: "t", notebook_task: { notebook_path: "/Shared/west" } }],
      schedule: { quartz_cron_expression: "0 0 5 * * ?", timezone_id: "UTC", pause_status: "UNPAUSED" },
    });
    const [edited] = firing(stage.sandbox, "secondary");
    await edit("secondary", edited!, { timeout_seconds: 4711 });
    const live = [...firing(stage.sandbox, "secondary"), alone.name].sort();
    await follow("Going home");
    expect(firing(stage.sandbox, "primary").sort()).toEqual([...new Set([...live, "made in the west"])].sort());
    expect(firing(stage.sandbox, "secondary")).toEqual([]);
    const jobs = await stage.at("primary").jobs();
    expect(jobs.get(edited!)?.timeout_seconds).toBe(4711);
    for (const at of stacks) expect(await namesAt(at)).toEqual([...new Set(await namesAt(at))]);
    expect(await namesAt("secondary")).toEqual((await namesAt("primary")).filter((name) => name !== alone.name));
  });

  it("brings a lost state back from its copy", async () => {
    await stage.succeed("stack", "rm", "secondary", "--yes", "--force", "--preserve-config");
    for (const command of commandsOf("The state is lost")) await run(command);
    await stage.up("secondary", "--expect-no-changes");
    expect(firing(stage.sandbox, "secondary")).toEqual([]);
    await rm(join(stage.project.path, "reports"), { recursive: true });
    await stage.up("secondary", "--expect-no-changes");
    expect(Object.keys((await stage.ledgerOf("secondary")).counts)).toContain("jobs");
  });

  it("takes over from a lost primary, and holds it when it comes back", async () => {
    const [promote, hold, ...rest] = commandsOf("The primary region is lost");
    const before = firing(stage.sandbox, "primary").filter((name) => name !== alone.name);
    stage.sandbox.workspace("primary").traffic.faults.add({ phase: "before", cut: true });
    await run(promote!);
    expect(firing(stage.sandbox, "secondary").sort()).toEqual(before.sort());
    stage.sandbox.workspace("primary").traffic.faults.clear();
    const hourly = await stage.pulumi("up", "--stack", "primary", "--yes", "--skip-preview");
    expect(hourly.code).not.toBe(0);
    expect(hourly.output).toMatch(/stack secondary is active as well, since .*\n.*hold this one first/);
    await run(hold!);
    expect(firingTwice(stage.sandbox)).toEqual([]);
    for (const command of rest) await run(command);
    expect(firing(stage.sandbox, "primary")).toEqual([alone.name]);
    expect(firing(stage.sandbox, "secondary").sort()).toEqual(before.sort());
    for (const command of commandsOf("Going home")) await run(command);
    expect(firing(stage.sandbox, "primary").sort()).toEqual([...before, alone.name].sort());
  });
});
