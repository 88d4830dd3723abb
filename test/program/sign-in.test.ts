import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Sandbox, startSandbox } from "../../sandbox/sandbox.js";
import { engines } from "../engine/engines.js";
import type { ExportedState } from "../engine/test-project.js";
import { copyProject, type ProjectCopy } from "./project-copy.js";

const secret = { DATABRICKS_CLIENT_ID: "robot", DATABRICKS_CLIENT_SECRET: "fake-secret" };

interface Row {
  readonly name: string;
  readonly config: { readonly auth: string; readonly profile?: string };
  readonly profile?: (token: string) => string;
  readonly environment?: (token: string, host: string) => Readonly<Record<string, string>>;
  readonly az?: true;
  readonly told: Readonly<Record<string, unknown>>;
}

/** The rows of docs/azure.md: what is there to sign in with, and what the provider is told of it. */
const rows: readonly Row[] = [
  {
    name: "profile with a token",
    config: { auth: "profile", profile: "dr" },
    profile: (token: string) => `token = ${token}`,
    told: { authType: "pat", profile: "dr" },
  },
  {
    name: "profile with an OAuth secret, and a token for elsewhere in the environment",
    config: { auth: "profile", profile: "dr" },
    profile: () => `client_id = robot\nclient_secret = fake-secret`,
    environment: () => ({ DATABRICKS_TOKEN: "fake-of-another-workspace" }),
    told: { authType: "oauth-m2m", profile: "dr" },
  },
  {
    name: "environment with a token",
    config: { auth: "environment" },
    environment: (token: string) => ({ DATABRICKS_TOKEN: token }),
    told: { authType: "pat" },
  },
  {
    name: "environment with an OAuth secret",
    config: { auth: "environment" },
    environment: () => secret,
    told: { authType: "oauth-m2m" },
  },
  {
    name: "azure with az login",
    config: { auth: "azure" },
    az: true,
    told: { authType: "azure-cli", azureWorkspaceResourceId: expect.stringContaining("/workspaces/") as string },
  },
  {
    name: "auto with a profile of the host, and ARM_* for Azure",
    config: { auth: "auto" },
    profile: (token: string) => `token = ${token}`,
    environment: () => ({ ARM_CLIENT_ID: "robot", ARM_CLIENT_SECRET: "fake-secret", ARM_TENANT_ID: "tenant" }),
    told: { authType: "pat", profile: "dr" },
  },
  {
    name: "auto with the environment",
    config: { auth: "auto" },
    environment: (token: string, host: string) => ({ DATABRICKS_TOKEN: token, DATABRICKS_HOST: host }),
    told: { authType: "pat" },
  },
  {
    name: "auto with az login",
    config: { auth: "auto" },
    az: true,
    told: { authType: "azure-cli", azureWorkspaceResourceId: expect.stringContaining("/workspaces/") as string },
  },
];

