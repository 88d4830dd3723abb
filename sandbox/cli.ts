import { readFile } from "node:fs/promises";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { FaultRule } from "./http/faults.js";
import type * as sandboxModule from "./sandbox.js";
import type { Sandbox, SandboxOptions } from "./sandbox.js";

interface SandboxFlags {
  readonly port?: number;
  readonly estate?: string;
  readonly latency?: number;
  readonly rateLimits?: boolean;
  readonly faults?: string;
  readonly provisioned?: boolean;
}

/** Adds `dr sandbox`: keeps both clouds running until Ctrl-C, and prints one line of JSON when they are ready. */
export function addSandboxCommand(program: Command): void {
  program
    .command("sandbox")
    .summary("run both clouds on this machine")
    .description(
      "Runs Azure Resource Manager and two Databricks workspaces on this machine until Ctrl-C. Prints one line of JSON " +
        "on stdout when ready: host and token of primary and secondary, ARM's endpoint, the control URL, and env: the " +
        "variables with which pulumi and any Databricks client use it. Everything else goes to stderr.",
    )
    .addOption(
      new Option(
        "--port <n>",
        "fix the ports: n control, n+1 ARM, n+2 primary, n+3 secondary, n+4 azure-native, n+5 databricks (default: free ones)",
      ).argParser(portOf),
    )
    .option("--estate <file>", "load this estate into the primary's workspace once that exists")
    .addOption(new Option("--latency <ms>", "added to every answer").argParser(millisecondsOf))
    .option("--rate-limits", "hold to the documented rate limits")
    .option("--faults <file>", "faults of both workspaces: a JSON array of rules (docs/sandbox.md)")
    .option("--provisioned", "both workspaces live from the start, without ARM")
    .addHelpText(
      "after",
      "\nExamples:\n" +
        "  npx dr sandbox --provisioned --estate sandbox/estates/company.json\n" +
        "  npx dr sandbox --latency 40 --rate-limits\n\n" +
        "Every switch can be changed while it runs: see the control URL in docs/sandbox.md.",
    )
    .action(runSandbox);
}

async function runSandbox(flags: SandboxFlags): Promise<void> {
  const options = await optionsOf(flags);
  const { startSandbox } = await loadSandbox();
  // From before the start, so that Ctrl-C at any time leaves nothing behind.
  const ended = new Promise<"ended">((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => resolve("ended"));
  });
  const sandbox = await startSandbox(options);
  try {
    const ready = flags.estate === undefined ? undefined : loadWhenThere(sandbox, flags.estate);
    if ((await Promise.race([ready, ended])) !== "ended") {
      process.stdout.write(`${JSON.stringify(sandbox.description)}\n`);
      process.stderr.write("The sandbox is ready. Ctrl-C ends it.\n");
      await ended;
    }
  } finally {
    await sandbox.stop();
  }
  process.stderr.write("The sandbox has ended.\n");
  // An estate that is still being loaded would hold the process.
  process.exit();
}

/** Loaded only here: the other commands work where the sandbox's packages are not installed. */
async function loadSandbox(): Promise<typeof sandboxModule> {
  try {
    return await import("./sandbox.js");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new Error("the sandbox's packages are not installed: run npm install without --omit=dev", { cause: error });
  }
}

async function optionsOf(flags: SandboxFlags): Promise<SandboxOptions> {
  return {
    ...(flags.port === undefined ? {} : { port: flags.port }),
    ...(flags.latency === undefined ? {} : { latencyMs: flags.latency }),
    ...(flags.rateLimits ? { rateLimits: true } : {}),
    ...(flags.provisioned ? { provisioned: true } : {}),
    ...(flags.faults === undefined ? {} : { faults: await readFaults(flags.faults) }),
  };
}

async function readFaults(file: string): Promise<FaultRule[]> {
  const rules: unknown = JSON.parse(await readFile(file, "utf8"));
  if (!Array.isArray(rules)) throw new Error(`${file} is not an array of fault rules`);
  return rules as FaultRule[];
}

/** Loads now where the workspace lives already, or when ARM has made it. */
async function loadWhenThere(sandbox: Sandbox, file: string): Promise<void> {
  const load = async (): Promise<void> => {
    let shown = 0;
    const { calls } = await sandbox.loadEstate(file, "primary", (done, total) => {
      const tenth = Math.floor((done * 10) / total);
      if (tenth > shown) process.stderr.write(`estate ${file}: ${done} of ${total} calls\n`);
      shown = tenth;
    });
    process.stderr.write(`estate ${file}: loaded by ${calls} calls\n`);
  };
  if (sandbox.slots.server("primary")) return load();
  sandbox.slots.onCreate((slot) => {
    if (slot !== "primary") return;
    load().catch((error: unknown) => process.stderr.write(`estate ${file}: ${(error as Error).message}\n`));
  });
}

function portOf(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_529)
    throw new InvalidArgumentError("A port is a number from 1 to 65529.");
  return port;
}

function millisecondsOf(text: string): number {
  const ms = Number(text);
  if (!Number.isFinite(ms) || ms < 0) throw new InvalidArgumentError("Milliseconds are a number that is not negative.");
  return ms;
}
