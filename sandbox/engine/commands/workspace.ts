import * as os from "node:os";
import * as path from "node:path";
import {
  encryptingSealer,
  openProperties,
  parseDeployment,
  emptySnapshot,
  type Snapshot,
} from "../backend/deployment-file.js";
import { FileBackend, type Checkpoint } from "../backend/file-backend.js";
import { parseStackReference, qualifiedName, type StackReference } from "../backend/stack-reference.js";
import { StackConfig } from "../config/stack-config.js";
import { currentLogin, findProjectFile, readProject, selectedStack, type Project } from "../project.js";
import { isObject, type PropertyMap } from "../resource/values.js";
import { PassphraseSecrets, passphraseFrom } from "../secrets.js";
import { exitCodes, UserError } from "../user-error.js";
import type { GlobalOptions, Terminal } from "./global-options.js";

export const stackNotFound = (name: string): UserError =>
  new UserError(`no stack named '${name}' found`, { exitCode: exitCodes.stackNotFound });

/** Where a command runs: project, backend, and the secrets of the stacks it touches. */
export class Workspace {
  private readonly opened = new Map<string, Promise<PassphraseSecrets>>();

  constructor(
    readonly options: GlobalOptions,
    readonly terminal: Terminal,
  ) {}

  get env(): NodeJS.ProcessEnv {
    return this.terminal.env;
  }

  get directory(): string {
    return path.resolve(this.options.cwd ?? ".");
  }

  get projectIfAny(): Project | undefined {
    const file = findProjectFile(this.directory);
    return file === undefined ? undefined : readProject(file);
  }

  /** @throws UserError when there is no project here */
  get project(): Project {
    const project = this.projectIfAny;
    if (project) return project;
    throw new UserError(
      "no Pulumi.yaml project file found (searching upwards from " +
        `${this.directory}). If you have not created a project yet, use \`pulumi new\` to do so`,
    );
  }

  get backendUrl(): string {
    const url = this.env.PULUMI_BACKEND_URL || this.projectIfAny?.backendUrl || currentLogin(this.env);
    if (url) return url;
    throw new UserError(
      "the stand-in engine keeps state in files only: log in with `pulumi login file://<directory>` " +
        "or set PULUMI_BACKEND_URL=file://<directory>",
    );
  }

  get backend(): FileBackend {
    return FileBackend.open(this.backendUrl);
  }

  reference(name: string): StackReference {
    return parseStackReference(name, this.projectIfAny?.name);
  }

  /** The stack that a command is about. @throws UserError when it is not there, or none is chosen */
  async stack(name: string | undefined): Promise<StackReference> {
    const chosen = name ?? this.env.PULUMI_STACK ?? this.selected;
    if (!chosen)
      throw new UserError("no stack selected; please use `pulumi stack select` or `pulumi stack init` to choose one");
    const reference = this.reference(chosen);
    if (!(await this.backend.exists(reference))) throw stackNotFound(chosen);
    return reference;
  }

  get selected(): string | undefined {
    const project = this.projectIfAny;
    return project && selectedStack(project, this.backendUrl, this.env);
  }

  config(reference: StackReference, configFile?: string): StackConfig {
    const config = StackConfig.load(this.project, reference.stack, configFile);
    if (config.foreignSecretsProvider)
      throw new UserError(
        `the stand-in engine does not implement the secrets provider ${JSON.stringify(config.foreignSecretsProvider)}; install the Pulumi CLI to use this stack`,
      );
    return config;
  }

  /** Opens the secrets of a salt; once for each, as deriving the key takes a while. */
  secrets(salt: string): Promise<PassphraseSecrets> {
    let secrets = this.opened.get(salt);
    if (!secrets) {
      secrets = PassphraseSecrets.open(salt, passphraseFrom(this.env));
      this.opened.set(salt, secrets);
    }
    return secrets;
  }

  /** The stack's secrets, made on first use: the salt is written to its configuration file. */
  async stackSecrets(config: StackConfig, checkpoint?: Checkpoint): Promise<PassphraseSecrets> {
    const salt = config.salt ?? checkpoint?.salt;
    if (salt !== undefined) {
      const secrets = await this.secrets(salt);
      if (config.salt === undefined) {
        config.salt = salt;
        config.save();
      }
      return secrets;
    }
    const secrets = await PassphraseSecrets.create(passphraseFrom(this.env));
    this.opened.set(secrets.salt, Promise.resolve(secrets));
    config.salt = secrets.salt;
    config.save();
    return secrets;
  }

  /** The state with its secrets open. */
  async snapshot({ deployment, salt }: Checkpoint): Promise<Snapshot> {
    if (!deployment) return emptySnapshot();
    const secrets = salt === undefined ? undefined : await this.secrets(salt);
    return parseDeployment(deployment, (ciphertext) => {
      if (!secrets) throw new UserError("the state has secrets, but does not say how they are encrypted");
      return secrets.decrypt(ciphertext);
    });
  }

  /** A stack's outputs, secrets open only where `reveal` asks for them. */
  async outputs(reference: StackReference, reveal: boolean): Promise<PropertyMap> {
    const checkpoint = await this.backend.read(reference);
    const resources = checkpoint.deployment?.resources;
    const root = Array.isArray(resources)
      ? resources.find(
          (resource) => isObject(resource) && resource.type === "pulumi:pulumi:Stack" && resource.delete !== true,
        )
      : undefined;
    const outputs = isObject(root) && isObject(root.outputs) ? root.outputs : {};
    if (!reveal || checkpoint.salt === undefined) return openProperties(outputs, () => "null");
    const secrets = await this.secrets(checkpoint.salt);
    return openProperties(outputs, (ciphertext) => secrets.decrypt(ciphertext));
  }

  qualifiedName(reference: StackReference): string {
    return qualifiedName(reference);
  }

  get username(): string {
    return os.userInfo().username;
  }

  print(text: string): void {
    this.terminal.stdout.write(`${text}\n`);
  }

  sealer(secrets: PassphraseSecrets): ReturnType<typeof encryptingSealer> {
    return encryptingSealer(secrets);
  }
}
