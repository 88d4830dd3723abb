import { Command, Option } from "commander";
import {
  getConfig,
  listConfig,
  refreshConfig,
  removeConfig,
  setAllConfig,
  setConfig,
  type ConfigOptions,
  type SetAllOptions,
} from "./commands/config-commands.js";
import type { GlobalOptions, Terminal } from "./commands/global-options.js";
import { showHistory } from "./commands/history-command.js";
import { cancelUpdate, login, logout, whoAmI } from "./commands/login-commands.js";
import {
  describeStack,
  exportStack,
  importStack,
  initStack,
  listStacks,
  removeStack,
  selectStackCommand,
  stackOutput,
} from "./commands/stack-commands.js";
import type { UpdateCommandOptions } from "./commands/update-command.js";
import { Workspace } from "./commands/workspace.js";
import { exitCodes, notImplemented, UserError } from "./user-error.js";
import { standInVersion } from "./version.js";

/** Loaded when needed: gRPC and the protocols take longer than most commands do. */
const updates = async () => import("./commands/update-commands.js");

const collect = (value: string, previous: string[] | undefined): string[] => [...(previous ?? []), value];

/** Accepted because clients send it, and without effect here. */
const ignored = (flags: string): Option => new Option(flags).hideHelp();

const list = (flags: string, description: string): Option => new Option(flags, description).argParser(collect);

function addStackOption(command: Command): Command {
  return command
    .option("-s, --stack <name>", "the stack to operate on; the selected one by default")
    .option("--config-file <file>", "use the configuration in this file instead of Pulumi.<stack>.yaml");
}

/** What preview, up, refresh and destroy have in common. */
function addUpdateOptions(command: Command): Command {
  return addStackOption(command)
    .option("-m, --message <text>", "a message to go with the update in the stack's history")
    .option("-p, --parallel <n>", "allow n resource operations at once")
    .option("--diff", "show the operation as a rich diff of every property")
    .option("--expect-no-changes", "fail if anything changes")
    .addOption(list("-t, --target <urn>", "operate on this resource only; may be repeated, * and ** match"))
    .option("--target-dependents", "operate on what depends on a --target, too")
    .addOption(list("--exclude <urn>", "leave this resource alone; may be repeated"))
    .option("--show-sames", "show resources that do not change")
    .option("--show-reads", "show resources that are read only")
    .option("--show-replacement-steps", "show each step of a replacement")
    .option("--show-config", "show configuration keys and values")
    .option("--show-full-output", "show long inputs and outputs whole")
    .option("--show-secrets", "show secrets in clear")
    .option("--suppress-outputs", "do not show the stack's outputs")
    .option("--suppress-progress", "do not show progress")
    .option("--continue-on-error", "go on with what does not depend on a failure")
    .addOption(new Option("--event-log <target>", "write each event as JSON to a file or to tcp://host:port"))
    .addOption(new Option("--run-program [value]").hideHelp())
    .addOption(new Option("--exec-kind <kind>").hideHelp())
    .addOption(ignored("--exec-agent <text>"))
    .addOption(new Option("--client <address>").hideHelp())
    .addOption(ignored("--suppress-permalink [value]"))
    .addOption(ignored("--copilot"))
    .addOption(ignored("--neo"))
    .addOption(ignored("--debug-commands"));
}

function addConsentOptions(command: Command): Command {
  return command
    .option("-y, --yes", "go ahead without asking")
    .option("-f, --skip-preview", "do not preview first")
    .option("--preview-only", "only show what would be done");
}

function addConfigSettings(command: Command): Command {
  return command
    .addOption(list("-c, --config <key=value>", "set configuration first; may be repeated"))
    .option("--config-path", "the keys of --config are paths into objects");
}

