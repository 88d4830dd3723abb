import { knownRegions, pairedRegions, regionDisplayName, regionPair } from "../components/azure-regions.js";
import type { InfrastructureValues } from "./infrastructure-keys.js";
import { contains, formatIpv4Range, type Ipv4Range, overlaps, parseIpv4Range, quarter } from "./ipv4-range.js";
import { keyAt, type Mistake } from "./mistakes.js";
import { nearest } from "./nearest.js";
import { peerOf, type StackName } from "./peer.js";

/** The keys that have a value, and no mistake of their own. */
type Values = Partial<InfrastructureValues>;

export function checkRegions({ location, peerLocation }: Values, mistakes: Mistake[]): void {
  for (const [name, region] of Object.entries({ location, peerLocation })) {
    if (region === undefined || regionPair(region) !== "unknown") continue;
    const near = nearest(region, knownRegions);
    mistakes.push({
      key: keyAt([name]),
      wrong: `is ${region}, which is no region that this program knows`,
      right: near
        ? `did you mean ${near}?`
        : "use one of https://learn.microsoft.com/azure/reliability/regions-list; a new one goes into components/azure-regions.ts, with its pair",
    });
  }
  if (location !== undefined && regionPair(location) === "none")
    mistakes.push({
      key: keyAt(["location"]),
      wrong: `is ${regionDisplayName(location)}, which Azure pairs with no region: storage there cannot be geo-redundant`,
      right: `use a region that has a pair: ${pairedRegions.join(", ")}`,
    });
}

export function checkPeer(config: Values, own: StackName, mistakes: Mistake[]): void {
  const { role, peer, location, peerLocation } = config;
  if (role !== undefined && role !== "active" && peer === undefined)
    mistakes.push({
      key: keyAt(["peer"]),
      wrong: `is missing, and a stack that is ${role} needs its peer`,
      right: "set it to the stack of the other region",
    });
  if (peer !== undefined && peerOf(peer, own).reference === `${own.organization}/${own.project}/${own.stack}`)
    mistakes.push({
      key: keyAt(["peer"]),
      wrong: `is "${peer}", this very stack`,
      right: "set it to the stack of the other region",
    });
  if (location !== undefined && location === peerLocation)
    mistakes.push({
      key: keyAt(["peerLocation"]),
      wrong: `is ${regionDisplayName(location)}, as location is: both sides would be lost together`,
      right: "set location and peerLocation to two regions",
    });
}

export function checkSignIn({ auth, profile }: Values, mistakes: Mistake[]): void {
  if (auth === "profile" && profile === undefined)
    mistakes.push({
      key: keyAt(["profile"]),
      wrong: "is missing, and auth is profile",
      right: "give the name of a profile of .databrickscfg",
    });
  if (profile !== undefined && auth !== undefined && auth !== "profile")
    mistakes.push({
      key: keyAt(["profile"]),
      wrong: `is set, and auth is ${auth}, which uses none`,
      right: "remove it, or set auth to profile",
    });
}

export function checkNetwork(
  config: Values,
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
      key: keyAt(["vnetCidr"]),
      wrong: `is "${config.vnetCidr}", of a size that Databricks does not take`,
      right: "use a range from /16 to /24",
    });
  for (const name of ["publicSubnetCidr", "privateSubnetCidr"] as const) {
    if (config[name] === undefined || config.vnetCidr === undefined) continue;
    const wrong = (end: string) => `is "${config[name]}", ${end}`;
    if (subnets[name].bits > 26)
      mistakes.push({
        key: keyAt([name]),
        wrong: wrong("too small for Databricks"),
        right: "use /26 or larger",
      });
    if (!contains(vnet, subnets[name]))
      mistakes.push({
        key: keyAt([name]),
        wrong: wrong(`not within vnetCidr (${config.vnetCidr})`),
        right: `use a part of it, such as ${formatIpv4Range(quarter(vnet, name === "publicSubnetCidr" ? 0 : 1))}`,
      });
  }
  if (config.vnetCidr !== undefined && overlaps(subnets.publicSubnetCidr, subnets.privateSubnetCidr))
    mistakes.push({
      key: keyAt([config.privateSubnetCidr === undefined ? "publicSubnetCidr" : "privateSubnetCidr"]),
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
