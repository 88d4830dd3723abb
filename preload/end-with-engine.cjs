// Loaded before the program (Pulumi.yaml, nodeargs). When the engine is killed nobody reads what the program writes any
// more: the SDK reports the failure to write, which fails again, and so on at full speed, for ever.
for (const output of [process.stdout, process.stderr]) output.on("error", () => process.exit(1));
