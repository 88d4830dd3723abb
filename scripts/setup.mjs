// Runs on a fresh clone, so with nothing but Node's own modules.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const oldestNode = [20, 20];

export const root = fileURLToPath(new URL("..", import.meta.url));

/** Installs what is missing or out of date, and builds the packages that a dynamic provider loads. Ends the process on failure. */
export function setUp() {
  refuseOldNode();
  const installed = new URL("../node_modules/.package-lock.json", import.meta.url);
  const lock = new URL("../package-lock.json", import.meta.url);
  if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs || isProductAlone())
    run("npm", ["ci", "--no-audit", "--no-fund"]);
  else run("npm", ["run", "--silent", "build"]);
}

/** Whether it was installed with `--omit=dev`: sandbox, tests and linters lack their packages. */
function isProductAlone() {
  const manifests = ["../package.json", "../sandbox/package.json"].map((path) => new URL(path, import.meta.url));
  return manifests
    .flatMap((manifest) => Object.keys(JSON.parse(readFileSync(manifest, "utf8")).devDependencies))
    .some((name) => !existsSync(new URL(`../node_modules/${name}`, import.meta.url)));
}

/** Runs a command in the project's folder with this terminal; a failure ends the process with its exit code. */
export function run(command, args, env = {}) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...env },
    shell: process.platform === "win32",
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

function refuseOldNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return;
  console.error(`Node ${oldestNode.join(".")} or later is needed; this is ${process.versions.node}.`);
  process.exit(1);
}
