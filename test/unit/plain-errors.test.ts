import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { expect, it } from "vitest";

const preload = createRequire(import.meta.url).resolve("../../preload/plain-errors.cjs");
// As the SDK's source maps make it: a package without a scope's second part. Coloured, Node 20 and 22 never finish it.
const program = `
  const error = new Error("the user's mistake");
  error.stack = "Error: the user's mistake\\n    at new Resource (/w/node_modules/@pulumi/resource.ts:602:13)";
  console.log(require("node:util").inspect(error, { colors: true }));
`;

it("an error of the program is shown at once, on any Node", () => {
  const run = spawnSync(process.execPath, ["--require", preload, "--eval", program], {
    encoding: "utf8",
    timeout: 20_000,
  });
  expect(run.error).toBeUndefined();
  expect(run.stdout).toContain("at new Resource (/w/node_modules/@pulumi/resource.ts:602:13)");
}, 30_000);

it("what is no error keeps its colours", () => {
  const colours = 'console.log(require("node:util").inspect(1, { colors: true }))';
  const run = spawnSync(process.execPath, ["--require", preload, "--eval", colours], { encoding: "utf8" });
  expect(run.stdout).toContain("\u001b[33m1");
});
