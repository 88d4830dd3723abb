import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { knownRegions, regionDisplayName, regionName, regionPair } from "../../components/azure-regions.js";
import { contains, formatIpv4Range, overlaps, parseIpv4Range, quarter } from "../../config/ipv4-range.js";
import { nameLimits, resourceNames, storageAccountName, subscriptionOf } from "../../components/names.js";

const prefix = fc.stringMatching(/^[a-z][a-z0-9]{1,11}$/);
const stack = fc.stringMatching(/^[A-Za-z0-9][\w.-]{0,99}$/);

describe("names", () => {
  it("keep within Azure's limits for any stack name", () => {
    fc.assert(
      fc.property(prefix, stack, fc.uuid(), (prefix, stack, subscription) => {
        const names = resourceNames({ prefix, stack });
        expect(names.resourceGroup.length).toBeLessThanOrEqual(nameLimits.resourceGroup);
        expect(names.managedResourceGroup.length).toBeLessThanOrEqual(nameLimits.resourceGroup);
        expect(names.virtualNetwork.length).toBeLessThanOrEqual(nameLimits.network);
        expect(names.workspace).toMatch(/^[a-z0-9][a-z0-9_-]{2,63}$/);
        expect(storageAccountName({ prefix, stack }, subscription)).toMatch(/^[a-z0-9]{3,24}$/);
      }),
    );
  });

  it("of a storage account differ by subscription, prefix and stack, and are the same each time", () => {
    const name = storageAccountName({ prefix: "dbdr", stack: "primary" }, "0000");
    expect(storageAccountName({ prefix: "dbdr", stack: "primary" }, "0000")).toBe(name);
    expect(storageAccountName({ prefix: "dbdr", stack: "primary" }, "0001")).not.toBe(name);
    expect(storageAccountName({ prefix: "dbdr", stack: "primar-y" }, "0000")).not.toBe(name);
  });

  it("too long to keep whole stay apart", () => {
    const long = "a".repeat(90);
    const names = [`${long}1`, `${long}2`].map((stack) => resourceNames({ prefix: "dbdr", stack }).workspace);
    expect(new Set(names).size).toBe(2);
  });

  it("of a subscription are read from a resource's id", () => {
    expect(subscriptionOf("/subscriptions/12-34/resourceGroups/rg")).toBe("12-34");
    expect(() => subscriptionOf("rg")).toThrow("no Azure resource id");
  });
});

describe("regions", () => {
  it("know the pairs that matter here", () => {
    expect(regionPair("eastus2")).toEqual({ pair: "centralus" });
    expect(regionPair("East US 2")).toEqual({ pair: "centralus" });
    expect(regionPair("westus")).toEqual({ pair: "eastus" });
    expect(regionPair("polandcentral")).toBe("none");
    expect(regionPair("moonbase1")).toBe("unknown");
  });

  it("have names that lead back to themselves, and pairs that are regions", () => {
    for (const region of knownRegions) {
      expect(regionName(regionDisplayName(region))).toBe(region);
      const pair = regionPair(region);
      if (typeof pair === "object") expect(knownRegions).toContain(pair.pair);
    }
  });
});

describe("IPv4 ranges", () => {
  it("are read and written alike, and their quarters are two parts of them", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 16 - 1 }), fc.integer({ min: 16, max: 24 }), (high, bits) => {
        const range = { first: high * 2 ** 16, bits };
        expect(parseIpv4Range(formatIpv4Range(range))).toEqual(range);
        const [one, two] = [quarter(range, 0), quarter(range, 1)];
        expect(contains(range, one) && contains(range, two)).toBe(true);
        expect(overlaps(one, two)).toBe(false);
        expect(overlaps(range, two)).toBe(true);
      }),
    );
  });

  it.each(["", "10.0.0.0", "10.0.0/8", "256.0.0.0/8", "10.0.0.0/33", "10.0.0.1/31x"])("are not %j", (text) => {
    expect(parseIpv4Range(text)).toBe("is no IPv4 range");
  });
});
