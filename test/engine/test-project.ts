import { execFile, spawn, type ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { LocalWorkspace, type Stack } from "@pulumi/pulumi/automation/index.js";
import type { Engine } from "./engines.js";
import type { TestProvider } from "./test-provider.js";

const repository = fileURLToPath(new URL("../..", import.meta.url));

/** What programs of tests begin with: a resource class of the test provider, and of a dynamic one. */
const prelude = `
const pulumi = require("@pulumi/pulumi");
const config = new pulumi.Config();
const step = Number(process.env.STEP ?? "0");
class Thing extends pulumi.CustomResource {
  constructor(name, args, opts = {}) {
    super("test:index:Thing", name, { ...args, computed: undefined, self: undefined, token: undefined }, { version: "1.2.3", ...opts });
  }
  static get(name, id, opts = {}) { return new Thing(name, {}, { ...opts, id }); }
}
class Box extends pulumi.ComponentResource {
  constructor(name, opts) { super("test:index:Box", name, {}, opts); }
}
const dynamicProvider = {
  async check(olds, news) { return { inputs: news, failures: news.bad === undefined ? [] : [{ property: "bad", reason: "is never right" }] }; },
  async diff(id, olds, news) { return { changes: JSON.stringify(olds.value) !== JSON.stringify(news.value) }; },
  async create(inputs) { return { id: "dynamic-" + JSON.stringify(inputs.value).length, outs: { ...inputs, made: true } }; },
  async update(id, olds, news) { return { outs: { ...news, made: true } }; },
  async read(id, props) { return { id, props }; },
  async delete() {},
};
class Dynamic extends pulumi.dynamic.Resource {
  constructor(name, args, opts) { super(dynamicProvider, name, { ...args, made: undefined }, opts); }
}
`;

export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** A Pulumi project in a directory of its own, with a state and a home of its own. */
export class TestProject {
  readonly directory: string;
  readonly state: string;
  private readonly home: string;

  constructor(
    readonly engine: Engine,
    private readonly providers: readonly TestProvider[] = [],
    readonly name = "p",
    state?: string,
  ) {
    const root = fs.mkdtempSync(path.join(os.tmpdir(), "engine-test-"));
    this.directory = path.join(root, "project");
    this.state = state ?? path.join(root, "state");
    this.home = path.join(root, "home");
    for (const directory of [this.directory, this.state, this.home]) fs.mkdirSync(directory, { recursive: true });
    fs.symlinkSync(path.join(repository, "node_modules"), path.join(this.directory, "node_modules"));
    this.write("package.json", JSON.stringify({ name, private: true }));
    this.write(
      "Pulumi.yaml",
      `name: ${name}\nruntime:\n  name: nodejs\n  options:\n    typescript: false\nmain: index.cjs\n`,
    );
    this.program("");
  }

  write(file: string, content: string): void {
    fs.writeFileSync(path.join(this.directory, file), content);
  }

  read(file: string): string {
    return fs.readFileSync(path.join(this.directory, file), "utf8");
  }

  program(body: string): void {
    this.write("index.cjs", prelude + body);
  }

  get stateUrl(): string {
    return `file://${this.state}`;
  }

  stateFile(stack: string): string {
    return path.join(this.state, ".pulumi", "stacks", this.name, `${stack}.json`);
  }

  env(engine: Engine = this.engine): NodeJS.ProcessEnv {
    return {
      ...process.env,
      PATH: [engine.directory, process.env.PATH].join(path.delimiter),
      PULUMI_BACKEND_URL: this.stateUrl,
      PULUMI_CONFIG_PASSPHRASE: "correct horse",
      PULUMI_HOME: this.home,
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DEBUG_PROVIDERS: this.providers.map(({ attachment }) => attachment).join(","),
      PULUMI_DEBUG_COMMANDS: undefined,
      NO_COLOR: "1",
    };
  }

  /** Runs a command line to its end, whatever that is. */
  run(args: readonly string[], env: NodeJS.ProcessEnv = {}, engine: Engine = this.engine): Promise<CommandResult> {
    return new Promise((resolve) => {
      execFile(
        path.join(engine.directory, "pulumi"),
        args,
        { cwd: this.directory, env: { ...this.env(engine), ...env }, maxBuffer: 64 << 20 },
        (error, stdout, stderr) => {
          const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
          resolve({ code, stdout, stderr });
        },
      );
    });
  }

  /** Runs a command line that must succeed, and gives what it prints. */
  async ok(args: readonly string[], env: NodeJS.ProcessEnv = {}, engine: Engine = this.engine): Promise<string> {
    const result = await this.run(args, env, engine);
    if (result.code !== 0)
      throw new Error(`pulumi ${args.join(" ")} on ${engine.name}:\n${result.stdout}\n${result.stderr}`);
    return result.stdout;
  }

  start(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
    return spawn(path.join(this.engine.directory, "pulumi"), args, {
      cwd: this.directory,
      env: { ...this.env(), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  /** The state, its secrets in clear. */
  async export(stack = "dev", engine: Engine = this.engine): Promise<ExportedState> {
    const text = await this.ok(["stack", "export", "--show-secrets", "--stack", stack], {}, engine);
    return (JSON.parse(text) as { deployment: ExportedState }).deployment;
  }

  /** The stack through Pulumi's own client. */
  async automation(stack = "dev", env: Record<string, string> = {}): Promise<Stack> {
    const { PATH, PULUMI_BACKEND_URL, PULUMI_CONFIG_PASSPHRASE, PULUMI_HOME, PULUMI_DEBUG_PROVIDERS } = this.env();
    const own = { PATH, PULUMI_BACKEND_URL, PULUMI_CONFIG_PASSPHRASE, PULUMI_HOME, PULUMI_DEBUG_PROVIDERS };
    const envVars: Record<string, string> = { ...env };
    for (const [key, value] of Object.entries(own)) if (value !== undefined) envVars[key] = value;
    // The client looks for the engine on the PATH of this process.
    const path = process.env.PATH;
    process.env.PATH = PATH;
    try {
      return await LocalWorkspace.createOrSelectStack({ stackName: stack, workDir: this.directory }, { envVars });
    } finally {
      process.env.PATH = path;
    }
  }

  remove(): void {
    fs.rmSync(path.dirname(this.directory), { recursive: true, force: true });
  }
}

export interface ExportedResource {
  urn: string;
  type: string;
  id?: string;
  delete?: boolean;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
  initErrors?: string[];
  [key: string]: unknown;
}

export interface ExportedState {
  resources?: ExportedResource[];
  pending_operations?: { resource: ExportedResource; type: string }[];
}

/** The resource of a name, not its predecessor that waits for deletion. */
export function resourceNamed(state: ExportedState, name: string): ExportedResource {
  const found = state.resources?.find((resource) => resource.urn.endsWith(`::${name}`) && resource.delete !== true);
  if (!found) throw new Error(`no resource ${name} in ${(state.resources ?? []).map(({ urn }) => urn).join("\n")}`);
  return found;
}
