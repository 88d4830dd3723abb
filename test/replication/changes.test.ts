import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../../replication/values/json.js";
import { changesBetween } from "../../replication/values/changes.js";

const job = (parameters: Json) => ({ tasks: [{ task_key: "a", spark_python_task: { parameters } }] });
const at = "tasks[a].spark_python_task.parameters";

describe("changes", () => {
  it("are shown where they are, and not at a neighbour that is hidden for their sake", () => {
    const changes = changesBetween(job(["--verbose", "12"]), job(["--password", "12"]));
    expect(changes).toEqual({ [`${at}[0]`]: '"--verbose" → "--password"' });
  });

  it("of a parameter's name leave its value alone", () => {
    const named = (name: string) => ({ parameters: [{ name, default: "12" }, { name: "b" }, { name: "b" }] });
    expect(changesBetween(named("region"), named("password"))).toEqual({
      "parameters[0].name": '"region" → "password"',
    });
  });

  it("of a list are what was put in and taken out, and not all that follow", () => {
    const before = ["--password", "hunter2-Zq8", "--day", "2025-01-31"];
    const put = changesBetween(job(before), job(["--verbose", ...before]));
    expect(put).toEqual({ [`${at}[0]`]: '(none) → "--verbose"' });
    const taken = changesBetween(job(before), job(before.slice(2)));
    expect(taken).toEqual({
      [`${at}[0]`]: '"--password" → (none)',
      [`${at}[1]`]: expect.stringMatching(/^"\[hidden [0-9a-f]{8}\]" → \(none\)$/) as string,
    });
    const changed = changesBetween(job(before), job(["--password", "hunter3-Zq8", "--day", "2025-01-31"]));
    expect(Object.keys(changed)).toEqual([`${at}[1]`]);
    expect(JSON.stringify([put, taken, changed])).not.toContain("hunter");
  });

  it("of two places that were one number before and after are both told", () => {
    const lists = [["a", "b", "c", "d"].map(libraryOf), ["x", "a", "c", "y", "d"].map(libraryOf)] as const;
    expect(Object.keys(changesBetween({ libraries: lists[0] }, { libraries: lists[1] })).sort()).toEqual([
      "libraries[0]",
      "libraries[1]",
      "libraries[3]",
    ]);
    expect(Object.keys(changesBetween({ l: ["a", "b"] }, { l: ["x", "y", "a"] })).sort()).toEqual([
      "l[0]",
      "l[1 before]",
      "l[1]",
    ]);
  });

  it("are none between equals, and some between all else", () => {
    const value = fc.object({ maxDepth: 3, values: [fc.string(), fc.integer(), fc.boolean()] });
    fc.assert(
      fc.property(value, value, (a, b) => {
        const [before, after] = [{ a: a as Json }, { a: b as Json }];
        expect(changesBetween(before, before)).toEqual({});
        const isSame = JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
        expect(Object.keys(changesBetween(before, after)).length === 0).toBe(isSame);
      }),
    );
  });
});

function libraryOf(name: string): Json {
  return { pypi: { package: name } };
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
