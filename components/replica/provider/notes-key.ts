import { newKeyPair } from "@databricks-dr/replication";

export function create(): Promise<{ id: string; outs: object }> {
  const keys = newKeyPair();
  return Promise.resolve({ id: keys.publicKey.slice(-16), outs: keys });
}
