import { existsSync } from "node:fs";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { isObject, type PropertyMap, type PropertyValue } from "../resource/values.js";
import { UserError } from "../user-error.js";
import { isMissing, listIfPresent, readIfPresent, writeAtomically } from "./atomic-file.js";
import { deploymentSalt, manifest } from "./deployment-file.js";
import { qualifiedName, type StackReference } from "./stack-reference.js";
import { UpdateHistory } from "./update-history.js";

const stateVersion = 3;

/** A stack's state on disk: the deployment object, its secrets still sealed. */
export interface Checkpoint {
  deployment: PropertyMap | undefined;
  /** Salt of the deployment's secrets. */
  salt: string | undefined;
}

/** Pulumi's layout for state in a directory (`file://…`), as its own CLI writes it. */
export class FileBackend {
  private constructor(
    readonly url: string,
    readonly directory: string,
  ) {}

  /** @throws UserError for anything but a `file://` URL */
  static open(url: string): FileBackend {
    if (!url.startsWith("file://"))
      throw new UserError(
        `the stand-in engine does not implement the backend ${JSON.stringify(url)}, only file:// ones; install the Pulumi CLI to use it`,
      );
    const location = url.slice("file://".length).split("?")[0] ?? "";
    const directory = location.startsWith("~")
      ? path.join(os.homedir(), location.slice(1))
      : location.startsWith("/")
        ? fileURLToPath(`file://${location}`)
        : path.resolve(location);
    // A mistyped path must not become a new, empty backend: the Pulumi CLI refuses it, too.
    if (!existsSync(directory))
      throw new UserError(
        `unable to open state directory ${JSON.stringify(url)}: stat ${directory}: no such file or directory`,
      );
    return new FileBackend(url, directory);
  }

  private get root(): string {
    return path.join(this.directory, ".pulumi");
  }

  stackFile({ project, stack }: StackReference): string {
    return path.join(this.root, "stacks", project, `${stack}.json`);
  }

  lockDirectory(reference: StackReference): string {
    return path.join(this.root, "locks", ...qualifiedName(reference).split("/"));
  }

  history(reference: StackReference): UpdateHistory {
    return new UpdateHistory(
      path.join(this.root, "history", reference.project, reference.stack),
      reference.stack,
      this.stackFile(reference),
    );
  }

  /** The layout's version, so that the Pulumi CLI finds stacks by project. */
  private async ensureMeta(): Promise<void> {
    const file = path.join(this.root, "meta.yaml");
    if ((await readIfPresent(file)) === undefined) await writeAtomically(file, "version: 1\n");
  }

  async exists(reference: StackReference): Promise<boolean> {
    return (await readIfPresent(this.stackFile(reference))) !== undefined;
  }

  /** Every stack, or every stack of a project, by name. */
  async list(project?: string): Promise<StackReference[]> {
    const stacks = path.join(this.root, "stacks");
    const projects = project === undefined ? await listIfPresent(stacks) : [project];
    const found: StackReference[] = [];
    for (const name of projects)
      for (const file of await listIfPresent(path.join(stacks, name)))
        if (file.endsWith(".json")) found.push({ project: name, stack: file.slice(0, -".json".length) });
    return found;
  }

  async create(reference: StackReference): Promise<void> {
    if (await this.exists(reference)) throw new UserError(`stack '${qualifiedName(reference)}' already exists`);
    await this.ensureMeta();
    await this.write(reference, undefined);
  }

  /** @throws UserError when the stack is not there or its file is no state */
  async read(reference: StackReference): Promise<Checkpoint> {
    const file = this.stackFile(reference);
    const content = await readIfPresent(file);
    if (content === undefined) throw new UserError(`no stack named '${reference.stack}' found`);
    let parsed: PropertyValue;
    try {
      parsed = JSON.parse(content) as PropertyValue;
    } catch (cause) {
      throw new UserError(`could not read the state in ${file}: it is not JSON`, { cause });
    }
    if (!isObject(parsed) || !isObject(parsed.checkpoint))
      throw new UserError(`could not read the state in ${file}: it has no checkpoint`);
    if (typeof parsed.version === "number" && parsed.version > stateVersion)
      throw new UserError(
        `the stack '${reference.stack}' is of version ${parsed.version}, newer than the stand-in engine's ${stateVersion}; install the Pulumi CLI to use it`,
      );
    const latest = parsed.checkpoint.latest;
    const deployment = isObject(latest) ? latest : undefined;
    return { deployment, salt: deploymentSalt(deployment) };
  }

  /** Writes a deployment that is already serialized, or none for a stack without any update. */
  async write(reference: StackReference, deployment: string | undefined): Promise<void> {
    const name = JSON.stringify(qualifiedName(reference));
    const latest = deployment === undefined ? JSON.stringify({ manifest: manifest(), metadata: {} }) : deployment;
    await writeAtomically(
      this.stackFile(reference),
      `{"version":${stateVersion},"checkpoint":{"stack":${name},"latest":${latest}}}`,
    );
  }

  /** Keeps the state as it was before an operation, where the Pulumi CLI keeps it too. */
  async backUp(reference: StackReference): Promise<void> {
    const file = this.stackFile(reference);
    try {
      await fs.copyFile(file, `${file}.bak`);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  async remove(reference: StackReference): Promise<void> {
    const file = this.stackFile(reference);
    await fs.rename(file, `${file}.bak`);
    await fs.rm(`${file}.attrs`, { force: true });
    await this.history(reference).remove();
  }
}
