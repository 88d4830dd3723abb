import type { ReplicationSettings } from "@databricks-dr/replication";
import * as pulumi from "@pulumi/pulumi";
import { knownRegions, pairedRegions, regionDisplayName, regionPair } from "./components/azure-regions.js";
import {
  contains,
  formatIpv4Range,
  type Ipv4Range,
  overlaps,
  parseIpv4Range,
  quarter,
} from "./components/ipv4-range.js";
import { infrastructureKeys, namespace, replicationKeys } from "./config-keys.js";
import { type Key, type Mistake, nearest, type ValueOf } from "./config-schema.js";

type Values<Keys extends Record<string, Key>> = Readonly<
  {
    [K in keyof Keys as Keys[K] extends { required: true } | { default: unknown } ? K : never]: ValueOf<
      Keys[K]["shape"]
    >;
  } & {
    [K in keyof Keys as Keys[K] extends { required: true } | { default: unknown } ? never : K]?: ValueOf<
      Keys[K]["shape"]
    >;
  }
>;

/** Where the workspace of the other region is described. */
export interface Peer {
  /** The stack's short name, for messages and commands. */
  readonly stack: string;
  /** organization/project/stack, as a StackReference takes it. */
  readonly reference: string;
}

type InfrastructureValues = Values<typeof infrastructureKeys>;

/** The validated configuration of one stack. */
export interface Config extends Omit<InfrastructureValues, "peer"> {
  /** Set when `role` is `standby`. */
  readonly peer?: Peer;
  readonly publicSubnetCidr: string;
  readonly privateSubnetCidr: string;
  /** What is copied, and how: handed on to the replication as it is, and JSON. */
  readonly replication: ReplicationSettings;
}

/** The stack that the configuration belongs to. */
export interface StackName {
  readonly organization: string;
  readonly project: string;
  readonly stack: string;
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
    replication: replication as Values<typeof replicationKeys> satisfies ReplicationSettings,
  };
}

