// Loaded before the program (Pulumi.yaml, nodeargs), and before tsx: once that is registered, each of the SDK's 700 modules would
// go through its hooks, and the source map of each would be read and kept. tsx's own thread needs none of them.
const { isMainThread } = require("node:worker_threads");
if (isMainThread) require("@pulumi/pulumi");
