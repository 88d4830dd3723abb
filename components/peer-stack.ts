import type { Endpoint, Role } from "@databricks-dr/replication";
import * as pulumi from "@pulumi/pulumi";
import { regionDisplayName } from "./azure-regions.js";
import { readStackOutputs } from "./stack-outputs.js";

export interface PeerStackArgs {
  /** The peer's short name, for messages and commands. */
  readonly stack: string;
  /** organization/project/stack */
  readonly reference: string;
  /** This stack's role: a standby follows an active or held peer, a held stack has its peer take over. */
  readonly role: Role;
  /** This stack's region, which must not be the peer's. */
  readonly location: string;
}

/**
 * The other workspace, from the outputs of the peer's stack. Each way in which the two stacks do not make
 * a pair ends the program with what to do about it. Awaited before anything else, so that nothing is made for half a pair.
 */
export async function readPeerWorkspace(args: PeerStackArgs): Promise<Endpoint> {
  await assertExists(args);
  const peer = new pulumi.StackReference(`peer-${args.stack}`, { name: args.reference });
  const [role, workspace] = await Promise.all([peer.getOutputDetails("role"), peer.getOutputDetails("workspace")]);
  return checkPeer(args, role.value, workspace.value as Endpoint | undefined);
}

/** A StackReference to a stack that is not there ends the run with "unknown stack" and nothing else. */
async function assertExists({ stack, reference }: PeerStackArgs): Promise<void> {
  try {
    await readStackOutputs(reference);
  } catch (error) {
    throw new pulumi.RunError(
      `the peer, stack ${stack}, cannot be read: ${(error as Error).message}\n  → if it is not there yet: pulumi stack init ${stack}, then pulumi up --stack ${stack}\n  → if it has another name: pulumi config set databricks-dr:peer <stack>`,
    );
  }
}

function checkPeer(args: PeerStackArgs, role: unknown, workspace: Endpoint | undefined): Endpoint {
  if (!workspace)
    throw new pulumi.RunError(
      `the peer, stack ${args.stack}, has no workspace yet, and this stack, which is ${args.role}, needs its peer's\n  → first run: pulumi up --stack ${args.stack}`,
    );
  if (args.role === "standby" && role === "standby")
    throw new pulumi.RunError(
      `two standbys: this stack's role is standby, and so is its peer's (stack ${args.stack}); neither has anything to follow\n  → make one of them active: pulumi config set databricks-dr:role active --stack <stack>, then pulumi up --stack <stack>`,
    );
  if (workspace.location === args.location)
    throw new pulumi.RunError(
      `this stack and its peer, stack ${args.stack}, are both in ${regionDisplayName(args.location)}: they would be lost together\n  → set databricks-dr:location to another region`,
    );
  return workspace;
}
