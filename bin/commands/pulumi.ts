import { spawn } from "node:child_process";

/** A failure that is told in its own words. */
export class PulumiFailed extends Error {
  override readonly name = "PulumiFailed";
}

const notFound =
  "pulumi is not on PATH: install it (https://www.pulumi.com/docs/install/), or use the sandbox's (npx dr sandbox)";

/** Runs `pulumi` in the project's folder, this one, and gives what it printed on stdout. @throws PulumiFailed */
export function readPulumi(...args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn("pulumi", [...args, "--non-interactive"], { stdio: ["ignore", "pipe", "pipe"] });
    const [out, err]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.on("error", (cause) => reject(new PulumiFailed(notFound, { cause })));
    child.on("close", (code) => {
      if (code === 0) return resolve(Buffer.concat(out).toString("utf8"));
      const why = Buffer.concat(err).toString("utf8").trim();
      reject(new PulumiFailed(`pulumi ${args.join(" ")} ended with ${code}${why ? `: ${why}` : ""}`));
    });
  });
}

/** Runs `pulumi` on this terminal. Gives its exit code. @throws PulumiFailed when it cannot be started. */
export function showPulumi(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn("pulumi", args, { stdio: "inherit", env: { ...process.env, ...env } });
    child.on("error", (cause) => reject(new PulumiFailed(notFound, { cause })));
    child.on("close", (code) => resolve(code ?? 1));
  });
}
