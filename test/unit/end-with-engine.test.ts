import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";

const preload = createRequire(import.meta.url).resolve("../../preload/end-with-engine.cjs");
/** As the SDK does: whatever goes wrong is reported, a report that cannot be written as well. */
const program = `
  process.on("uncaughtException", (error) => console.error("cannot report " + error));
  setInterval(() => console.error("at work"), 10);
`;

it.each(["stdout", "stderr"] as const)("a program whose %s nobody reads any more ends", async (closed) => {
  const code = program.replaceAll("console.error", closed === "stdout" ? "console.log" : "console.error");
  const child = spawn(process.execPath, ["--require", preload, "--eval", code], { stdio: ["ignore", "pipe", "pipe"] });
  const exited = once(child, "exit");
  await once(child[closed], "data");
  child[closed].destroy();
  const ended = await Promise.race([exited.then(() => true), sleep(10_000, false)]);
  child.kill("SIGKILL");
  expect(ended).toBe(true);
});
