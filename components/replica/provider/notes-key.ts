import { newKeyPair } from "@databricks-dr/replication";

export function create(): Promise<{ id: string; outs: object }> {
  const keys = newKeyPair();
  return Promise.resolve({ id: keys.publicKey.slice(-16), outs: keys });
}

/** It stays what it is, whatever is asked for: another one would vouch for nothing that stands in the notes. */
export function diff(): Promise<{ changes: boolean }> {
  return Promise.resolve({ changes: false });
}
