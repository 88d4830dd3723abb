import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parse } from "yaml";
import { UserError } from "./user-error.js";

export interface RuntimeOptions {
  typescript?: boolean;
  /** Arguments for node, in front of the program. */
  nodeargs?: string;
  tsconfig?: string;
}

/** A provider that stands in the project's own directory tree. */
export interface LocalPlugin {
  name: string;
  path: string;
}

/** `Pulumi.yaml`. */
export interface Project {
  name: string;
  description: string | undefined;
  file: string;
  /** Where `Pulumi.yaml` is. */
  directory: string;
  runtime: string;
  runtimeOptions: RuntimeOptions;
  /** Program file or directory, relative to the project's. */
  main: string | undefined;
  backendUrl: string | undefined;
  plugins: LocalPlugin[];
  /** Defaults for configuration, by key as written. */
  config: Record<string, unknown>;
  stackConfigDirectory: string | undefined;
}

const fileNames = ["Pulumi.yaml", "Pulumi.yml", "Pulumi.json"];

/** The nearest project file, from a directory upwards. */
export function findProjectFile(directory: string): string | undefined {
  for (const name of fileNames) {
    const file = path.join(directory, name);
    if (fs.existsSync(file)) return file;
  }
  const parent = path.dirname(directory);
  return parent === directory ? undefined : findProjectFile(parent);
}

const record = (value: unknown): Record<string, unknown> =>
  value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
const optionalText = (value: unknown): string | undefined => (typeof value === "string" && value ? value : undefined);

export function readProject(file: string): Project {
  let raw: Record<string, unknown>;
  try {
    raw = record(parse(fs.readFileSync(file, "utf8")));
  } catch (cause) {
    throw new UserError(
      `could not load project from ${file}: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    );
  }
  const name = optionalText(raw.name);
  if (!name) throw new UserError(`could not load project from ${file}: project is missing a 'name' attribute`);
  const runtime = typeof raw.runtime === "string" ? { name: raw.runtime } : record(raw.runtime);
  const providers = record(raw.plugins).providers;
  return {
    name,
    description: optionalText(raw.description),
    file,
    directory: path.dirname(file),
    runtime: optionalText(runtime.name) ?? "",
    runtimeOptions: record(runtime.options) as RuntimeOptions,
    main: optionalText(raw.main),
    backendUrl: optionalText(record(raw.backend).url),
    plugins: Array.isArray(providers)
      ? providers.map(record).map((plugin) => ({ name: String(plugin.name), path: String(plugin.path) }))
      : [],
    config: record(raw.config),
    stackConfigDirectory: optionalText(raw.stackConfigDir),
  };
}

/** Where Pulumi keeps what is a person's own: logins and selected stacks. */
export const pulumiHome = (env: NodeJS.ProcessEnv): string => env.PULUMI_HOME ?? path.join(os.homedir(), ".pulumi");

const workspaceFile = (project: Project, env: NodeJS.ProcessEnv): string =>
  path.join(
    pulumiHome(env),
    "workspaces",
    `${project.name}-${createHash("sha1").update(project.file).digest("hex")}-workspace.json`,
  );

function readJson(file: string): Record<string, unknown> {
  try {
    return record(JSON.parse(fs.readFileSync(file, "utf8")));
  } catch {
    return {}; // Absent or damaged means nothing chosen yet, as for the Pulumi CLI.
  }
}

function writeJson(file: string, content: unknown, mode: number): void {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, JSON.stringify(content, undefined, 4), { mode });
}

/** The stack chosen with `pulumi stack select`, for a project and a backend; the Pulumi CLI sees the same choice. */
export function selectedStack(project: Project, backendUrl: string, env: NodeJS.ProcessEnv): string | undefined {
  const content = readJson(workspaceFile(project, env));
  return optionalText(record(content.stacks)[backendUrl]) ?? optionalText(content.stack);
}

export function selectStack(
  project: Project,
  backendUrl: string,
  stack: string | undefined,
  env: NodeJS.ProcessEnv,
): void {
  const file = workspaceFile(project, env);
  const { stack: _legacy, ...content } = readJson(file);
  const stacks = { ...record(content.stacks) };
  if (stack === undefined) delete stacks[backendUrl];
  else stacks[backendUrl] = stack;
  writeJson(file, { ...content, stacks }, 0o600);
}

const credentialsFile = (env: NodeJS.ProcessEnv): string => path.join(pulumiHome(env), "credentials.json");

/** The backend of the last `pulumi login`. */
export const currentLogin = (env: NodeJS.ProcessEnv): string | undefined =>
  optionalText(readJson(credentialsFile(env)).current);

export function rememberLogin(url: string | undefined, env: NodeJS.ProcessEnv): void {
  const content = readJson(credentialsFile(env));
  const { current: _previous, ...others } = content;
  const next =
    url === undefined
      ? others
      : {
          ...others,
          current: url,
          accessTokens: { ...record(content.accessTokens), [url]: "" },
          accounts: { ...record(content.accounts), [url]: { lastValidatedAt: "0001-01-01T00:00:00Z" } },
        };
  writeJson(credentialsFile(env), next, 0o600);
}