/** The command line of the stand-in. What it lacks it names, and does not pretend. */
export function buildProgram(terminal: Terminal): Command {
  const program = new Command("pulumi");
  const workspace = (command: Command): Workspace => new Workspace(command.optsWithGlobals<GlobalOptions>(), terminal);

  program
    .description(
      "The stand-in for Pulumi's engine: runs this project's program on a file backend, for development, tests and drills.\n" +
        "For production install the Pulumi CLI: https://www.pulumi.com/docs/install/",
    )
    .version(standInVersion, "--version", "print the version")
    .option("-C, --cwd <directory>", "run as if started in this directory")
    .addOption(
      new Option("--color <when>", "colour the output").choices(["always", "never", "raw", "auto"]).default("auto"),
    )
    .option("--non-interactive", "never ask, and rewrite no lines")
    .option("-d, --debug", "show debug messages")
    .addOption(ignored("-v, --verbose [level]"))
    .addOption(ignored("--logtostderr"))
    .addOption(ignored("--logflow"))
    .addOption(ignored("-e, --emoji [value]"))
    .addOption(ignored("--tracing <url>"))
    .addOption(ignored("--profiling <file>"))
    .addOption(ignored("--disable-integrity-checking"))
    .addOption(ignored("-Q, --fully-qualify-stack-names"))
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: unknown option '(.*)'/, "error: unknown flag: $1")),
    })
    .exitOverride()
    .helpCommand(false)
    .showHelpAfterError(false);

  program
    .command("version")
    .description("print the version")
    .action(() => {
      terminal.stdout.write(`${standInVersion}\n`);
    });
  program
    .command("login [url]")
    .description("choose the backend: file://<directory>")
    .option("-l, --local", "use file://~")
    .addOption(ignored("--cloud-url <url>"))
    .action((url: string | undefined, options: { local?: boolean; cloudUrl?: string }, command: Command) =>
      login(workspace(command), url, options),
    );
  program
    .command("logout [url]")
    .description("forget the chosen backend")
    .action((_url, _options, command: Command) => logout(workspace(command)));
  program
    .command("whoami")
    .description("print who is logged in, and where")
    .option("-j, --json", "as JSON")
    .action((options: { json?: boolean }, command: Command) =>
      whoAmI(workspace(command), {
        ...options,
        verbose: command.optsWithGlobals<{ verbose?: unknown }>().verbose !== undefined,
      }),
    );
  program
    .command("cancel [stack]")
    .description("take away the locks of an update that is not running any more")
    .option("-s, --stack <name>", "the stack to operate on")
    .option("-y, --yes", "go ahead without asking")
    .action((name: string | undefined, options: { stack?: string; yes?: boolean }, command: Command) =>
      cancelUpdate(workspace(command), name, options),
    );

  addStackCommands(program, workspace);
  addConfigCommands(program, workspace);

  addUpdateOptions(addConfigSettings(program.command("preview").alias("pre")))
    .description("show what an update would change")
    .option("-j, --json", "as one JSON document")
    .addOption(new Option("-r, --refresh [value]", "take in the real state first"))
    .addOption(list("--replace <urn>", "replace this resource; may be repeated"))
    .addOption(list("--target-replace <urn>", "--target and --replace in one"))
    .addOption(ignored("--save-plan <file>"))
    .addOption(ignored("--import-file <file>"))
    .action(async (options: UpdateCommandOptions, command: Command) =>
      (await updates()).runPreview(workspace(command), options),
    );
  addUpdateOptions(addConfigSettings(addConsentOptions(program.command("up").alias("update"))))
    .description("create, change and delete resources so that they are what the program says")
    .addOption(new Option("-r, --refresh [value]", "take in the real state first"))
    .addOption(list("--replace <urn>", "replace this resource; may be repeated"))
    .addOption(list("--target-replace <urn>", "--target and --replace in one"))
    .action(async (options: UpdateCommandOptions, command: Command) =>
      (await updates()).runUp(workspace(command), options),
    );
  addUpdateOptions(addConsentOptions(program.command("refresh")))
    .description("take the real state of the resources into the stack's")
    .option("--clear-pending-creates", "forget creations that were cut off")
    .action(async (options: UpdateCommandOptions, command: Command) =>
      (await updates()).runRefresh(workspace(command), options),
    );
  addUpdateOptions(addConsentOptions(program.command("destroy").alias("down")))
    .description("delete all of the stack's resources")
    .option("--exclude-protected", "leave protected resources, and what they stand on, alone")
    .option("--remove", "remove the stack, too, once it is empty")
    .addOption(new Option("-r, --refresh [value]", "take in the real state first"))
    .action(async (options: UpdateCommandOptions, command: Command) =>
      (await updates()).runDestroy(workspace(command), options),
    );
  addHistoryOptions(program.command("history"))
    .description("show the updates of a stack")
    .action((options: Parameters<typeof showHistory>[1], command: Command) => showHistory(workspace(command), options));

  refuseUnknown(program, []);
  return program;
}

function addHistoryOptions(command: Command): Command {
  return command
    .option("-s, --stack <name>", "the stack to operate on")
    .option("-j, --json", "as JSON")
    .option("--show-secrets", "show secrets in clear")
    .option("--page-size <n>", "updates on a page")
    .option("--page <n>", "which page")
    .addOption(ignored("--full-dates"));
}

type WorkspaceOf = (command: Command) => Workspace;

