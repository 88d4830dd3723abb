import type { ReplicationSettings } from "@databricks-dr/replication";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { checkNetwork, checkPeer, checkRegions, checkSignIn } from "./between-keys.js";
import { type InfrastructureValues, infrastructureKeys } from "./infrastructure-keys.js";
import { keyAt, type Mistake, mistakesIn, namespace } from "./mistakes.js";
import { nearest } from "./nearest.js";
import { type Peer, peerOf, type StackName } from "./peer.js";
import { replicationKeys, type ReplicationValues } from "./replication-keys.js";

/** The validated configuration of one stack. */
export interface Config extends Omit<InfrastructureValues, "peer"> {
  /** Set when `role` is `standby`. */
  readonly peer?: Peer;
  readonly publicSubnetCidr: string;
  readonly privateSubnetCidr: string;
  /** What is copied, and how: handed on to the replication as it is, and JSON. */
  readonly replication: ReplicationSettings;
}

/** Every mistake of a configuration at once. Pulumi shows a RunError's message without a stack trace. */
export class ConfigError extends pulumi.RunError {
  constructor(
    readonly mistakes: readonly Mistake[],
    stack: string,
  ) {
    const count = mistakes.length === 1 ? "a mistake" : `${mistakes.length} mistakes`;
    super(
      [
        `the configuration of stack ${stack} has ${count}:`,
        ...mistakes.map(({ key, wrong, right }) => `\n  ${key} ${wrong}\n    → ${right}`),
        `\nSet a key with: pulumi config set <key> <value> --stack ${stack}`,
        `Every key is described in docs/configuration.md.`,
      ].join("\n"),
    );
  }
}

/** Reads and validates this stack's configuration. Throws a ConfigError that lists every mistake. */
export function loadConfig(): Config {
  const prefix = `${namespace}:`;
  const all = Object.entries(pulumi.runtime.allConfig());
  const values = all
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, value]) => [name.slice(prefix.length), value]);
  const elsewhere = all.map(([name]) => name).filter((name) => !name.startsWith(prefix));
  const own = { organization: pulumi.getOrganization(), project: pulumi.getProject(), stack: pulumi.getStack() };
  return parseConfig(Object.fromEntries(values) as Record<string, unknown>, own, secretKeys(), elsewhere);
}

/** The keys that the user stored as secrets; the runtime gives the program their values in clear. */
function secretKeys(): string[] {
  const names = JSON.parse(process.env["PULUMI_CONFIG_SECRET_KEYS"] ?? "[]") as string[];
  return names.map((name) => name.replace(`${namespace}:`, ""));
}

/**
 * Validates raw values (texts as Pulumi stores them, or already typed) by key, without the namespace.
 * Throws a ConfigError that lists every mistake.
 *
 * @param elsewhere Names of the stack's keys in other namespaces: one that is nearly ours is a mistake.
 */
export function parseConfig(
  values: Readonly<Record<string, unknown>>,
  own: StackName,
  secrets: readonly string[] = [],
  elsewhere: readonly string[] = [],
): Config {
  const mistakes: Mistake[] = [];
  findMisspeltNamespaces(elsewhere, mistakes);
  const secret = Object.keys(values).filter((name) => secrets.includes(name));
  const plain = Object.fromEntries(Object.entries(values).filter(([name]) => !secret.includes(name)));
  for (const name of secret) mistakes.push(storedAsSecret(name));
  findUnknownKeys(plain, mistakes);
  const infrastructure = readKeys(infrastructureKeys, plain, secret, mistakes);
  const replication = readKeys(replicationKeys, plain, secret, mistakes);
  checkRegions(infrastructure, mistakes);
  checkPeer(infrastructure, own, mistakes);
  checkSignIn(infrastructure, mistakes);
  const subnets = checkNetwork(infrastructure, mistakes);
  if (mistakes.length > 0) throw new ConfigError(mistakes, own.stack);
  const { peer, ...rest } = infrastructure as InfrastructureValues;
  return {
    ...rest,
    ...subnets,
    ...(peer === undefined ? {} : { peer: peerOf(peer, own) }),
    replication: replication as ReplicationValues satisfies ReplicationSettings,
  };
}

/** The values of the keys that have no mistake: one by one, so that what several keys say together can be checked as well. */
function readKeys<Keys extends z.core.$ZodLooseShape>(
  keys: Keys,
  values: Readonly<Record<string, unknown>>,
  refused: readonly string[],
  mistakes: Mistake[],
): Partial<z.output<z.ZodObject<Keys>>> {
  const read: Record<string, unknown> = {};
  for (const [name, shape] of Object.entries(keys)) {
    if (refused.includes(name)) continue;
    const { data, error } = z.object({ [name]: shape }).safeParse({ [name]: values[name] });
    if (error) mistakes.push(...error.issues.flatMap(mistakesIn));
    else if (data[name] !== undefined) read[name] = data[name];
  }
  return read as Partial<z.output<z.ZodObject<Keys>>>;
}

function findUnknownKeys(values: Readonly<Record<string, unknown>>, mistakes: Mistake[]): void {
  const known = [...Object.keys(infrastructureKeys), ...Object.keys(replicationKeys)];
  for (const name of Object.keys(values).filter((candidate) => !known.includes(candidate))) {
    const near = nearest(name, known);
    mistakes.push({
      key: keyAt([name]),
      wrong: "is not known",
      right: near ? `did you mean ${namespace}:${near}?` : `remove it: pulumi config rm ${namespace}:${name}`,
    });
  }
}

/** Namespaces of what this program is made of, which are near ours by chance. */
const otherNamespaces = ["databricks", "azure-native", "azure", "pulumi"];

function findMisspeltNamespaces(names: readonly string[], mistakes: Mistake[]): void {
  for (const name of names) {
    const [other = "", ...rest] = name.split(":");
    if (otherNamespaces.includes(other) || nearest(other, [namespace]) === undefined) continue;
    const meant = `${namespace}:${rest.join(":")}`;
    mistakes.push({
      key: name,
      wrong: `is in the namespace ${other}, which nothing reads`,
      right: `did you mean ${meant}? pulumi config rm ${name}`,
    });
  }
}

function storedAsSecret(name: string): Mistake {
  return {
    key: keyAt([name]),
    wrong: "is stored as a secret, but no key of this program holds one",
    right: "set it again without --secret, and refer to secrets in it by {{secrets/<scope>/<key>}} where it takes them",
  };
}
