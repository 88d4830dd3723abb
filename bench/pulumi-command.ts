import { spawn } from "node:child_process";
import { type CpuSeconds, type PeakMemory, ProcessWatch } from "./process-watch.js";

/** What a run of a command took. */
export interface Effort {
  readonly seconds: number;
  readonly memory: PeakMemory;
  readonly cpu: CpuSeconds;
  readonly output: string;
}

const shownAtFailure = 4_000;

/** Runs a command and watches its memory. @throws Error with the end of its output when it fails. */
export async function measured(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string | undefined>> },
): Promise<Effort> {
  const began = performance.now();
  const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  const watch = child.pid === undefined ? undefined : new ProcessWatch(child.pid);
  const output: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => output.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  const seconds = (performance.now() - began) / 1000;
  const { memory, cpu } = watch?.stop() ?? { memory: {}, cpu: {} };
  const text = Buffer.concat(output).toString();
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}:\n${text.slice(-shownAtFailure)}`);
  return { seconds, memory, cpu, output: text };
}
