import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";

/** The processes that a run has started, so that none outlives it. */
export class ChildProcesses {
  private readonly children = new Set<ChildProcess>();

  /** Starts a process in a group of its own: Ctrl-C reaches the engine, which decides what its children hear. */
  start(command: string, args: readonly string[], options: Pick<SpawnOptions, "cwd" | "env">): ChildProcess {
    const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"], detached: true });
    this.children.add(child);
    child.once("exit", () => this.children.delete(child));
    child.once("error", () => this.children.delete(child));
    return child;
  }

  /** Ends a process and what it has started itself. */
  kill(child: ChildProcess, signal: NodeJS.Signals = "SIGKILL"): void {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      child.kill(signal); // The group is gone already, or cannot be signalled.
    }
  }

  killAll(): void {
    for (const child of this.children) this.kill(child);
  }
}

/** Calls back for each line of a stream, the last one too when it lacks its end. */
export function onLines(stream: NodeJS.ReadableStream | null, handle: (line: string) => void): void {
  if (!stream) return;
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    lines.forEach(handle);
  });
  stream.on("end", () => {
    if (rest) handle(rest);
  });
}
