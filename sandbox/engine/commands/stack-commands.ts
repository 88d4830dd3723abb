import * as fs from "node:fs/promises";
import {
  manifest,
  parseDeployment,
  revealingSealer,
  secretsProvider,
  serializeDeployment,
  serializeResource,
  deploymentSalt,
} from "../backend/deployment-file.js";
import { StackLock } from "../backend/stack-lock.js";
import type { StackReference } from "../backend/stack-reference.js";
import { selectStack } from "../project.js";
import {
  isInternalKey,
  isObject,
  maskSecrets,
  revealSecrets,
  type PropertyMap,
  type PropertyValue,
} from "../resource/values.js";
import { exitCodes, UserError, notImplemented } from "../user-error.js";
import { confirm } from "./confirm.js";
import { isInteractive } from "./global-options.js";
import { renderResourceTree } from "./resource-tree.js";
import { renderTable } from "./table.js";
import { ago } from "./time-text.js";
import { stackNotFound, type Workspace } from "./workspace.js";

export async function initStack(
  workspace: Workspace,
  name: string | undefined,
  options: { stack?: string; select?: boolean; secretsProvider?: string },
): Promise<void> {
  const chosen = name ?? options.stack;
  if (!chosen) throw new UserError("missing stack name", { exitCode: exitCodes.configuration });
  const { secretsProvider: provider = "default" } = options;
  if (provider !== "passphrase" && provider !== "default")
    throw notImplemented(`the secrets provider ${JSON.stringify(provider)}`);
  const reference = workspace.reference(chosen);
  if (await workspace.backend.exists(reference))
    throw new UserError(`stack '${workspace.qualifiedName(reference)}' already exists`);
  // First the passphrase: without one the stack would be of no use.
  await workspace.stackSecrets(workspace.config(reference));
  await workspace.backend.create(reference);
  workspace.print(`Created stack '${reference.stack}'`);
  if (options.select !== false)
    selectStack(workspace.project, workspace.backendUrl, workspace.qualifiedName(reference), workspace.env);
}

export async function selectStackCommand(
  workspace: Workspace,
  name: string | undefined,
  options: { stack?: string; create?: boolean; secretsProvider?: string },
): Promise<void> {
  const chosen = name ?? options.stack;
  if (!chosen)
    throw new UserError("no stack name given: use `pulumi stack select <stack>`", {
      exitCode: exitCodes.configuration,
    });
  const reference = workspace.reference(chosen);
  if (!(await workspace.backend.exists(reference))) {
    if (!options.create) throw stackNotFound(chosen);
    await initStack(workspace, chosen, options);
    return;
  }
  selectStack(workspace.project, workspace.backendUrl, workspace.qualifiedName(reference), workspace.env);
}

interface StackLine {
  name: string;
  current: boolean;
  lastUpdate?: string;
  updateInProgress?: boolean;
  resourceCount?: number;
}

export async function listStacks(
  workspace: Workspace,
  options: { all?: boolean; json?: boolean; project?: string },
): Promise<void> {
  const project = options.all ? undefined : (options.project ?? workspace.project.name);
  const selected = workspace.selected;
  const lines: StackLine[] = [];
  for (const reference of await workspace.backend.list(project)) {
    const { deployment } = await workspace.backend.read(reference);
    const header = isObject(deployment?.manifest) ? deployment.manifest : {};
    const resources = Array.isArray(deployment?.resources) ? deployment.resources.length : 0;
    const updated = resources > 0 || Array.isArray(deployment?.pending_operations);
    lines.push({
      name: options.all ? workspace.qualifiedName(reference) : reference.stack,
      current: workspace.qualifiedName(reference) === selected || reference.stack === selected,
      ...(updated && typeof header.time === "string" ? { lastUpdate: header.time } : {}),
      ...(deployment ? { resourceCount: resources } : {}),
    });
  }
  if (options.json) return workspace.print(JSON.stringify(lines, undefined, 2));
  workspace.print(
    renderTable(
      ["NAME", "LAST UPDATE", "RESOURCE COUNT"],
      lines.map(({ name, current, lastUpdate, resourceCount }) => [
        current ? `${name}*` : name,
        lastUpdate ? ago(lastUpdate) : "n/a",
        resourceCount === undefined ? "n/a" : String(resourceCount),
      ]),
    ),
  );
}

