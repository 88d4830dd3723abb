import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { startSandbox } from "../../sandbox/sandbox.js";
import { copyProject } from "../program/project-copy.js";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));

/** The suite runs on one of the two supported lines of Node; this is the other. */
const other = process.versions.node.startsWith("20.") ? "24" : "20";
const packageName = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
const folder = join(root, "node_modules", ".cache", `node-${other}`);
const binary = join(folder, "node_modules", packageName, "bin", "node");
const available = ["linux", "darwin"].includes(process.platform) && ["x64", "arm64"].includes(process.arch);

/** Variables with which `node`, and what is started by it, is the other one. */
const otherNode = { PATH: `${dirname(binary)}${delimiter}${process.env.PATH}` };

describe.skipIf(!available)(`on Node ${other}`, { timeout: 400_000 }, () => {
  beforeAll(async () => {
    if (existsSync(binary)) return;
    await mkdir(folder, { recursive: true });
    await run("npm", ["install", "--no-audit", "--no-fund", "--prefix", folder, `${packageName}@${other}`]);
  }, 300_000);

  it("the quick start holds, from an empty sandbox to the proof", async () => {
    const { stdout } = await run(binary, ["--import", "tsx", "quick-start/main.ts"], {
      cwd: root,
      env: { ...process.env, ...otherNode },
      maxBuffer: 64 << 20,
    });
    expect(stdout).toContain("All of it holds.");
  });

  it("a mistake in the configuration ends in seconds, with its message and no stack trace", async () => {
    const sandbox = await startSandbox();
    const { PATH } = sandbox.description.env;
    const env = { ...sandbox.description.env, PATH: `${dirname(binary)}${delimiter}${PATH ?? process.env.PATH}` };
    const project = await copyProject(env);
    try {
      await project.pulumi("stack", "init", "primary");
      await project.pulumi("config", "set", "databricks-dr:role", "stand-by", "--stack", "primary");
      const { code, output, seconds } = await project.pulumi("preview", "--stack", "primary");
      expect(code, output).not.toBe(0);
      expect(output).toContain("databricks-dr:role");
      expect(output).not.toMatch(/\n\s+at /);
      expect(seconds).toBeLessThan(30);
    } finally {
      await project.remove();
      await sandbox.stop();
    }
  });
});
