// Loaded before the program (Pulumi.yaml, nodeargs). When a program fails, Pulumi's Node runtime prints the error with
// util.inspect in colours. On Node 20 and 22 the colouring of stack frames never ends on the frames that the SDK's
// source maps give (`node_modules/@pulumi/resource.ts:1`): a program with a mistake would hang for up to a minute.
// Without colours it ends at once. Node 24 does not need this.
const util = require("node:util");

const { inspect } = util;
const plainErrors = (value, options, ...rest) =>
  inspect(
    value,
    value instanceof Error ? { ...(typeof options === "object" && options), colors: false } : options,
    ...rest,
  );

util.inspect = Object.assign(plainErrors, inspect);
