import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { access, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const REQUIREMENTS = fileURLToPath(new URL("./requirements.txt", import.meta.url));
const CACHE = fileURLToPath(new URL("../../node_modules/.cache/databricks-dr-conformance/", import.meta.url));

/** A Python that has Databricks' SDK, or why there is none. */
export type PythonEnvironment = { readonly python: string } | { readonly missing: string };

/**
 * The pinned SDK in a virtual environment of its own, made once for each pin and Python. Nothing is installed outside
 * node_modules. A machine without python3, or without PyPI, has no environment; that is not an error here.
 */
export async function pythonEnvironment(): Promise<PythonEnvironment> {
  let version: string;
  try {
    version = (await run("python3", ["-c", "import ensurepip, sys, venv; print(sys.version)"])).stdout;
  } catch (cause) {
    return { missing: `no python3 with venv (${firstLine(cause)})` };
  }
  const requirements = await readFile(REQUIREMENTS, "utf8");
  const key = createHash("sha256").update(version).update(requirements).digest("hex").slice(0, 12);
  const home = join(CACHE, key);
  const python = join(home, "bin", "python");
  const ready = join(home, "ready");
  if (await exists(ready)) return { python };
  try {
    await rm(home, { recursive: true, force: true });
    await mkdir(CACHE, { recursive: true });
    await run("python3", ["-m", "venv", home]);
    await run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", REQUIREMENTS]);
    await writeFile(`${ready}.part`, requirements);
    await rename(`${ready}.part`, ready);
    return { python };
  } catch (cause) {
    return { missing: `pip could not install the SDK (${firstLine(cause)})` };
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function firstLine(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).trim().split("\n").slice(0, 2).join(" ");
}
