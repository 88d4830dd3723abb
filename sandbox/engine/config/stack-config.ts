import * as fs from "node:fs";
import * as path from "node:path";
import { Document, isMap, parseDocument } from "yaml";
import type { Project } from "../project.js";
import { parsePropertyPath, type PathElement } from "../resource/property-path.js";
import { isObject, mapValue, type PropertyMap, type PropertyValue } from "../resource/values.js";
import type { PassphraseSecrets } from "../secrets.js";
import { UserError } from "../user-error.js";
import { jsonAsGoWrites } from "./go-json.js";

/** A configuration value as a program gets it. */
export interface ConfigValue {
  /** Text; of an object, its JSON. */
  value: string;
  secret: boolean;
  /** Of an object or list: itself. */
  objectValue?: PropertyValue;
}

/** Decrypted configuration, by `namespace:name`. */
export type Config = Map<string, ConfigValue>;

const isSecure = (value: PropertyValue | undefined): value is { secure: string } =>
  isObject(value) && typeof value.secure === "string" && Object.keys(value).length === 1;

/** `name`, `namespace:name` or `namespace:config:name`, as `namespace:name`. */
export function normalizeConfigKey(key: string, project: string): string {
  const parts = key.split(":");
  if (parts.length === 1) return `${project}:${key}`;
  if (parts.length === 2) return key;
  if (parts.length === 3 && parts[1] === "config") return `${parts[0]}:${parts[2]}`;
  throw new UserError(
    `invalid configuration key: could not parse ${key} as a configuration key (configuration keys should be of the form <namespace>:<name>)`,
  );
}

/** Values inside objects keep the type that they look like; at the top everything is text. */
function typedValue(text: string): PropertyValue {
  if (text === "true" || text === "false") return text === "true";
  return /^(0|-?[1-9]\d*)$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : text;
}

const scalarText = (value: PropertyValue): string => (typeof value === "string" ? value : JSON.stringify(value));

/** One stack's `Pulumi.<stack>.yaml`. What it does not change, comments too, it leaves as it is. */
export class StackConfig {
  private constructor(
    readonly file: string,
    private readonly document: Document,
    private readonly project: Project,
  ) {}

  /** The stack's file, or an empty one when there is none yet. */
  static load(project: Project, stack: string, configFile?: string): StackConfig {
    const directory = path.resolve(project.directory, project.stackConfigDirectory ?? ".");
    const file = configFile ? path.resolve(configFile) : path.join(directory, `Pulumi.${stack}.yaml`);
    let document: Document = new Document({});
    if (fs.existsSync(file)) {
      document = parseDocument(fs.readFileSync(file, "utf8"));
      const [error] = document.errors;
      if (error) throw new UserError(`could not read ${file}: ${error.message}`);
      if (document.contents === null) document.contents = document.createNode({});
      if (!isMap(document.contents)) throw new UserError(`could not read ${file}: it is not a map`);
    }
    return new StackConfig(file, document, project);
  }

  get salt(): string | undefined {
    const salt = this.document.get("encryptionsalt");
    return typeof salt === "string" && salt ? salt : undefined;
  }

  set salt(salt: string | undefined) {
    if (salt === undefined) {
      this.document.delete("encryptionsalt");
      return;
    }
    if (this.document.has("encryptionsalt")) this.document.set("encryptionsalt", salt);
    else if (isMap(this.document.contents))
      this.document.contents.items.unshift(this.document.createPair("encryptionsalt", salt));
  }

  /** A secrets provider of another sort than the passphrase, which this engine does not know. */
  get foreignSecretsProvider(): string | undefined {
    const provider = this.document.get("secretsprovider");
    return typeof provider === "string" && provider && provider !== "passphrase" ? provider : undefined;
  }

  /** Values as written, secrets sealed, under normalized keys. */
  private get written(): Map<string, PropertyValue> {
    const top = this.document.toJS({ mapAsMap: true }) as Map<unknown, unknown> | null;
    const config = top?.get("config");
    const entries = config instanceof Map ? Object.entries(withTextKeys(config) as PropertyMap) : [];
    return new Map(entries.map(([key, value]) => [normalizeConfigKey(key, this.project.name), value]));
  }

  private documentKey(key: string): string {
    const config = this.document.get("config");
    if (isMap(config))
      for (const { key: node } of config.items) {
        const name = String((node as { value?: unknown } | null)?.value ?? node);
        if (normalizeConfigKey(name, this.project.name) === key) return name;
      }
    return key;
  }

  /** Defaults of `Pulumi.yaml`, by normalized key. */
  private get projectDefaults(): Map<string, PropertyValue> {
    const defaults = new Map<string, PropertyValue>();
    for (const [key, raw] of Object.entries(this.project.config)) {
      const declared = raw as PropertyValue;
      const value =
        isObject(declared) && ("value" in declared || "default" in declared || "type" in declared)
          ? (declared.value ?? declared.default)
          : declared;
      if (value !== undefined && value !== null) defaults.set(normalizeConfigKey(key, this.project.name), value);
    }
    return defaults;
  }