export async function removeStack(
  workspace: Workspace,
  name: string | undefined,
  options: { stack?: string; force?: boolean; yes?: boolean; preserveConfig?: boolean },
): Promise<void> {
  const reference = await workspace.stack(name ?? options.stack);
  const { deployment } = await workspace.backend.read(reference);
  const resources = Array.isArray(deployment?.resources) ? deployment.resources : [];
  if (resources.length > 0 && !options.force)
    throw new UserError(
      `'${reference.stack}' still has resources; removal rejected. Possible actions:\n` +
        `- Make sure that '${reference.stack}' is the stack that you want to destroy\n` +
        "- Run `pulumi destroy` to delete the resources, then run `pulumi stack rm`\n" +
        "- Run `pulumi stack rm --force` to override this error",
    );
  if (!options.yes) {
    if (!isInteractive(workspace.options, workspace.terminal))
      throw new UserError("non-interactive mode requires --yes flag", { exitCode: exitCodes.configuration });
    if (!(await confirm(workspace.terminal, `This will permanently remove the '${reference.stack}' stack!`)))
      throw new UserError("confirmation declined", { exitCode: exitCodes.canceled });
  }
  const lock = await StackLock.acquire(workspace.backend, reference);
  try {
    await workspace.backend.remove(reference);
  } finally {
    lock.release();
  }
  const project = workspace.projectIfAny;
  if (project?.name === reference.project) {
    if (!options.preserveConfig) workspace.config(reference).delete();
    if (workspace.selected === workspace.qualifiedName(reference))
      selectStack(project, workspace.backendUrl, undefined, workspace.env);
  }
  workspace.print(`Stack '${reference.stack}' has been removed!`);
}

/** Outputs as a person or a script reads them: unwrapped, secrets in clear or hidden. */
const plainOutputs = (outputs: PropertyMap, reveal: boolean): PropertyMap =>
  Object.fromEntries(
    Object.entries(outputs)
      .filter(([key]) => !isInternalKey(key))
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, value]) => [key, reveal ? revealSecrets(value) : maskSecrets(value)]),
  );

const scalarText = (value: PropertyValue): string => (typeof value === "string" ? value : JSON.stringify(value));

export async function stackOutput(
  workspace: Workspace,
  property: string | undefined,
  options: { stack?: string; json?: boolean; showSecrets?: boolean; shell?: boolean },
): Promise<void> {
  const reference = await workspace.stack(options.stack);
  const reveal = options.showSecrets ?? false;
  const outputs = plainOutputs(await workspace.outputs(reference, reveal), reveal);
  if (property !== undefined) {
    const value = outputs[property];
    if (value === undefined) throw new UserError(`current stack does not have output property '${property}'`);
    return workspace.print(options.json ? JSON.stringify(value, undefined, 2) : scalarText(value));
  }
  if (options.json) return workspace.print(JSON.stringify(outputs, undefined, 2));
  if (options.shell) {
    for (const [key, value] of Object.entries(outputs))
      workspace.print(`${key}='${scalarText(value).replaceAll("'", String.raw`'\''`)}'`);
    return;
  }
  workspace.print(outputsTable(outputs));
}

function outputsTable(outputs: PropertyMap): string {
  const entries = Object.entries(outputs);
  if (entries.length === 0) return "Current stack outputs (0):\n    No output values currently in this stack";
  const table = renderTable(
    ["OUTPUT", "VALUE"],
    entries.map(([key, value]) => [key, scalarText(value)]),
  );
  return `Current stack outputs (${entries.length}):\n${table.replaceAll(/^/gm, "    ")}`;
}

export async function exportStack(
  workspace: Workspace,
  options: { stack?: string; file?: string; showSecrets?: boolean },
): Promise<void> {
  const reference = await workspace.stack(options.stack);
  const checkpoint = await workspace.backend.read(reference);
  const deployment =
    options.showSecrets && checkpoint.deployment
      ? serializeDeployment(await workspace.snapshot(checkpoint), checkpoint.salt, revealingSealer)
      : (checkpoint.deployment ?? { manifest: manifest(), metadata: {} });
  const text = JSON.stringify({ version: 3, deployment }, undefined, 4);
  if (options.file) await fs.writeFile(options.file, `${text}\n`);
  else workspace.print(text);
}