describe.each(engines)("signing in, on the $name", { timeout: 600_000 }, (engine) => {
  let sandbox: Sandbox;
  let project: ProjectCopy;
  let folder: string;
  const env: Record<string, string> = {};
  let ofRow: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sign-in-"));
    sandbox = await startSandbox({ clusterStartMs: 0, clusterStopMs: 0 });
    Object.assign(env, sandbox.description.env, { PATH: `${engine.directory}${delimiter}${process.env.PATH}` });
    project = await copyProject(env);
    for (const stack of ["primary", "secondary"]) await succeed("stack", "init", stack);
    for (const stack of ["primary", "secondary"]) await succeed("up", "--yes", "--skip-preview", "--stack", stack);
    await anyWorkspaceTakesOAuth();
  }, 600_000);
  afterAll(async () => {
    vi.unstubAllGlobals();
    await project.remove();
    await sandbox.stop();
    await rm(folder, { recursive: true });
  });

  /** The sandbox's workspaces give no tokens for OAuth secrets: what stands for that is loaded into each process. */
  async function anyWorkspaceTakesOAuth(): Promise<void> {
    const authorization = `Basic ${Buffer.from("robot:fake-secret").toString("base64")}`;
    const { host, token } = sandbox.description.secondary;
    const source = `const real = globalThis.fetch;
globalThis.fetch = (url, init) => String(url) !== ${JSON.stringify(`${host}/oidc/v1/token`)} ? real(url, init)
  : Promise.resolve(init.headers.authorization === ${JSON.stringify(authorization)}
    ? Response.json({ access_token: ${JSON.stringify(token)}, expires_in: 3600 })
    : Response.json({ message: "unknown client" }, { status: 401 }));`;
    await writeFile(join(folder, "oidc.cjs"), source);
    vi.stubGlobal("fetch", globalThis.fetch);
    await import(join(folder, "oidc.cjs"));
    env["NODE_OPTIONS"] = `--require ${join(folder, "oidc.cjs")}`;
  }

  async function succeed(...args: string[]): Promise<string> {
    const { code, output } = await project.pulumi(...args);
    expect(code, output).toBe(0);
    return output;
  }

  /** Only what the row has is there to sign in with. */
  async function provide(row: Row): Promise<void> {
    const { primary, secondary } = sandbox.description;
    const file = join(folder, "databrickscfg");
    const mine = row.profile ? `[dr]\nhost = ${secondary.host}\n${row.profile(secondary.token)}\n` : "";
    await writeFile(file, `[source]\nhost = ${primary.host}\ntoken = ${primary.token}\n${mine}`);
    const bin = join(folder, row.az ? "with-az" : "without-az");
    await rm(bin, { recursive: true, force: true });
    await mkdir(bin);
    const later = Date.now() + 3_600_000;
    if (row.az)
      await writeFile(
        join(bin, "az"),
        `#!/bin/sh\necho '{"accessToken": "${secondary.token}", "expires_on": ${Math.floor(later / 1000)}}'\n`,
        { mode: 0o755 },
      );
    for (const name of ofRow) Reflect.deleteProperty(env, name);
    const given = row.environment?.(secondary.token, secondary.host) ?? {};
    ofRow = Object.keys(given);
    Object.assign(env, given, {
      DATABRICKS_CONFIG_FILE: file,
      PATH: `${bin}${delimiter}${engine.directory}${delimiter}${process.env.PATH}`,
    });
  }

  async function providerIn(stack: string): Promise<Record<string, unknown>> {
    const { deployment } = JSON.parse(await succeed("stack", "export", "--stack", stack)) as {
      deployment: ExportedState;
    };
    const provider = deployment.resources?.find(({ urn }) => urn.endsWith(`providers:databricks::${stack}-databricks`));
    const { host, version, ...told } = provider?.inputs as Record<string, unknown>;
    expect(host).toBe(sandbox.description.secondary.host);
    expect(version).toBeTypeOf("string");
    return told;
  }

  it.each(rows)("$name", async (row) => {
    await provide(row);
    await project.configure("secondary", { profile: undefined, ...row.config });
    await succeed("up", "--yes", "--skip-preview", "--stack", "secondary");
    const told = await providerIn("secondary");
    expect(told).toMatchObject(row.told);
    const own = Object.keys(told).filter((name) => !name.startsWith("__"));
    expect(own.sort()).toEqual(Object.keys(row.told).sort());
    await succeed("preview", "--expect-no-changes", "--stack", "secondary");
  });

  it("a variable that the provider would take before the profile ends the run, and says how to go on", async () => {
    await provide({ ...rows[0]!, environment: () => ({ DATABRICKS_TOKEN: "fake-of-another-workspace" }) });
    await project.configure("secondary", { auth: "profile", profile: "dr" });
    const { code, output } = await project.pulumi("up", "--yes", "--skip-preview", "--stack", "secondary");
    expect(code).not.toBe(0);
    expect(output).toContain("DATABRICKS_TOKEN of the environment differs from profile [dr]");
    expect(output).not.toMatch(/\n\s+at |fake-of-another/);
  });
});
