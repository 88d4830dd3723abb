import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { kinds } from "../../replication/kinds/registry.js";
import { services } from "../../sandbox/databricks/registry.js";

const coverage = await readFile(new URL("../../docs/coverage.md", import.meta.url), "utf8");
const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
const configuration = await readFile(new URL("../../docs/configuration.md", import.meta.url), "utf8");

/** Kind → the sandbox's services that the table names for it. */
const table = new Map(
  coverage
    .split("<!-- kinds -->")[1]!
    .split("<!-- end -->")[0]!
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split("|").map((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!)))
    .map((cells) => [cells[1]![0]!, cells[3]!]),
);

describe("the coverage table", () => {
  it("has exactly the kinds that are registered", () => {
    expect([...table.keys()].sort()).toEqual(kinds.map(({ name }) => name).sort());
  });

  it("names services that the sandbox has, each kind's own where it has one", () => {
    const registered = new Set(services.map(({ name }) => name));
    for (const [kind, named] of table) {
      expect(named.length, kind).toBeGreaterThan(0);
      expect(
        named.filter((name) => !registered.has(name)),
        kind,
      ).toEqual([]);
      if (registered.has(kind)) expect(named, kind).toContain(kind);
    }
  });
});

describe("the README", () => {
  it("names every key of the configuration", () => {
    const keys = [...configuration.matchAll(/^\| `([A-Za-z]+)` /gm)].map(([, key]) => key!);
    expect(keys.length).toBeGreaterThan(20);
    expect(keys.filter((key) => !readme.includes(`\`${key}\``))).toEqual([]);
  });
});
