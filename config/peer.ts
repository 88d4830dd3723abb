/** The stack that the configuration belongs to. */
export interface StackName {
  readonly organization: string;
  readonly project: string;
  readonly stack: string;
}

/** Where the workspace of the other region is described. */
export interface Peer {
  /** The stack's short name, for messages and commands. */
  readonly stack: string;
  /** organization/project/stack, as a StackReference takes it. */
  readonly reference: string;
}

/** @param peer A stack's name, or organization/project/stack. */
export function peerOf(peer: string, own: StackName): Peer {
  const stack = peer.split("/").at(-1) ?? peer;
  return { stack, reference: peer.includes("/") ? peer : `${own.organization}/${own.project}/${peer}` };
}