export async function importStack(
  workspace: Workspace,
  options: { stack?: string; file?: string; force?: boolean },
): Promise<void> {
  const reference = await workspace.stack(options.stack);
  const text = options.file ? await fs.readFile(options.file, "utf8") : await readAll(workspace.terminal.stdin);
  const lock = await StackLock.acquire(workspace.backend, reference);
  try {
    await workspace.backend.backUp(reference);
    await workspace.backend.write(
      reference,
      await importedDeployment(workspace, reference, text, options.force ?? false),
    );
  } finally {
    lock.release();
  }
  workspace.print("Import complete.");
}

/** A deployment from elsewhere, its secrets encrypted for this stack. */
async function importedDeployment(
  workspace: Workspace,
  reference: StackReference,
  text: string,
  force: boolean,
): Promise<string> {
  let document: PropertyValue;
  try {
    document = JSON.parse(text) as PropertyValue;
  } catch (cause) {
    throw new UserError("could not read the deployment to import: it is not JSON", { cause });
  }
  if (!isObject(document) || document.version !== 3)
    throw new UserError("could not read the deployment to import: it is not of version 3");
  const deployment = isObject(document.deployment) ? document.deployment : {};
  const salt = deploymentSalt(deployment);
  const opened = salt === undefined ? undefined : await workspace.secrets(salt);
  const snapshot = parseDeployment(deployment, (ciphertext) => {
    if (!opened) throw new UserError("the deployment to import has secrets, but does not say how they are encrypted");
    return opened.decrypt(ciphertext);
  });
  for (const { urn } of snapshot.resources) {
    const [stack, project] = [urn.split("::")[0]?.replace("urn:pulumi:", ""), urn.split("::")[1]];
    if ((stack !== reference.stack || project !== reference.project) && !force)
      throw new UserError(
        `resource '${urn}' is from a different stack (${stack ?? ""} != ${reference.stack}); use --force to import it nevertheless`,
      );
  }
  const secrets = await workspace.stackSecrets(workspace.config(reference), await workspace.backend.read(reference));
  const seal = workspace.sealer(secrets);
  return JSON.stringify({
    ...serializeDeployment(snapshot, secrets.salt, seal),
    secrets_providers: secretsProvider(secrets.salt),
    resources: snapshot.resources.map((resource) => serializeResource(resource, seal)),
  });
}

async function readAll(stream: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  stream.setEncoding("utf8");
  for await (const chunk of stream) text += String(chunk);
  return text;
}

export async function describeStack(
  workspace: Workspace,
  options: { stack?: string; showSecrets?: boolean; showIds?: boolean; showUrns?: boolean; showName?: boolean },
): Promise<void> {
  const reference = await workspace.stack(options.stack);
  if (options.showName) return workspace.print(reference.stack);
  const { deployment } = await workspace.backend.read(reference);
  const header = isObject(deployment?.manifest) ? deployment.manifest : {};
  const resources = Array.isArray(deployment?.resources) ? deployment.resources.filter(isObject) : [];
  const lines = [`Current stack is ${reference.stack}:`, `    Managed by ${workspace.username}`];
  if (resources.length > 0 && typeof header.time === "string") {
    lines.push(
      `    Last updated: ${ago(header.time)} (${header.time})`,
      `    Pulumi version used: ${String(header.version)}`,
    );
  }
  lines.push(`Current stack resources (${resources.length}):`);
  lines.push(
    resources.length === 0 ? "    No resources currently in this stack" : renderResourceTree(resources, options),
  );
  const reveal = options.showSecrets ?? false;
  const outputs = plainOutputs(await workspace.outputs(reference, reveal), reveal);
  if (Object.keys(outputs).length > 0) lines.push("", outputsTable(outputs));
  lines.push("", "Use `pulumi stack select` to change stack; `pulumi stack ls` lists known ones");
  workspace.print(lines.join("\n"));
}
