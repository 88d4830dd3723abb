import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { fileURLToPath } from "node:url";

/** Put in front of PATH, this directory makes `pulumi` the stand-in engine. */
export const engineDirectory = path.join(path.dirname(fileURLToPath(import.meta.url)), "bin");

export interface PulumiInstallation {
  /** Absolute path of the executable. */
  path: string;
  /** As it says itself, without the leading `v`. */
  version: string;
}

/** Pulumi's own CLI where one is on PATH; the stand-in is not mistaken for it, nor is anything that does not answer with a version. */
export function findPulumi(env: NodeJS.ProcessEnv = process.env): PulumiInstallation | undefined {
  const standIn = fs.realpathSync(path.join(engineDirectory, "pulumi"));
  for (const directory of (env.PATH ?? "").split(path.delimiter)) {
    const candidate = path.resolve(directory, "pulumi");
    if (!directory || !isExecutable(candidate) || fs.realpathSync(candidate) === standIn) continue;
    const version = versionOf(candidate, env);
    if (version !== undefined && !version.includes("stand-in")) return { path: candidate, version };
  }
  return undefined;
}

function isExecutable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

function versionOf(executable: string, env: NodeJS.ProcessEnv): string | undefined {
  try {
    const output = execFileSync(executable, ["version"], {
      env: { ...env, PULUMI_SKIP_UPDATE_CHECK: "true" },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      timeout: 20_000,
    });
    return /^v?(\d+\.\d+\.\d+\S*)$/m.exec(output)?.[1];
  } catch {
    return undefined;
  }
}