function readKeys<Keys extends Record<string, Key>>(
  keys: Keys,
  values: Readonly<Record<string, unknown>>,
  refused: readonly string[],
  mistakes: Mistake[],
): Partial<Values<Keys>> {
  const read = Object.entries(keys).map(([name, { shape, required, default: standard }]) => {
    const value = values[name];
    if (value !== undefined) return [name, shape.read(value, `${namespace}:${name}`, mistakes)] as const;
    if (required && !refused.includes(name))
      mistakes.push({
        key: `${namespace}:${name}`,
        wrong: "is missing",
        right: `set it (${shape.type.replaceAll(/[`\\]/g, "")})`,
      });
    return [name, standard] as const;
  });
  return Object.fromEntries(read.filter(([, value]) => value !== undefined)) as Partial<Values<Keys>>;
}

function findUnknownKeys(values: Readonly<Record<string, unknown>>, mistakes: Mistake[]): void {
  const known = [...Object.keys(infrastructureKeys), ...Object.keys(replicationKeys)];
  for (const name of Object.keys(values).filter((candidate) => !known.includes(candidate))) {
    const near = nearest(name, known);
    mistakes.push({
      key: `${namespace}:${name}`,
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

function checkRegions({ location, peerLocation }: Partial<InfrastructureValues>, mistakes: Mistake[]): void {
  for (const [name, region] of Object.entries({ location, peerLocation })) {
    if (region === undefined || regionPair(region) !== "unknown") continue;
    const near = nearest(region, knownRegions);
    mistakes.push({
      key: `${namespace}:${name}`,
      wrong: `is ${region}, which is no region that this program knows`,
      right: near
        ? `did you mean ${near}?`
        : "use one of https://learn.microsoft.com/azure/reliability/regions-list; a new one goes into components/azure-regions.ts, with its pair",
    });
  }
  if (location !== undefined && regionPair(location) === "none")
    mistakes.push({
      key: `${namespace}:location`,
      wrong: `is ${regionDisplayName(location)}, which Azure pairs with no region: storage there cannot be geo-redundant`,
      right: `use a region that has a pair: ${pairedRegions.join(", ")}`,
    });
}

function storedAsSecret(name: string): Mistake {
  return {
    key: `${namespace}:${name}`,
    wrong: "is stored as a secret, but no key of this program holds one",
    right: "set it again without --secret, and refer to secrets in it by {{secrets/<scope>/<key>}} where it takes them",
  };
}

function peerOf(peer: string, own: StackName): Peer {
  const stack = peer.split("/").at(-1) ?? peer;
  return { stack, reference: peer.includes("/") ? peer : `${own.organization}/${own.project}/${peer}` };
}

function checkPeer(config: Partial<InfrastructureValues>, own: StackName, mistakes: Mistake[]): void {
  const { role, peer, location, peerLocation } = config;
  if (role !== undefined && role !== "active" && peer === undefined)
    mistakes.push({
      key: `${namespace}:peer`,
      wrong: `is missing, and a stack that is ${role} needs its peer`,
      right: "set it to the stack of the other region",
    });
  if (peer !== undefined && peerOf(peer, own).reference === `${own.organization}/${own.project}/${own.stack}`)
    mistakes.push({
      key: `${namespace}:peer`,
      wrong: `is "${peer}", this very stack`,
      right: "set it to the stack of the other region",
    });
  if (location !== undefined && location === peerLocation)
    mistakes.push({
      key: `${namespace}:peerLocation`,
      wrong: `is ${regionDisplayName(location)}, as location is: both sides would be lost together`,
      right: "set location and peerLocation to two regions",
    });
}

function checkSignIn({ auth, profile }: Partial<InfrastructureValues>, mistakes: Mistake[]): void {
  if (auth === "profile" && profile === undefined)
    mistakes.push({
      key: `${namespace}:profile`,
      wrong: "is missing, and auth is profile",
      right: "give the name of a profile of .databrickscfg",
    });
  if (profile !== undefined && auth !== undefined && auth !== "profile")
    mistakes.push({
      key: `${namespace}:profile`,
      wrong: `is set, and auth is ${auth}, which uses none`,
      right: "remove it, or set auth to profile",
    });
}

function checkNetwork(
  config: Partial<InfrastructureValues>,
  mistakes: Mistake[],
): { publicSubnetCidr: string; privateSubnetCidr: string } {
  const vnet = rangeOf(config.vnetCidr) ?? { first: 0, bits: 0 };
  const subnets = {
    publicSubnetCidr: rangeOf(config.publicSubnetCidr) ?? quarter(vnet, 0),
    privateSubnetCidr: rangeOf(config.privateSubnetCidr) ?? quarter(vnet, 1),
  };
  // Limits: https://learn.microsoft.com/azure/databricks/security/network/classic/vnet-inject
  if (config.vnetCidr !== undefined && (vnet.bits < 16 || vnet.bits > 24))
    mistakes.push({
      key: `${namespace}:vnetCidr`,
      wrong: `is "${config.vnetCidr}", of a size that Databricks does not take`,
      right: "use a range from /16 to /24",
    });
  for (const name of ["publicSubnetCidr", "privateSubnetCidr"] as const) {
    if (config[name] === undefined || config.vnetCidr === undefined) continue;
    const wrong = (end: string) => `is "${config[name]}", ${end}`;
    if (subnets[name].bits > 26)
      mistakes.push({
        key: `${namespace}:${name}`,
        wrong: wrong("too small for Databricks"),
        right: "use /26 or larger",
      });
    if (!contains(vnet, subnets[name]))
      mistakes.push({
        key: `${namespace}:${name}`,
        wrong: wrong(`not within vnetCidr (${config.vnetCidr})`),
        right: `use a part of it, such as ${formatIpv4Range(quarter(vnet, name === "publicSubnetCidr" ? 0 : 1))}`,
      });
  }
  if (config.vnetCidr !== undefined && overlaps(subnets.publicSubnetCidr, subnets.privateSubnetCidr))
    mistakes.push({
      key: `${namespace}:${config.privateSubnetCidr === undefined ? "publicSubnetCidr" : "privateSubnetCidr"}`,
      wrong: `overlaps the other subnet (${formatIpv4Range(subnets.publicSubnetCidr)} and ${formatIpv4Range(subnets.privateSubnetCidr)})`,
      right: "give the two subnets two ranges",
    });
  return {
    publicSubnetCidr: formatIpv4Range(subnets.publicSubnetCidr),
    privateSubnetCidr: formatIpv4Range(subnets.privateSubnetCidr),
  };
}

function rangeOf(text: string | undefined): Ipv4Range | undefined {
  const range = text === undefined ? "" : parseIpv4Range(text);
  return typeof range === "string" ? undefined : range;
}
