// ESLint, dependency-cruiser and Prettier side by side, with what they said; `--fresh` forgets what they remember of files that
// have not changed. A file's lint remembers nothing of the types that it imports: CI and `npm test` start afresh.
import { spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { root } from "./setup.mjs";

const cache = join(root, "node_modules", ".cache", "lint");
if (process.argv.includes("--fresh")) rmSync(cache, { recursive: true, force: true });

/** ESLint by half: the packages are spared the types of Azure's and Databricks' SDKs, which take longest to read. */
const { workspaces } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const eslint = (name, ...files) => [
  `eslint ${name}`,
  "eslint/bin/eslint.js",
  ...["--cache", "--cache-strategy", "content", "--cache-location", join(cache, `eslint-${name}`), ...files],
];
const checks = [
  eslint("program", ".", ...workspaces.flatMap((each) => ["--ignore-pattern", each])),
  eslint("packages", ...workspaces),
  [
    "prettier",
    "prettier/bin/prettier.cjs",
    ...["--check", "--log-level", "warn", "--cache", "--cache-strategy", "content"],
    ...["--cache-location", join(cache, "prettier"), "."],
  ],
  [
    "dependency-cruiser",
    "dependency-cruiser/bin/dependency-cruise.mjs",
    ...["--config", ".dependency-cruiser.cjs", "--output-type", "err"],
    ...["--cache", join(cache, "dependency-cruiser"), "--cache-strategy", "content", "."],
  ],
];

const passed = await Promise.all(checks.map(check));
process.exit(passed.every(Boolean) ? 0 : 1);

/** Runs one of them to its end, so that their outputs do not mix. Gives whether it found nothing. */
function check([name, module, ...args]) {
  const began = performance.now();
  const child = spawn(process.execPath, [join(root, "node_modules", module), ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = [];
  for (const output of [child.stdout, child.stderr]) output.on("data", (chunk) => said.push(chunk));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      if (code !== 0) process.stdout.write(Buffer.concat(said));
      console.log(`${name}: ${code === 0 ? "nothing found" : "see above"} (${seconds} s)`);
      resolve(code === 0);
    });
  });
}
