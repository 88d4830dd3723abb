import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const directory = fileURLToPath(new URL("./engine/bin", import.meta.url));

/** The stand-in engine's directory, to be put in front of PATH; undefined where a real `pulumi` is there already. */
export async function standInEngine(path = process.env.PATH ?? ""): Promise<string | undefined> {
  for (const candidate of path.split(delimiter)) {
    if (candidate === "" || candidate === directory) continue;
    try {
      await access(join(candidate, "pulumi"), constants.X_OK);
      return undefined;
    } catch {
      continue;
    }
  }
  return directory;
}
