// Type check, every test and, beside them, lint; ends with a line counted from the test runner's own report.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root, run, setUp } from "./setup.mjs";

setUp();
run("npm", ["run", "--silent", "typecheck"]);

// Told after the tests, which go on meanwhile.
const linting = finished(
  spawn("npm", ["run", "--silent", "lint", "--", "--fresh"], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    shell: process.platform === "win32",
  }),
);
const folder = mkdtempSync(join(tmpdir(), "databricks-dr-test-"));
const report = join(folder, "report.json");
const words = ["run", "--reporter=default", "--reporter=json", `--outputFile=${report}`, ...process.argv.slice(2)];
const tests = await finished(
  spawn(process.execPath, ["node_modules/vitest/vitest.mjs", ...words], { cwd: root, stdio: "inherit" }),
);
const lint = await linting;
if (lint.code !== 0) console.log(`lint failed:\n${lint.output}`);
const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, numFailedTestSuites, success } = JSON.parse(
  readFileSync(report, "utf8"),
);
rmSync(folder, { recursive: true });
const skipped = numPendingTests + numTodoTests;
// A file that could not be loaded has no failed test of its own.
const failed = numFailedTests === 0 && !success ? Math.max(1, numFailedTestSuites) : numFailedTests;
console.log(`${numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exit(tests.code === 0 ? lint.code : tests.code);

/** The exit code of a process that was started, and what it printed where that is not on this terminal already. */
async function finished(child) {
  const printed = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => printed.push(chunk));
  const [code] = await once(child, "close");
  return { code: code ?? 1, output: Buffer.concat(printed).toString("utf8") };
}
