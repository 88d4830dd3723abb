import type { Sandbox } from "../../sandbox/sandbox.js";
import type { SlotName } from "../../sandbox/workspace-slots.js";
import type { Fields } from "./stage.js";

/** How often both sides are looked at, in ms: the time between two requests of a copy is longer. */
const everyMs = 2;

/** Names of the jobs with a trigger that is on, on one side. Read from the workspace itself, so that no time passes meanwhile. */
export function firing(sandbox: Sandbox, at: SlotName): string[] {
  const isOn = (trigger: unknown): boolean => trigger !== undefined && (trigger as Fields).pause_status !== "PAUSED";
  const jobs = sandbox.workspace(at).workspace.table<{ readonly settings: Fields }>("jobs");
  return [...jobs.values()].flatMap(({ settings: { name, schedule, trigger, continuous } }) =>
    name !== "their own" && [schedule, trigger, continuous].some(isOn) ? [String(name)] : [],
  );
}

/** Names of the jobs with a trigger that is on, on both sides. */
export function firingTwice(sandbox: Sandbox): string[] {
  const west = firing(sandbox, "secondary");
  return firing(sandbox, "primary").filter((name) => west.includes(name));
}

/** Looks on until the result is called, which gives the names of the jobs that have fired on both sides at any time. */
export function watchFiring(sandbox: Sandbox): () => string[] {
  const seen = new Set<string>();
  const look = (): void => firingTwice(sandbox).forEach((name) => seen.add(name));
  const timer = setInterval(look, everyMs);
  return () => {
    clearInterval(timer);
    look();
    return [...seen];
  };
}
