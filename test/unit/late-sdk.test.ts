import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { expect, it } from "vitest";

const preload = createRequire(import.meta.url).resolve("../../preload/sdk.cjs");

function run(program: string): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--require", preload, "--eval", program], {
    encoding: "utf8",
  });
  expect(status, stderr).toBe(0);
  return stdout;
}

const loaded = `["typescript", "@npmcli/arborist"].map((name) => Object.keys(require.cache).some((path) =>
  path.includes("/node_modules/" + name + "/") && require.cache[path].children !== undefined))`;

it("what takes functions apart is not loaded with the SDK", () => {
  expect(run(`require("@pulumi/pulumi"); console.log(${loaded}.join())`)).toBe("false,false\n");
});

it("and is there for whoever gives the program a dynamic provider of another kind", () => {
  const program = `const { runtime } = require("@pulumi/pulumi");
    const captured = 41;
    void runtime.serializeFunction(() => captured + 1).then(({ text }) => console.log(text));`;
  expect(run(program)).toContain("captured: 41");
});
