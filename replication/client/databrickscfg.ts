import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { parse } from "ini";

/** One section of `.databrickscfg`. https://docs.databricks.com/dev-tools/auth/config-profiles.html */
export interface Profile {
  readonly host?: string;
  readonly token?: string;
}

export function databricksConfigFile(): string {
  return process.env.DATABRICKS_CONFIG_FILE ?? join(homedir(), ".databrickscfg");
}

/** The profiles by name; none where there is no such file. */
export async function readProfiles(): Promise<Record<string, Profile | undefined>> {
  try {
    const text = await readFile(databricksConfigFile(), "utf8");
    // A dot in a section's name would be the beginning of a section within it.
    return parse(text.replace(/^\s*\[.*$/gm, (header) => header.replaceAll(".", "\\."))) as Record<string, Profile>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
}

export function sameHost(a: string, b: string): boolean {
  const bare = (host: string): string =>
    host
      .replace(/^https?:\/\//, "")
      .replace(/\/.*$/, "")
      .toLowerCase();
  return bare(a) === bare(b);
}
