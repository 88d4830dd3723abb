import type { ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import { createRequire } from "node:module";
import * as path from "node:path";
import { pulumiHome, type Project } from "../project.js";
import { BuiltinProvider, type EngineKnowledge } from "./builtin-provider.js";
import { onLines, type ChildProcesses } from "./child-processes.js";
import { GrpcProvider, type Endpoint, type TextualDiff } from "./grpc-provider.js";
import type { Provider } from "./provider.js";

const dynamicProviderPackage = "pulumi-nodejs";

export interface PluginHostContext {
  project: Project;
  /** Where the program runs: plugins start there too. */
  workingDirectory: string;
  stack: string;
  env: NodeJS.ProcessEnv;
  children: ChildProcesses;
  /** Known once the engine listens. */
  engineAddress(): string;
  knowledge: EngineKnowledge;
  textualDiff: TextualDiff;
  /** Text that a plugin prints. */
  onOutput(line: string, toStderr: boolean): void;
}

/** Finds, starts or attaches to the provider of a package. */
export class PluginHost {
  constructor(private readonly context: PluginHostContext) {}

  /** @throws when there is no such plugin, or it does not start */
  async load(packageName: string, version: string | undefined): Promise<Provider> {
    const { engineAddress, knowledge, textualDiff } = this.context;
    if (packageName === "pulumi") return new BuiltinProvider(knowledge);
    const endpoint = this.attachable(packageName) ?? (await this.start(packageName, version));
    return GrpcProvider.connect(endpoint, engineAddress(), textualDiff);
  }

  /** PULUMI_DEBUG_PROVIDERS: `name:port`, separated by commas. */
  private attachable(packageName: string): Endpoint | undefined {
    for (const entry of (this.context.env.PULUMI_DEBUG_PROVIDERS ?? "").split(",")) {
      const [name, port] = entry.split(":");
      if (name !== packageName) continue;
      if (!/^\d+$/.test(port ?? ""))
        throw new Error(`Expected a numeric port for ${packageName}, got ${port ?? ""} in PULUMI_DEBUG_PROVIDERS`);
      return { address: `127.0.0.1:${port}`, attached: true, close: () => undefined };
    }
    return undefined;
  }

  private async start(packageName: string, version: string | undefined): Promise<Endpoint> {
    const { project, workingDirectory, stack, env, children, engineAddress } = this.context;
    const [command, ...args] = this.command(packageName, version);
    const child = children.start(command, [...args, engineAddress()], {
      cwd: workingDirectory,
      env: {
        ...env,
        PULUMI_PROJECT: project.name,
        PULUMI_NODEJS_PROJECT: project.name,
        PULUMI_STACK: stack,
        PULUMI_NODEJS_STACK: stack,
      },
    });
    onLines(child.stderr, (line) => this.context.onOutput(line, true));
    const port = await this.announcedPort(child, packageName);
    return { address: `127.0.0.1:${port}`, attached: false, close: () => children.kill(child) };
  }

  private command(packageName: string, version: string | undefined): [string, ...string[]] {
    const { project, workingDirectory } = this.context;
    if (packageName === dynamicProviderPackage) {
      const require = createRequire(path.join(workingDirectory, "program.js"));
      return [process.execPath, require.resolve("@pulumi/pulumi/cmd/dynamic-provider")];
    }
    const executable = `pulumi-resource-${packageName}`;
    const local = project.plugins.find((plugin) => plugin.name === packageName);
    const candidates = [
      ...(local ? [path.resolve(project.directory, local.path, executable)] : []),
      ...(this.context.env.PATH ?? "").split(path.delimiter).map((directory) => path.join(directory, executable)),
      ...(version
        ? [path.join(pulumiHome(this.context.env), "plugins", `resource-${packageName}-v${version}`, executable)]
        : []),
    ];
    const found = candidates.find((candidate) => fs.existsSync(candidate));
    if (found) return [found];
    throw new Error(
      `no resource plugin '${executable}' found in the workspace${version ? ` at version v${version}` : ""} or on your $PATH, ` +
        "and the stand-in engine downloads none. Attach a running provider with PULUMI_DEBUG_PROVIDERS=" +
        `${packageName}:<port>, or install the Pulumi CLI`,
    );
  }

  /** A plugin's first line of output is the port that it listens on; what follows is for people. */
  private announcedPort(child: ChildProcess, packageName: string): Promise<string> {
    return new Promise((resolve, reject) => {
      let announced = false;
      child.once("error", (error) => reject(new Error(`could not start the plugin ${packageName}: ${error.message}`)));
      child.once("exit", (code) => {
        if (!announced) reject(new Error(`the plugin ${packageName} exited with code ${code} before it was ready`));
      });
      onLines(child.stdout, (line) => {
        if (announced) {
          this.context.onOutput(line, false);
        } else if (/^\d+$/.test(line.trim())) {
          announced = true;
          resolve(line.trim());
        } else {
          announced = true;
          reject(new Error(`the plugin ${packageName} printed ${JSON.stringify(line)} where a port was expected`));
        }
      });
    });
  }
}
