#!/usr/bin/env node
import "tsx/esm";

const { main } = await import("./dr.ts");
await main(process.argv);