function addStackCommands(program: Command, workspace: WorkspaceOf): void {
  const stack = program
    .command("stack")
    .description("manage stacks; alone, describe the selected one")
    .option("-s, --stack <name>", "the stack to operate on")
    .option("-u, --show-urns", "show URNs")
    .option("-i, --show-ids", "show ids")
    .option("--show-secrets", "show secrets in clear")
    .option("--show-name", "show the name only")
    .action((options: Parameters<typeof describeStack>[1], command: Command) =>
      describeStack(workspace(command), options),
    );
  stack
    .command("init [name]")
    .description("make an empty stack")
    .option("-s, --stack <name>", "its name")
    .option("--secrets-provider <name>", "how its secrets are encrypted: passphrase")
    .option("--no-select", "do not select it")
    .addOption(ignored("--copy-config-from <stack>"))
    .action((name: string | undefined, _options, command: Command) =>
      initStack(workspace(command), name, command.optsWithGlobals()),
    );
  stack
    .command("select [name]")
    .description("choose the stack that commands are about")
    .option("-s, --stack <name>", "its name")
    .option("-c, --create", "make it if it is not there")
    .option("--secrets-provider <name>", "of a new stack")
    .action((name: string | undefined, _options, command: Command) =>
      selectStackCommand(workspace(command), name, command.optsWithGlobals()),
    );
  stack
    .command("ls")
    .description("list stacks")
    .option("-a, --all", "of all projects")
    .option("-p, --project <name>", "of this project")
    .option("-j, --json", "as JSON")
    .action((_options, command: Command) => listStacks(workspace(command), command.optsWithGlobals()));
  stack
    .command("rm [name]")
    .description("remove a stack and its configuration")
    .option("-s, --stack <name>", "its name")
    .option("-f, --force", "even if it has resources: they are forgotten, not deleted")
    .option("-y, --yes", "go ahead without asking")
    .option("--preserve-config", "keep its configuration file")
    .addOption(ignored("--remove-backups"))
    .action((name: string | undefined, _options, command: Command) =>
      removeStack(workspace(command), name, command.optsWithGlobals()),
    );
  stack
    .command("output [property]")
    .description("print a stack's outputs, or one of them")
    .option("-s, --stack <name>", "the stack to operate on")
    .option("-j, --json", "as JSON")
    .option("--shell", "as a shell's assignments")
    .option("--show-secrets", "show secrets in clear")
    .action((property: string | undefined, _options, command: Command) =>
      stackOutput(workspace(command), property, command.optsWithGlobals()),
    );
  stack
    .command("export")
    .description("print a stack's state")
    .option("-s, --stack <name>", "the stack to operate on")
    .option("--file <file>", "write it to this file")
    .option("--show-secrets", "show secrets in clear")
    .action((_options, command: Command) => exportStack(workspace(command), command.optsWithGlobals()));
  stack
    .command("import")
    .description("replace a stack's state")
    .option("-s, --stack <name>", "the stack to operate on")
    .option("--file <file>", "read it from this file")
    .option("-f, --force", "even if it is another stack's")
    .action((_options, command: Command) => importStack(workspace(command), command.optsWithGlobals()));
  addHistoryOptions(stack.command("history"))
    .description("show the updates of a stack")
    .action((_options, command: Command) => showHistory(workspace(command), command.optsWithGlobals()));
  refuseUnknown(stack, ["stack"]);
}

function addConfigCommands(program: Command, workspace: WorkspaceOf): void {
  const config = addStackOption(program.command("config"))
    .description("manage configuration; alone, list it")
    .option("-j, --json", "as JSON")
    .option("--show-secrets", "show secrets in clear")
    .option("--path", "keys are paths into objects")
    .addOption(ignored("--open [value]"))
    .action((options: ConfigOptions, command: Command) => listConfig(workspace(command), options));
  config
    .command("get <key>")
    .description("print one value")
    .action((key: string, _options, command: Command) => getConfig(workspace(command), key, command.optsWithGlobals()));
  config
    .command("set <key> [value]")
    .description("set one value")
    .option("--secret", "encrypt it")
    .option("--plaintext", "store it in clear")
    .addOption(ignored("--type <type>"))
    .action((key: string, value: string | undefined, _options, command: Command) =>
      setConfig(workspace(command), key, value, command.optsWithGlobals()),
    );
  config
    .command("set-all")
    .description("set several values")
    .addOption(list("--plaintext <key=value>", "a value to store in clear; may be repeated"))
    .addOption(list("--secret <key=value>", "a value to encrypt; may be repeated"))
    .option("--json <document>", "values as `config --json` prints them")
    .action((options: SetAllOptions, command: Command) =>
      // --json means something else one level up, so the command's own options go last.
      setAllConfig(workspace(command), { ...command.optsWithGlobals<SetAllOptions>(), ...options }),
    );
  config
    .command("rm <key>")
    .description("remove one value")
    .action((key: string, _options, command: Command) =>
      removeConfig(workspace(command), [key], command.optsWithGlobals()),
    );
  config
    .command("rm-all <keys...>")
    .description("remove several values")
    .action((keys: string[], _options, command: Command) =>
      removeConfig(workspace(command), keys, command.optsWithGlobals()),
    );
  config
    .command("refresh")
    .description("take the configuration of the last update into the stack's file")
    .option("-f, --force", "even if that loses changes")
    .action((_options, command: Command) => refreshConfig(workspace(command), command.optsWithGlobals()));
  refuseUnknown(config, ["config"]);
}

/** Words that are no command here are Pulumi's, as far as we know: they are named, not misread as arguments. */
function refuseUnknown(command: Command, path: readonly string[]): void {
  command.allowExcessArguments(true).hook("preAction", (_this, action) => {
    if (action !== command) return;
    const [word] = action.args;
    if (word !== undefined && word !== "help") throw notImplemented(`\`pulumi ${[...path, word].join(" ")}\``);
  });
  if (path.length === 0)
    command.action(() => {
      throw new UserError(command.helpInformation(), { exitCode: exitCodes.success });
    });
}
