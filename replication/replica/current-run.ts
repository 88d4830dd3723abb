import { rememberedNotes, type ReplicaArgs, type StoredState } from "./replica-state.js";
import type { Progress } from "../report/progress.js";
import { Run } from "../inventory/run.js";

/** A person may think that long about a preview. After it, what was seen then is looked up again. */
const runEndsAfterIdleMs = 10 * 60_000;

const runs = new Map<string, Run>();

export function runOf({ role, local, peer, settings, signingKey }: ReplicaArgs): Run {
  const replication = {
    settings,
    ...(role !== "active" && peer ? { source: peer } : {}),
    ...(local ? { target: local } : {}),
    ...(signingKey === undefined ? {} : { signingKey }),
  };
  const key = JSON.stringify(replication);
  let run = runs.get(key);
  if (!run || run.idleMs > runEndsAfterIdleMs) runs.set(key, (run = new Run(replication)));
  return run;
}

/** Forgets what was looked up: the next call sees both workspaces as they are then. */
export function startNewRun(): void {
  runs.clear();
}

/** What can be done with this workspace alone: the other may be lost. */
export async function ownRun({ peer: _, ...state }: StoredState, progress: Progress): Promise<Run> {
  const run = runOf(state);
  run.showOn(state.kind, progress);
  await run.recall(state.kind, rememberedNotes(state));
  return run;
}
