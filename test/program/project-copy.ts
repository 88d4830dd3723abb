import { execFile } from "node:child_process";
import { makeProjectFolder, type ProjectFolder } from "../../quick-start/project-folder.js";

/** What a run of `pulumi` left. */
export interface Finished {
  readonly code: number;
  /** stdout and stderr. */
  readonly output: string;
  readonly seconds: number;
}

/** The project in a directory of its own, so that a test may change the stacks' configuration. */
export interface ProjectCopy extends Pick<ProjectFolder, "configure" | "remove"> {
  pulumi(...args: string[]): Promise<Finished>;
}

/** @param env Variables for `pulumi`, laid over the caller's own. */
export async function copyProject(env: Readonly<Record<string, string>>): Promise<ProjectCopy> {
  const folder = await makeProjectFolder();
  return {
    pulumi(...args) {
      const started = performance.now();
      const options = { cwd: folder.path, env: { ...process.env, ...env }, maxBuffer: 64 << 20 };
      return new Promise((resolve) => {
        execFile("pulumi", [...args, "--non-interactive"], options, (error, stdout, stderr) => {
          const code = error ? (typeof error.code === "number" ? error.code : 1) : 0;
          resolve({ code, output: stdout + stderr, seconds: (performance.now() - started) / 1000 });
        });
      });
    },
    configure: (stack, values) => folder.configure(stack, values),
    remove: () => folder.remove(),
  };
}
