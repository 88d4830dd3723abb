import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { parse } from "ini";

/** One section of `.databrickscfg`. https://learn.microsoft.com/azure/databricks/dev-tools/auth/config-profiles */
export interface Profile {
  readonly host?: string;
  readonly auth_type?: string;
  readonly token?: string;
  readonly client_id?: string;
  readonly client_secret?: string;
  readonly azure_workspace_resource_id?: string;
  readonly azure_use_msi?: string;
  readonly azure_client_id?: string;
  readonly azure_client_secret?: string;
  readonly azure_tenant_id?: string;
}

/** Holds the CLI's own settings, and is no profile. */
const settingsSection = "__settings__";

export function databricksConfigFile(): string {
  const path = process.env.DATABRICKS_CONFIG_FILE || "~/.databrickscfg";
  return path.startsWith("~") ? join(homedir(), path.slice(1)) : path;
}

/** The profiles by name; none where there is no such file. */
export async function readProfiles(): Promise<Record<string, Profile | undefined>> {
  try {
    return parseProfiles(await readFile(databricksConfigFile(), "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
}

function parseProfiles(text: string): Record<string, Profile | undefined> {
  const escaped = text
    // A dot in a section's name would be the beginning of a section within it.
    .replace(/^\s*\[.*$/gm, (header) => header.replaceAll(".", "\\."))
    // A secret may have these in it: they begin a comment after a space alone, as for Databricks' SDKs.
    .replace(/(?<=\S)[;#]/g, "\\$&");
  const sections = Object.entries(parse(escaped)).filter(
    (entry): entry is [string, Record<string, unknown>] =>
      entry[0] !== settingsSection && typeof entry[1] === "object" && entry[1] !== null,
  );
  return Object.fromEntries(
    sections.map(([name, values]) => [
      name,
      Object.fromEntries(
        Object.entries(values)
          .filter(([, value]) => value !== "" && value !== null)
          .map(([key, value]) => [key, String(value)]),
      ),
    ]),
  );
}

export function sameHost(a: string, b: string): boolean {
  const bare = (host: string): string =>
    host
      .replace(/^https?:\/\//, "")
      .replace(/\/.*$/, "")
      .toLowerCase();
  return bare(a) === bare(b);
}