  get hasSecrets(): boolean {
    return [...this.written.values()].some((value) => containsSecure(value));
  }

  /** Every value in clear. Secrets are asked for only where there are any. */
  async decrypt(secrets: () => Promise<PassphraseSecrets>): Promise<Config> {
    const opened = this.hasSecrets ? await secrets() : undefined;
    return this.open((sealed) => opened?.decrypt(sealed) ?? "");
  }

  /** Every value, secrets as a mask. */
  masked(mask = "[secret]"): Config {
    return this.open(() => mask);
  }

  private open(decrypt: (sealed: string) => string): Config {
    const config: Config = new Map();
    const values = [...new Map([...this.projectDefaults, ...this.written])];
    for (const [key, value] of values.sort(([left], [right]) => (left < right ? -1 : 1))) {
      const secret = containsSecure(value);
      if (isSecure(value)) {
        config.set(key, { value: decrypt(value.secure), secret });
      } else if (isObject(value) || Array.isArray(value)) {
        const clear = mapValue(value, (part) => (isSecure(part) ? decrypt(part.secure) : part));
        config.set(key, { value: jsonAsGoWrites(clear), secret, objectValue: clear });
      } else {
        config.set(key, { value: scalarText(value), secret });
      }
    }
    return config;
  }

  /** Values for the history: secrets stay sealed. */
  get sealed(): Record<string, string | { secure: string }> {
    return Object.fromEntries(
      [...this.written].map(([key, value]) => [key, isSecure(value) ? value : scalarText(value)]),
    );
  }

  private location(key: string, usePath: boolean): PathElement[] {
    if (!usePath) return [this.documentKey(normalizeConfigKey(key, this.project.name))];
    const [head, ...rest] = parsePropertyPath(key);
    if (head === undefined) throw new UserError("invalid configuration key: it is empty");
    return [this.documentKey(normalizeConfigKey(String(head), this.project.name)), ...rest];
  }

  /** Sets a value; one that is given sealed is stored as a secret. */
  set(key: string, value: string | { secure: string }, usePath = false): void {
    const location = this.location(key, usePath);
    const nested = location.length > 1;
    const written = typeof value === "string" && nested ? typedValue(value) : value;
    if (!isMap(this.document.get("config"))) this.document.set("config", this.document.createNode({}));
    // setIn makes missing containers maps; a missing list has to be made here, so that [0] does not become a key.
    for (let depth = 1; depth < location.length; depth++) {
      const at = ["config", ...location.slice(0, depth)];
      if (this.document.hasIn(at)) continue;
      this.document.setIn(at, this.document.createNode(typeof location[depth] === "number" ? [] : {}));
    }
    this.document.setIn(["config", ...location], this.document.createNode(written));
  }

  /** Sets a whole structure, as `config set-all --json` gives it. */
  setObject(key: string, value: PropertyValue): void {
    if (!isMap(this.document.get("config"))) this.document.set("config", this.document.createNode({}));
    this.document.setIn(["config", ...this.location(key, false)], this.document.createNode(value));
  }

  remove(key: string, usePath = false): void {
    this.document.deleteIn(["config", ...this.location(key, usePath)]);
    const config = this.document.get("config");
    if (isMap(config) && config.items.length === 0) this.document.delete("config");
  }

  /** Replaces all values, sealed ones included. */
  replaceAll(values: Record<string, string | { secure: string }>): void {
    this.document.delete("config");
    for (const [key, value] of Object.entries(values)) this.set(key, value);
  }

  save(): void {
    fs.mkdirSync(path.dirname(this.file), { recursive: true });
    // Long secrets must stay on one line: other readers of the file match whole lines.
    fs.writeFileSync(this.file, this.document.toString({ lineWidth: 0 }));
  }

  exists(): boolean {
    return fs.existsSync(this.file);
  }

  delete(): void {
    fs.rmSync(this.file, { force: true });
  }
}

/** Maps as objects. A number as a key is written as Go writes it: one that was rounded shows by its exponent. */
function withTextKeys(value: unknown): PropertyValue {
  if (Array.isArray(value)) return value.map(withTextKeys);
  if (!(value instanceof Map)) return value as PropertyValue;
  return Object.fromEntries([...value].map(([key, item]) => [keyText(key), withTextKeys(item)]));
}

function keyText(key: unknown): string {
  if (typeof key !== "number" || Number.isSafeInteger(key) || !Number.isInteger(key)) return String(key);
  return key.toExponential();
}

function containsSecure(value: PropertyValue): boolean {
  if (isSecure(value)) return true;
  if (Array.isArray(value)) return value.some(containsSecure);
  return isObject(value) && Object.values(value).some(containsSecure);
}
