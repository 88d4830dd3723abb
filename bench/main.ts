import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { engineDirectory, findPulumi } from "../sandbox/engine/index.js";
import { type Measurement, measureSize } from "./benchmark.js";
import { writeResults } from "./benchmarks-page.js";
import { readOptions, usage } from "./options.js";
import { markdownTable, rowOf } from "./result-table.js";

await main();

async function main(): Promise<void> {
  try {
    const options = readOptions(process.argv.slice(2));
    if (options === "help") return console.log(usage);
    const how = madeWith();
    console.log(`${how}\n`);
    const measurements: Measurement[] = [];
    for (const objects of options.objects)
      await measureSize(objects, options, (measurement) => {
        measurements.push(measurement);
        const { condition, operation, seconds } = measurement;
        console.log(`${objects} objects, ${condition}: ${operation} ${seconds.toFixed(1)} s`);
      });
    const rows = measurements.map(rowOf);
    console.log(`\n${markdownTable(rows)}`);
    if (options.write) await writeResults(how, rows);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}

/** Engine, Node and cores: without them a time says nothing. */
function madeWith(): string {
  const installed = findPulumi();
  const standIn = (): string => execFileSync(`${engineDirectory}/pulumi`, ["version"], { encoding: "utf8" }).trim();
  const engine = installed ? `Pulumi CLI ${installed.version}` : `the stand-in engine (${standIn()})`;
  return `Engine: ${engine}. Node ${process.versions.node}, ${availableParallelism()} cores.`;
}
