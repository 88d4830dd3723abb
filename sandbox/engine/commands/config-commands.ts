import { normalizeConfigKey, type ConfigValue, type StackConfig } from "../config/stack-config.js";
import type { StackReference } from "../backend/stack-reference.js";
import { parsePropertyPath } from "../resource/property-path.js";
import { isObject, type PropertyValue } from "../resource/values.js";
import { exitCodes, UserError } from "../user-error.js";
import { renderTable } from "./table.js";
import type { Workspace } from "./workspace.js";

export interface ConfigOptions {
  stack?: string;
  configFile?: string;
  path?: boolean;
  json?: boolean;
  showSecrets?: boolean;
  secret?: boolean;
  plaintext?: boolean;
}

interface Opened {
  reference: StackReference;
  config: StackConfig;
}

async function open(workspace: Workspace, { stack, configFile }: ConfigOptions): Promise<Opened> {
  const reference = await workspace.stack(stack);
  return { reference, config: workspace.config(reference, configFile) };
}

const seal = async (workspace: Workspace, config: StackConfig, text: string): Promise<{ secure: string }> => ({
  secure: (await workspace.stackSecrets(config)).encrypt(text),
});

/** A value in the form that the Automation API reads: secrets without their value unless they are to be shown. */
const valueJson = ({ value, secret, objectValue }: ConfigValue, show: boolean): Record<string, unknown> => ({
  ...(secret && !show ? {} : { value, ...(objectValue === undefined ? {} : { objectValue }) }),
  secret,
});

export async function listConfig(workspace: Workspace, options: ConfigOptions): Promise<void> {
  const { config } = await open(workspace, options);
  const show = options.showSecrets ?? false;
  const values = show ? await config.decrypt(() => workspace.stackSecrets(config)) : config.masked();
  if (options.json) {
    const entries = [...values].map(([key, value]) => [key, valueJson(value, show)]);
    return workspace.print(JSON.stringify(Object.fromEntries(entries), undefined, 2));
  }
  const prefix = `${workspace.project.name}:`;
  const shortKey = (key: string): string => (key.startsWith(prefix) ? key.slice(prefix.length) : key);
  const rows = [...values].map(([key, { value }]) => [shortKey(key), value]);
  workspace.print(renderTable(["KEY", "VALUE"], rows));
}

export async function getConfig(workspace: Workspace, key: string, options: ConfigOptions): Promise<void> {
  const { reference, config } = await open(workspace, options);
  const [head, ...rest] = options.path ? parsePropertyPath(key) : [key];
  const values = await config.decrypt(() => workspace.stackSecrets(config));
  let found = values.get(normalizeConfigKey(String(head), workspace.project.name));
  if (found && rest.length > 0) {
    let value: PropertyValue | undefined = found.objectValue;
    for (const element of rest)
      value = Array.isArray(value) ? value[Number(element)] : isObject(value) ? value[String(element)] : undefined;
    found = value === undefined || value === null ? undefined : asConfigValue(value, found.secret);
  }
  if (!found) throw new UserError(`configuration key '${key}' not found for stack '${reference.stack}'`);
  workspace.print(options.json ? JSON.stringify(valueJson(found, true), undefined, 2) : found.value);
}

const asConfigValue = (value: PropertyValue, secret: boolean): ConfigValue =>
  typeof value === "object"
    ? { value: JSON.stringify(value), secret, objectValue: value }
    : { value: String(value), secret };

export async function setConfig(
  workspace: Workspace,
  key: string,
  text: string | undefined,
  options: ConfigOptions,
): Promise<void> {
  const { config } = await open(workspace, options);
  const value = text ?? (await readValue(workspace));
  config.set(key, options.secret ? await seal(workspace, config, value) : value, options.path);
  config.save();
}

/** Without a value on the command line, it is what comes in: secrets then do not stand in a shell's history. */
async function readValue({ terminal }: Workspace): Promise<string> {
  if (terminal.stdin.isTTY)
    throw new UserError("no value given: name it, or pipe it in", { exitCode: exitCodes.configuration });
  let text = "";
  terminal.stdin.setEncoding("utf8");
  for await (const chunk of terminal.stdin) text += String(chunk);
  return text.replace(/\r?\n$/, "");
}

export interface SetAllOptions extends Omit<ConfigOptions, "secret" | "plaintext" | "json"> {
  secret?: string[];
  plaintext?: string[];
  json?: string;
}

export async function setAllConfig(workspace: Workspace, options: SetAllOptions): Promise<void> {
  const { config } = await open(workspace, { stack: options.stack, configFile: options.configFile });
  const split = (setting: string): [string, string] => {
    const at = setting.indexOf("=");
    if (at < 0)
      throw new UserError("config value must be in the form [key]=[value]", { exitCode: exitCodes.configuration });
    return [setting.slice(0, at), setting.slice(at + 1)];
  };
  for (const [key, value] of (options.plaintext ?? []).map(split)) config.set(key, value, options.path);
  for (const [key, value] of (options.secret ?? []).map(split))
    config.set(key, await seal(workspace, config, value), options.path);
  if (options.json !== undefined) await setFromJson(workspace, config, options.json);
  config.save();
}

/** The document that `config --json` prints. */
async function setFromJson(workspace: Workspace, config: StackConfig, text: string): Promise<void> {
  const document = JSON.parse(text) as PropertyValue;
  if (!isObject(document))
    throw new UserError("--json must be an object of configuration values", { exitCode: exitCodes.configuration });
  for (const [key, entry] of Object.entries(document)) {
    if (!isObject(entry))
      throw new UserError(`--json: the value of ${key} is not an object`, { exitCode: exitCodes.configuration });
    const plain = typeof entry.value === "string" ? entry.value : JSON.stringify(entry.value ?? "");
    if (entry.secret === true) config.set(key, await seal(workspace, config, plain));
    else if (entry.objectValue !== undefined) config.setObject(key, entry.objectValue);
    else config.set(key, plain);
  }
}

export async function removeConfig(
  workspace: Workspace,
  keys: readonly string[],
  options: ConfigOptions,
): Promise<void> {
  const { config } = await open(workspace, options);
  for (const key of keys) config.remove(key, options.path);
  config.save();
}

/** Puts the configuration of the last update into the stack's file. */
export async function refreshConfig(workspace: Workspace, options: ConfigOptions & { force?: boolean }): Promise<void> {
  const { reference, config } = await open(workspace, options);
  const [last] = await workspace.backend.history(reference).list(1);
  if (!last) throw new UserError("no previous deployment");
  const values: Record<string, string | { secure: string }> = {};
  for (const [key, value] of Object.entries(last.config))
    values[key] =
      typeof value === "string" ? value : value.secure === undefined ? (value.value ?? "") : { secure: value.secure };
  if (!options.force && config.exists() && JSON.stringify(config.sealed) !== JSON.stringify(values))
    throw new UserError(
      `config file ${config.file} has changes; pass --force to replace it with the configuration of the last update`,
    );
  // Secrets of the last update are sealed under the state's salt.
  const { salt } = await workspace.backend.read(reference);
  if (salt !== undefined) config.salt = salt;
  config.replaceAll(values);
  config.save();
  workspace.print(`refreshed configuration for stack '${reference.stack}'`);
}
