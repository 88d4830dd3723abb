import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const linked = [
  ...["Pulumi.yaml", "package.json", "plain-errors.cjs", "node_modules"],
  ...["index.ts", "config.ts", "config-keys.ts", "config-schema.ts", "components"],
];

/** What a run of `pulumi` left. */
export interface Finished {
  readonly code: number;
  /** stdout and stderr. */
  readonly output: string;
  readonly seconds: number;
}

/** The project in a directory of its own, so that a test may change the stacks' configuration. */
export interface ProjectCopy {
  pulumi(...args: string[]): Promise<Finished>;
  remove(): Promise<void>;
}

/** @param env Variables for `pulumi`, laid over the caller's own. */
export async function copyProject(env: Readonly<Record<string, string>>): Promise<ProjectCopy> {
  const directory = await mkdtemp(join(tmpdir(), "databricks-dr-program-"));
  for (const name of linked) await symlink(join(root, name), join(directory, name));
  for (const stack of ["primary", "secondary"])
    await copyStackFile(`Pulumi.${stack}.yaml`, directory);
  return {
    pulumi(...args) {
      const started = performance.now();
      const options = { cwd: directory, env: { ...process.env, ...env }, maxBuffer: 64 << 20 };
      return new Promise((resolve) => {
        execFile("pulumi", [...args, "--non-interactive"], options, (error, stdout, stderr) => {
          const code = error ? (typeof error.code === "number" ? error.code : 1) : 0;
          resolve({ code, output: stdout + stderr, seconds: (performance.now() - started) / 1000 });
        });
      });
    },
    remove: () => rm(directory, { recursive: true }),
  };
}

/** Without the salt that a stack of the working copy may have left there: it belongs to another passphrase. */
async function copyStackFile(name: string, directory: string): Promise<void> {
  const text = await readFile(join(root, name), "utf8");
  await writeFile(join(directory, name), text.replace(/^encryptionsalt:.*\n?/m, ""));
}
