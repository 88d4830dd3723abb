import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { Worker } from "node:worker_threads";

/** `lib` has no WebAssembly without the browser's whole DOM; this is the part that is used. */
declare const WebAssembly: { compile(wasm: Uint8Array): Promise<CompiledModule> };
type CompiledModule = object;

/** What every interpreter starts from: Pyodide compiled, and its memory with our modules loaded. */
export interface InterpreterImage {
  readonly module: CompiledModule;
  readonly snapshot: Uint8Array;
}

export const WORKER_FILE = new URL("./driver/interpreter-worker.mjs", import.meta.url);

/** Our own Python, in the order in which the modules need one another. */
const MODULES = ["inline_threads", "databricks_utilities", "notebook"] as const;
const require = createRequire(import.meta.url);

let image: Promise<InterpreterImage> | undefined;

/**
 * The image, made once a process and kept as a file (30 MB) beside the installed packages.
 *
 * Measured on 2 cores, Node 20: a worker that boots Pyodide on its own takes 2.0–3.3 s; with the module compiled once
 * and the memory restored it takes 0.3 s, and 90 MB. Making the image costs 2 s, once an installation.
 */
export function interpreterImage(): Promise<InterpreterImage> {
  image ??= loadImage().catch((cause: unknown) => {
    image = undefined;
    throw cause;
  });
  return image;
}

async function loadImage(): Promise<InterpreterImage> {
  const pyodide = dirname(require.resolve("pyodide/package.json"));
  const wasm = await readFile(join(pyodide, "pyodide.asm.wasm"));
  const module = await WebAssembly.compile(wasm);
  const sources: Record<string, string> = {};
  for (const name of MODULES) sources[name] = await readFile(new URL(`./driver/${name}.py`, import.meta.url), "utf8");

  const worker = await readFile(WORKER_FILE);
  const key = createHash("sha256").update(wasm).update(worker).update(JSON.stringify(sources)).digest("hex");
  const file = resolve(pyodide, "..", ".cache", "databricks-dr-sandbox", `${key.slice(0, 16)}.pyodide`);
  const snapshot = (await readSnapshot(file)) ?? (await makeSnapshot(module, sources, file));
  const shared = new Uint8Array(new SharedArrayBuffer(snapshot.length));
  shared.set(snapshot);
  return { module, snapshot: shared };
}

async function readSnapshot(file: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(file);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw cause;
  }
}

async function makeSnapshot(
  module: CompiledModule,
  sources: Record<string, string>,
  file: string,
): Promise<Uint8Array> {
  const worker = new Worker(WORKER_FILE, { workerData: { module, sources }, execArgv: [] });
  const snapshot = await new Promise<Uint8Array>((found, failed) => {
    worker.once("message", found);
    worker.once("error", failed);
    worker.once("exit", (code) => failed(new Error(`the interpreter's image was not made, exit code ${code}`)));
  });
  // An installation may be read-only, and two processes may come here at once: neither is worth failing for.
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(`${file}.${process.pid}`, snapshot);
    await rename(`${file}.${process.pid}`, file);
  } catch {
    return snapshot;
  }
  return snapshot;
}
