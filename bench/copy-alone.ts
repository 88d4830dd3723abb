/**
 * Copies everything without Pulumi: what remains of a first copy without program, engine and state. Takes the endpoints of
 * both stacks and the settings as one JSON argument, and runs in a process of its own, so that its memory can be told.
 */
import { apply, type Endpoint, kinds, newKeyPair, preview, type ReplicationSettings } from "@databricks-dr/replication";

export interface CopyAloneArgs {
  readonly peer: Endpoint;
  readonly local: Endpoint;
  readonly settings: ReplicationSettings;
}

const { peer, local, settings } = JSON.parse(process.argv[2] ?? "") as CopyAloneArgs;

const signingKey = newKeyPair().privateKey;

/** In the order of the registry, each kind as soon as those are done that it comes after. */
const done = new Map<string, Promise<void>>();
for (const { name, after = [] } of kinds)
  done.set(
    name,
    Promise.all(after.map((each) => done.get(each)!)).then(() => copy(name)),
  );
await Promise.all(done.values());

async function copy(kind: string): Promise<void> {
  const args = {
    kind,
    role: "standby" as const,
    local,
    peer,
    settings: { ...settings, notes: "restart" as const },
    signingKey,
  };
  const { ledger } = await apply(args, await preview(args, {}), undefined);
  if (ledger.counts.failed || ledger.counts["needs-a-person"])
    throw new Error(`${kind}: ${JSON.stringify(ledger.counts)} ${ledger.lines[0]?.why ?? ""}`);
}
