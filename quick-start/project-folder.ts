import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseDocument } from "yaml";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The project as `pulumi` sees it, in a folder of its own: what a run writes into the stacks' files leaves the checkout clean. */
export interface ProjectFolder {
  readonly path: string;
  /** Sets keys of the namespace `databricks-dr` in one stack's file; takes out those that are undefined. */
  configure(stack: string, values: Readonly<Record<string, unknown>>): Promise<void>;
  remove(): Promise<void>;
}

export async function makeProjectFolder(): Promise<ProjectFolder> {
  const path = await mkdtemp(join(tmpdir(), "databricks-dr-project-"));
  const stackFile = /^Pulumi\..+\.yaml$/;
  for (const name of await readdir(root)) {
    if (stackFile.test(name)) await copyStackFile(name, path);
    else if (name !== ".git" && name !== "reports") await symlink(join(root, name), join(path, name));
  }
  return {
    path,
    async configure(stack, values) {
      const file = join(path, `Pulumi.${stack}.yaml`);
      const document = parseDocument(await readFile(file, "utf8"));
      for (const [key, value] of Object.entries(values)) {
        const at = ["config", `databricks-dr:${key}`];
        if (value === undefined) document.deleteIn(at);
        else document.setIn(at, value);
      }
      await writeFile(file, document.toString());
    },
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

/** Without the salt that a stack of the working copy may have left there: it belongs to another passphrase. */
async function copyStackFile(name: string, folder: string): Promise<void> {
  const document = parseDocument(await readFile(join(root, name), "utf8"));
  document.delete("encryptionsalt");
  await writeFile(join(folder, name), document.toString());
}
