import { spawn } from "node:child_process";
import { copyFile, mkdir, readdir, readFile } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { type Sandbox, startSandbox } from "../sandbox/sandbox.js";
import { companySettings } from "./company-settings.js";
import { findFaults } from "./proof.js";
import { makeProjectFolder, type ProjectFolder } from "./project-folder.js";
import { type KindSummary, summaryTable } from "./summary-table.js";

const estates = fileURLToPath(new URL("../sandbox/estates/", import.meta.url));
const reports = fileURLToPath(new URL("../reports/", import.meta.url));

/** Ends the run with a sentence and exit code 1. */
class Failed extends Error {}

await main();

async function main(): Promise<void> {
  const began = performance.now();
  const sandbox = await startSandbox();
  const project = await makeProjectFolder();
  const stop = async (): Promise<void> => {
    await sandbox.stop();
    await project.remove();
  };
  process.once("SIGINT", () => void stop().then(() => process.exit(130)));
  try {
    await run(sandbox, project);
    say(`All of it holds. ${seconds(performance.now() - began)} in all.`);
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    console.error(`\n✗ ${error.message}`);
    process.exitCode = 1;
  } finally {
    await stop();
  }
}

async function run(sandbox: Sandbox, project: ProjectFolder): Promise<void> {
  const pulumi = (...args: string[]): Promise<string> => runPulumi(sandbox, project, args);
  const up = (stack: string, ...more: string[]): Promise<string> =>
    pulumi("up", "--stack", stack, "--yes", "--skip-preview", ...more);
  await project.configure("secondary", companySettings);

  say("1. The primary stack: East US 2, active");
  await pulumi("stack", "init", "primary");
  await up("primary");

  say("2. A company has worked in it for years: loading its estate");
  await loadEstate(sandbox, "company.json", "primary");

  say("3. The secondary stack: West US, standby, with a copy of the primary's workspace");
  await pulumi("stack", "init", "secondary");
  const callsBefore = callsAtBoth(sandbox);
  const upBegan = performance.now();
  await up("secondary");

  say("4. The standby's team adds the people and secrets that the ledger asks for; the next run goes on from there");
  await loadEstate(sandbox, "standby.json", "secondary");
  await up("secondary");
  const took = performance.now() - upBegan;
  const calls = callsAtBoth(sandbox) - callsBefore;

  say("5. Once more: nothing changes, nothing is written");
  await up("secondary", "--expect-no-changes");

  say("6. The proof: both workspaces read over REST, without any of the replication's code");
  const ledger = await readLedger(project);
  const faults = await findFaults(sandbox.description.primary, sandbox.description.secondary, ledger.lines);
  const planted = await plantedSecretsIn(sandbox, project);
  console.log(summaryTable(ledger.kinds));
  console.log(
    `\n${calls} API calls, ${seconds(took)} for both runs of the standby\nevery object, line by line: reports/secondary-ledger.json`,
  );
  for (const fault of [...faults, ...planted].slice(0, 20)) console.error(`✗ ${fault}`);
  const failed = ledger.kinds.reduce((sum, { counts }) => sum + (counts.failed ?? 0), 0);
  if (faults.length + planted.length + failed > 0)
    throw new Failed(`${faults.length + planted.length} faults in the standby, ${failed} copies failed`);
}

async function loadEstate(sandbox: Sandbox, file: string, slot: "primary" | "secondary"): Promise<void> {
  const { calls } = await sandbox.loadEstate(join(estates, file), slot);
  console.log(`${basename(file)}: ${calls} calls into the ${slot} workspace`);
}

/** Runs `pulumi`, the real one where it is on PATH, with its output on this terminal; gives its output. */
function runPulumi(sandbox: Sandbox, project: ProjectFolder, args: readonly string[]): Promise<string> {
  console.log(`$ pulumi ${args.join(" ")}`);
  return new Promise((resolve, reject) => {
    const child = spawn("pulumi", args, {
      cwd: project.path,
      env: { ...process.env, ...sandbox.description.env },
      stdio: ["ignore", "inherit", "inherit"],
    });
    child.on("error", reject);
    child.on("exit", (code) =>
      code === 0 ? resolve("") : reject(new Failed(`pulumi ${args.join(" ")} ended with ${code}`)),
    );
  });
}

interface LedgerFile {
  readonly counts: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly effort: Readonly<Record<string, { readonly calls: number; readonly seconds: number }>>;
  readonly lines: Parameters<typeof findFaults>[2];
}

async function readLedger(project: ProjectFolder): Promise<{ kinds: KindSummary[]; lines: LedgerFile["lines"] }> {
  const file = join(project.path, "reports", "secondary-ledger.json");
  const { counts, effort, lines } = JSON.parse(await readFile(file, "utf8")) as LedgerFile;
  await mkdir(reports, { recursive: true });
  await copyFile(file, join(reports, basename(file)));
  return { lines, kinds: Object.entries(counts).map(([kind, each]) => ({ kind, counts: each, ...effort[kind]! })) };
}

/** The estate's secrets all bear one mark: none of them may stand in the state, its backups and history, or the reports. */
async function plantedSecretsIn(sandbox: Sandbox, project: ProjectFolder): Promise<string[]> {
  const backend = fileURLToPath(`${sandbox.description.env.PULUMI_BACKEND_URL}/`);
  const faults: string[] = [];
  for (const folder of [backend, join(project.path, "reports")])
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      const file = join(entry.parentPath, entry.name);
      if (entry.isFile() && /planted-/i.test(await readFile(file, "utf8")))
        faults.push(`${relative(folder, file)} holds a secret in clear`);
    }
  return faults;
}

function callsAtBoth(sandbox: Sandbox): number {
  const slots = ["primary", "secondary"] as const;
  return slots.reduce((sum, slot) => sum + callsAt(sandbox, slot), 0);
}

function callsAt(sandbox: Sandbox, slot: "primary" | "secondary"): number {
  const server = sandbox.slots.server(slot);
  return server ? Object.values(server.traffic.log.counts()).reduce((sum, count) => sum + count, 0) : 0;
}

function say(text: string): void {
  console.log(`\n── ${text}`);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
