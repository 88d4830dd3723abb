import { run, setUp } from "./setup.mjs";

setUp();
run(process.execPath, ["--import", "tsx", "quick-start/main.ts", ...process.argv.slice(2)]);
