import type { ArmServer } from "./azure/server.js";
import type { Clock } from "./clock.js";
import type { WorkspaceSlots } from "./workspace-slots.js";

/** What the control server and a test act on. */
export interface SandboxParts {
  readonly clock: Clock;
  readonly arm: ArmServer;
  readonly slots: WorkspaceSlots;
}

/** Takes the state of ARM and both workspaces; the clock goes on. */
export function snapshotOf({ arm, slots }: SandboxParts): () => Promise<void> {
  const subscription = arm.arm.subscription.snapshot();
  const restoreSlots = slots.snapshot();
  return async () => {
    arm.arm.subscription.restore(subscription);
    await restoreSlots();
  };
}
