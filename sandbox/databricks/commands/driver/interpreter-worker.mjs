// @ts-check
// One Python interpreter in a worker thread. Plain JavaScript, because a worker is started by file and Node 20 runs no
// TypeScript; all that decides anything is in interpreter.ts and the .py files beside this one.
import { fileURLToPath } from "node:url";
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { loadPyodide } from "pyodide";
import { mountDbfs } from "./dbfs-mount.mjs";

/**
 * @typedef {object} Orders
 * @property {WebAssembly.Module} module Pyodide, compiled once for all workers.
 * @property {Uint8Array} [snapshot] The interpreter's memory with everything loaded; without it one is made.
 * @property {Record<string, string>} sources Python modules by name, in the order in which they load.
 * @property {import("node:worker_threads").MessagePort} port Calls into the workspace and their answers.
 * @property {Int32Array} answered 1 once an answer lies in `port`.
 * @property {Int32Array} interrupt 2 asks Python for a KeyboardInterrupt.
 */
const { module, snapshot, sources, port, answered, interrupt } = /** @type {Orders} */ (workerData);

const instantiate = WebAssembly.instantiate;
// Pyodide would compile its 9.6 MB again in every worker; the small modules that it makes at run time pass through.
// @ts-expect-error one of the two overloads
WebAssembly.instantiate = async (source, imports) => {
  if (!("byteLength" in source) || source.byteLength < 2 ** 20) return instantiate(source, imports);
  return { module, instance: await instantiate(module, imports) };
};

const pyodide = await loadPyodide({
  // Pyodide would look for itself in a stack trace, which source maps make untrue.
  indexURL: fileURLToPath(new URL(".", import.meta.resolve("pyodide"))),
  // Without these Pyodide writes to the descriptors of process.stdout, which in a worker has none.
  stdout: () => {},
  stderr: () => {},
  ...(snapshot ? { _loadSnapshot: snapshot } : { _makeSnapshot: true }),
});

if (!snapshot) {
  const load = pyodide.runPython(`
def load(name, source):
    import sys, types
    module = sys.modules[name] = types.ModuleType(name)
    exec(compile(source, f"<{name}>", "exec"), module.__dict__)
load
`);
  for (const [name, source] of Object.entries(sources)) load(name, source);
  load.destroy();
  parentPort?.postMessage(pyodide.makeMemorySnapshot());
  process.exit();
}

/** @param {string} name @param {string} args */
function call(name, args) {
  Atomics.store(answered, 0, 0);
  port.postMessage({ name, args });
  Atomics.wait(answered, 0, 0);
  return receiveMessageOnPort(port)?.message;
}

mountDbfs(pyodide.FS, (name, args) => {
  const { value, error } = JSON.parse(call(name, JSON.stringify(args)));
  if (error) throw new Error(`${error.class}: ${error.message}`);
  return value;
});

const notebook = pyodide.pyimport("notebook");
/** @param {number} ms */
const sleep = (ms) => {
  Atomics.wait(interrupt, 0, 0, ms);
  pyodide.checkInterrupt();
};
notebook.start({ call }, sleep);
pyodide.setInterruptBuffer(interrupt);

/** @param {string} code */
function run(code) {
  try {
    return notebook.run(code);
  } catch (cause) {
    // An interrupt that comes before the command's own first line is caught by nothing in Python.
    if (String(cause).includes("KeyboardInterrupt")) return JSON.stringify("cancelled");
    throw cause;
  }
}

parentPort?.on("message", ({ id, code }) => {
  if (code === undefined) notebook.reset({ call }, sleep);
  parentPort?.postMessage({ id, results: code === undefined ? "reset" : run(code) });
});
parentPort?.postMessage("ready");
