import * as pulumi from "@pulumi/pulumi";
import type { Peer } from "../config/peer.js";
import { readStackOutputs } from "./stack-outputs.js";

/** Set where the other stack's region is lost, with the backend of its state maybe: then it is not looked at. */
const lost = "DR_LOST";

/**
 * Looks, by its state alone, whether the other stack is active as well: each job would run twice. The one that became active
 * first is stopped until it is held: its region was lost, and is back.
 */
export async function refuseTwoActive(args: {
  readonly stack: string;
  /** When this stack became active, ISO 8601; undefined before its first update. */
  readonly since: string | undefined;
  readonly peer: Peer;
}): Promise<void> {
  const { stack, since, peer } = args;
  if (process.env[lost] !== undefined) return;
  const theirs = await readStackOutputs(peer.reference).catch(() => ({}) as Readonly<Record<string, unknown>>);
  if (theirs.role !== "active") return;
  const isLater = since !== undefined && String(theirs.roleSince ?? "") > since;
  if (isLater)
    throw new pulumi.RunError(
      `stack ${peer.stack} is active as well, since ${String(theirs.roleSince)}, later than this one: each job runs twice\n  → hold this one first: npx dr role ${stack} held, then npx dr role ${stack} standby`,
    );
  await pulumi.log.warn(
    `stack ${peer.stack} is, by its state, active as well. When its region is back, hold it before anything else: npx dr role ${peer.stack} held`,
  );
}
