import { CommanderError } from "commander";
import { buildProgram } from "./cli.js";
import type { Terminal } from "./commands/global-options.js";
import { exitCodes, SilentFailure, UserError } from "./user-error.js";

/** Runs one command line, and gives the process's exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const terminal: Terminal = {
    env: process.env,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
  };
  // A reader that has had enough (`| head`) is no error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  try {
    await buildProgram(terminal).parseAsync([...args], { from: "user" });
    return exitCodes.success;
  } catch (error) {
    return report(error, terminal);
  }
}

function report(error: unknown, { stdout, stderr, env }: Terminal): number {
  // Commander has printed its own message: help, a version, a wrong flag.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.success : exitCodes.error;
  if (error instanceof SilentFailure) return error.exitCode;
  if (error instanceof UserError) {
    if (error.exitCode === exitCodes.success) stdout.write(error.message);
    else stderr.write(`error: ${error.message}\n`);
    return error.exitCode;
  }
  // Not foreseen: whoever mends it needs to know where it was.
  const text = error instanceof Error ? (env.PULUMI_DEBUG ? error.stack : error.message) : String(error);
  stderr.write(`error: ${text ?? "unknown"}\n`);
  return exitCodes.error;
}
