// Loaded before the program (Pulumi.yaml, nodeargs), and before tsx: once that is registered, each of the SDK's 700 modules would
// go through its hooks, and the source map of each would be read and kept. tsx's own thread needs none of them.
const { createRequire } = require("node:module");
const { isMainThread } = require("node:worker_threads");

if (isMainThread) {
  const sdk = createRequire(require.resolve("@pulumi/pulumi"));
  // What the SDK would take functions of a dynamic provider apart with: this program gives it none, and either takes long to load.
  for (const name of ["typescript", "@npmcli/arborist"]) loadLate(sdk, name);
  require("@pulumi/pulumi");
}

/** Loads a module of CommonJS when something of it is first asked for. */
function loadLate(sdk, name) {
  const path = sdk.resolve(name);
  let loaded;
  const late = new Proxy(
    {},
    {
      get: (_target, key) => {
        // Asked at once, to see whether the names of the module have to be copied.
        if (key === "__esModule") return true;
        if (loaded === undefined) {
          delete require.cache[path];
          loaded = sdk(name);
        }
        return loaded[key];
      },
    },
  );
  require.cache[path] = { id: path, filename: path, loaded: true, exports: late };
}
