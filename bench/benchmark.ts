import { fileURLToPath } from "node:url";
import { kinds } from "@databricks-dr/replication";
import { countsOf } from "../sandbox/estates/generate.js";
import { BenchPair, replicationSettings, unpaced } from "./bench-pair.js";
import type { CopyAloneArgs } from "./copy-alone.js";
import { between, callsIn, refusedIn } from "./answered.js";
import type { BenchOptions, ConditionName } from "./options.js";
import { type Effort, measured } from "./pulumi-command.js";

/** One row of the table. */
export interface Measurement {
  readonly objects: number;
  readonly condition: string;
  readonly operation: string;
  readonly seconds: number;
  readonly calls: number;
  /** How many of the calls were answered 429. */
  readonly refused: number;
  /** Time taken, divided by the least time that the limits allow the fewest calls; of a first copy under limits. */
  readonly timesBound: number | undefined;
  /** Peaks in MiB. */
  readonly providerMemory: number | undefined;
  readonly programMemory: number | undefined;
  /** Seconds of CPU, provider and program together. */
  readonly cpu: number | undefined;
  /** State of the secondary stack after it, in MB; undefined where there is none. */
  readonly stateSize: number | undefined;
}

export type Told = (measurement: Measurement) => void;

const up = ["up", "--stack", "secondary", "--yes", "--skip-preview"];

/** Measures one size of estate under each condition; the estate is loaded once. */
export async function measureSize(objects: number, options: BenchOptions, told: Told): Promise<void> {
  const pair = await BenchPair.open();
  try {
    const restore = await pair.prepare(objects);
    for (const condition of options.conditions) {
      await pair.pace(condition === "limits");
      const measure = measurerOf(pair, objects, condition, options, told);
      if (condition === "bare") {
        await measure("copy alone", async () => {
          const effort = await copyAlone(pair);
          return { ...effort, memory: { provider: effort.memory.command }, cpu: { provider: effort.cpu.command } };
        });
        await restore();
      }
      await measure("first copy", () => pair.pulumi(...up));
      await refuseIncomplete(pair, objects);
      await measure("up, no change", () => pair.pulumi(...up, "--expect-no-changes"));
      await pair.editTen();
      await measure("up, ten edits", () => pair.pulumi(...up));
      await measure("preview, no change", () => pair.pulumi("preview", "--stack", "secondary", "--expect-no-changes"));
      await restore();
    }
  } finally {
    await pair.close();
  }
}

function measurerOf(
  pair: BenchPair,
  objects: number,
  condition: ConditionName,
  { latencyMs }: BenchOptions,
  told: Told,
): (operation: string, work: () => Promise<Effort>) => Promise<void> {
  const limited = condition === "limits";
  return async (operation, work) => {
    const before = pair.answered();
    pair.under({ latencyMs: limited ? latencyMs : 0, rateLimits: limited });
    const { seconds, memory, cpu } = await work();
    pair.under({ latencyMs: 0, rateLimits: false });
    const answered = pair.answered().map((after, index) => between(before[index]!, after));
    told({
      objects,
      condition: limited ? `${latencyMs} ms, limits` : "bare",
      operation,
      seconds,
      calls: answered.reduce((sum, each) => sum + callsIn(each), 0),
      refused: answered.reduce((sum, each) => sum + refusedIn(each), 0),
      timesBound: limited && operation === "first copy" ? seconds / pair.boundSeconds : undefined,
      providerMemory: memory.provider,
      programMemory: memory.program,
      cpu: operation === "copy alone" ? cpu.provider : (cpu.provider ?? 0) + (cpu.program ?? 0),
      stateSize: operation === "copy alone" ? undefined : await pair.stateSize(),
    });
  };
}

async function copyAlone(pair: BenchPair): Promise<Effort> {
  const endpointOf = async (stack: string): Promise<CopyAloneArgs["local"]> =>
    JSON.parse((await pair.pulumi("stack", "output", "workspace", "--json", "--stack", stack)).output);
  const args: CopyAloneArgs = {
    peer: await endpointOf("primary"),
    local: await endpointOf("secondary"),
    settings: { ...replicationSettings, ...unpaced },
  };
  const script = fileURLToPath(new URL("copy-alone.ts", import.meta.url));
  return measured(process.execPath, ["--import", "tsx", script, JSON.stringify(args)], {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    env: pair.environment,
  });
}

/** A copy that left something out would be fast for the wrong reason. */
async function refuseIncomplete(pair: BenchPair, objects: number): Promise<void> {
  const outcomes = await pair.outcomes();
  const counts = Object.values(outcomes);
  const count = (name: string): number => counts.reduce((sum, each) => sum + (each[name] ?? 0), 0);
  const { notebooks, folders } = countsOf(objects);
  const isCopied = kinds.some(({ name }) => name === "notebooks");
  if (
    count("created") < objects - (isCopied ? 0 : notebooks + folders) ||
    count("failed") + count("needs-a-person") > 0
  )
    throw new Error(`the first copy is not whole: ${JSON.stringify(outcomes)}`);
}
