import { mkdir, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";

export interface EnvironmentOptions {
  /** Where the sandbox keeps its files; gone when it stops. */
  readonly directory: string;
  readonly profiles: Readonly<Record<string, { readonly host: string; readonly token: string }>>;
  readonly providers: Readonly<Record<string, number>>;
  readonly arm: {
    readonly endpoint: string;
    readonly token: string;
    readonly subscriptionId: string;
  };
  /** The directory of the stand-in engine, where no real `pulumi` is on PATH. */
  readonly engineDirectory: string | undefined;
}

/** Credentials of the caller's own workspaces: Databricks' clients take them before a profile. An empty one counts as unset. */
const elsewhere = [
  ...["HOST", "TOKEN", "CLIENT_ID", "CLIENT_SECRET", "CONFIG_PROFILE", "AUTH_TYPE"].map((name) => `DATABRICKS_${name}`),
  ...["ARM_CLIENT_ID", "ARM_CLIENT_SECRET", "ARM_TENANT_ID"],
];

/** Writes the files and gives the variables with which `pulumi` and any Databricks client use the sandbox. */
export async function writeEnvironment(options: EnvironmentOptions): Promise<Record<string, string>> {
  const { directory, arm } = options;
  const state = join(directory, "state");
  const home = join(directory, "pulumi");
  const profiles = join(directory, ".databrickscfg");
  await Promise.all([mkdir(state), mkdir(home)]);
  const text = Object.entries(options.profiles)
    .map(([name, { host, token }]) => `[${name}]\nhost = ${host}\ntoken = ${token}\n`)
    .join("\n");
  await writeFile(profiles, text, { mode: 0o600 });
  return {
    PULUMI_BACKEND_URL: `file://${state}`,
    PULUMI_HOME: home,
    PULUMI_CONFIG_PASSPHRASE: "sandbox",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DEBUG_PROVIDERS: Object.entries(options.providers)
      .map(([name, port]) => `${name}:${port}`)
      .join(","),
    ...Object.fromEntries(elsewhere.filter((name) => process.env[name]).map((name) => [name, ""])),
    DATABRICKS_CONFIG_FILE: profiles,
    // No ARM_CLIENT_ID and the like: with a token at hand too, Databricks' SDKs refuse to choose between the two.
    ARM_ENDPOINT: arm.endpoint,
    ARM_ACCESS_TOKEN: arm.token,
    ARM_SUBSCRIPTION_ID: arm.subscriptionId,
    ...(options.engineDirectory === undefined
      ? {}
      : { PATH: `${options.engineDirectory}${delimiter}${process.env.PATH ?? ""}` }),
  };
}
