import { run, setUp } from "./setup.mjs";

setUp();
run(process.execPath, ["--import", "tsx", "bench/main.ts", ...process.argv.slice(2)]);
