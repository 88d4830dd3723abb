import type { ChildProcess } from "node:child_process";
import { createRequire } from "node:module";
import * as fs from "node:fs";
import * as path from "node:path";
import * as grpc from "@grpc/grpc-js";
import language from "@pulumi/pulumi/proto/language_pb.js";
import languageServices from "@pulumi/pulumi/proto/language_grpc_pb.js";
import { organization } from "../backend/stack-reference.js";
import type { Config } from "../config/stack-config.js";
import { onLines, type ChildProcesses } from "../plugins/child-processes.js";
import type { Project } from "../project.js";
import { call, channelOptions, errorMessage } from "../rpc/messages.js";
import { UserError } from "../user-error.js";

/** The SDK exits with this code after it has reported an error itself. */
const exitAfterReportedError = 32;

export interface ProgramContext {
  project: Project;
  stack: string;
  config: Config;
  dryRun: boolean;
  parallel: number;
  env: NodeJS.ProcessEnv;
  children: ChildProcesses;
  /** Address of the resource monitor and of the engine's own service. */
  engineAddress: string;
  onOutput(line: string, toStderr: boolean): void;
}

/** How a program ended: `reported` failures have been told already. */
export type ProgramResult =
  { ok: true } | { ok: false; reported: true } | { ok: false; reported: false; message: string };

export interface RunningProgram {
  readonly ended: Promise<ProgramResult>;
  /** Ends it at once. */
  kill(): void;
}

/** Where a program runs, and what of it is run: a file, or a directory whose package.json tells. */
export function programLocation(project: Project): { directory: string; entry: string } {
  const main = path.resolve(project.directory, project.main ?? ".");
  if (fs.existsSync(main) && fs.statSync(main).isDirectory()) return { directory: main, entry: "." };
  return { directory: path.dirname(main), entry: path.basename(main) };
}

/** `namespace:name` as SDKs want it: `namespace:config:name`. */
const programKey = (key: string): string => key.replace(":", ":config:");

const configJson = (config: Config): string =>
  JSON.stringify(Object.fromEntries([...config].map(([key, { value }]) => [programKey(key), value])));

const secretKeys = (config: Config): string[] =>
  [...config].flatMap(([key, { secret }]) => (secret ? [programKey(key)] : []));

/** Arguments as a shell would split them: `nodeargs` may quote. */
export const splitArguments = (text: string): string[] =>
  [...text.matchAll(/(?:[^\s"']|"(?:\\.|[^"\\])*"|'[^']*')+/g)].map(([word]) =>
    word.replace(/"((?:\\.|[^"\\])*)"|'([^']*)'/g, (_match, double?: string, single?: string) =>
      double === undefined ? (single ?? "") : double.replace(/\\(["\\])/g, "$1"),
    ),
  );

/** Runs the project's program in a Node process of its own, as Pulumi's Node language host does. */
export function startProgram(context: ProgramContext): RunningProgram {
  const { project, stack, config, env, engineAddress, children } = context;
  if (project.runtime !== "nodejs")
    throw new UserError(
      `the stand-in engine runs Node.js programs only, and ${project.file} names the runtime ${JSON.stringify(project.runtime)}; install the Pulumi CLI to run it`,
    );
  const { directory, entry } = programLocation(project);
  const child = children.start(
    process.execPath,
    [
      ...splitArguments(project.runtimeOptions.nodeargs ?? ""),
      runModule(directory),
      ...["--monitor", engineAddress, "--engine", engineAddress],
      ...["--organization", organization, "--project", project.name, "--stack", stack],
      ...["--root-directory", project.directory, "--pwd", directory],
      ...["--parallel", String(context.parallel)],
      ...(context.dryRun ? ["--dry-run"] : []),
      entry,
    ],
    {
      cwd: directory,
      env: {
        ...env,
        PULUMI_CONFIG: configJson(config),
        PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(secretKeys(config)),
        ...(project.runtimeOptions.typescript === false ? {} : { PULUMI_NODEJS_TYPESCRIPT: "true" }),
        ...(project.runtimeOptions.tsconfig ? { PULUMI_NODEJS_TSCONFIG_PATH: project.runtimeOptions.tsconfig } : {}),
      },
    },
  );
  onLines(child.stdout, (line) => context.onOutput(line, false));
  onLines(child.stderr, (line) => context.onOutput(line, true));
  return { ended: exitResult(child), kill: () => children.kill(child) };
}

function runModule(directory: string): string {
  try {
    return createRequire(path.join(directory, "program.js")).resolve("@pulumi/pulumi/cmd/run");
  } catch (cause) {
    throw new UserError(
      "It looks like the Pulumi SDK has not been installed. Have you run `npm install`? " +
        `(@pulumi/pulumi is not found from ${directory})`,
      { cause },
    );
  }
}

function exitResult(child: ChildProcess): Promise<ProgramResult> {
  return new Promise((resolve) => {
    child.once("error", (error) => {
      resolve({ ok: false, reported: false, message: `could not start the program: ${error.message}` });
    });
    // "close", not "exit": what the program printed last has then been read.
    child.once("close", (code, signal) => {
      if (code === 0) resolve({ ok: true });
      else if (code === exitAfterReportedError) resolve({ ok: false, reported: true });
      else if (code === null)
        resolve({ ok: false, reported: false, message: `Program exited due to a signal: ${String(signal)}` });
      else resolve({ ok: false, reported: false, message: `Program exited with non-zero exit code: ${code}` });
    });
  });
}

/** Runs a program that lives in the calling process, behind the language service which the Automation API opens for it. */
export function startInlineProgram(context: ProgramContext, address: string): RunningProgram {
  const { project, stack, config, dryRun, parallel, engineAddress } = context;
  const client = new grpc.Client(address, grpc.credentials.createInsecure(), channelOptions);
  const request = new language.RunRequest()
    .setPwd(programLocation(project).directory)
    .setProgram(".")
    .setProject(project.name)
    .setStack(stack)
    .setOrganization(organization)
    .setDryrun(dryRun)
    .setParallel(parallel)
    .setMonitorAddress(engineAddress)
    .setConfigsecretkeysList(secretKeys(config));
  for (const [key, { value }] of config) request.getConfigMap().set(programKey(key), value);
  const ended = call(client, languageServices.LanguageRuntimeService.run, request).then(
    (response): ProgramResult => {
      if (response.getBail()) return { ok: false, reported: true };
      const message = response.getError();
      return message ? { ok: false, reported: false, message } : { ok: true };
    },
    (error: unknown): ProgramResult => ({ ok: false, reported: false, message: errorMessage(error) }),
  );
  return { ended, kill: () => client.close() };
}
