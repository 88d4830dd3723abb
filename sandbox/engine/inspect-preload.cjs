// Node 20 and 22 never end colouring a stack frame such as `node_modules/@pulumi/resource.ts:1`, which the SDK's source maps
// give: an uncaught error in a program then hangs for most of a minute. Errors are therefore inspected without colours.
// A program gets this by `nodeargs: "--require ./sandbox/engine/inspect-preload.cjs"` in Pulumi.yaml.
const util = require("node:util");

const { inspect } = util;

const withoutColors = (value, options) =>
  value instanceof Error && options !== null && typeof options === "object" ? { ...options, colors: false } : options;

util.inspect = Object.assign((value, options, ...rest) => inspect(value, withoutColors(value, options), ...rest), inspect);
