import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { services } from "../../sandbox/databricks/registry.js";
import { startTestWorkspace } from "../sandbox/start-workspace.js";
import { pythonEnvironment } from "./python-environment.js";

/**
 * Databricks' own SDK for Python drives every kind that the sandbox emulates: one script a service, named as it, on a
 * workspace of its own. Where there is no Python the tests are skipped and say so, except in CI, where that is a failure.
 */
const scripts = readdirSync(new URL(".", import.meta.url))
  .filter((name) => name.endsWith(".py"))
  .sort();
const environment = await pythonEnvironment();
const missing = "missing" in environment ? environment.missing : undefined;
const inCi = process.env.CI === "true";
if (missing && !inCi) console.warn(`${scripts.length} conformance tests skipped: ${missing}`);

test("every emulated service is driven by a script", () => {
  expect(scripts).toEqual(services.map(({ name }) => `${name}.py`).sort());
});

test.runIf(inCi)("CI has a Python with Databricks' SDK", () => {
  expect(missing).toBeUndefined();
});

test.skipIf(missing !== undefined).concurrent.each(scripts)("%s", { timeout: 120_000 }, async (script) => {
  if ("missing" in environment) return;
  const at = await startTestWorkspace({ clusterStartMs: 300, clusterStopMs: 200 });
  at.workspace.controls.runMs = 300;
  try {
    const failure = await runScript(environment.python, script, {
      PATH: process.env.PATH,
      DATABRICKS_HOST: at.server.url,
      DATABRICKS_TOKEN: "test-token",
      DATABRICKS_CONFIG_FILE: "/dev/null",
      PYTHONDONTWRITEBYTECODE: "1",
    });
    expect(failure).toBe("");
  } finally {
    await at.close();
  }
});

/** What the script wrote to stderr where it failed; "" where all its assertions held. */
function runScript(python: string, script: string, env: NodeJS.ProcessEnv): Promise<string> {
  const file = fileURLToPath(new URL(script, import.meta.url));
  return new Promise((resolve) => {
    // Isolated: secrets.py beside the script is no replacement for Python's own module of that name.
    execFile(python, ["-I", file], { env, timeout: 110_000 }, (error, _stdout, stderr) => {
      resolve(error ? `${stderr.slice(-3000)}\n${error.message.split("\n")[0]}` : "");
    });
  });
}
