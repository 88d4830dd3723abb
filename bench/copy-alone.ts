/**
 * Copies everything without Pulumi: what remains of a first copy without program, engine and state. Takes the endpoints of
 * both stacks and the settings as one JSON argument, and runs in a process of its own, so that its memory can be told.
 */
import {
  apply,
  type Endpoint,
  type KindName,
  newKeyPair,
  preview,
  type ReplicationSettings,
} from "@databricks-dr/replication";

export interface CopyAloneArgs {
  readonly peer: Endpoint;
  readonly local: Endpoint;
  readonly settings: ReplicationSettings;
}

const { peer, local, settings } = JSON.parse(process.argv[2] ?? "") as CopyAloneArgs;

const signingKey = newKeyPair().privateKey;

/** In the order, and with the id maps, that components/replica/workspace-replica.ts gives them. */
async function copy(
  kind: KindName,
  idMaps: Record<string, Readonly<Record<string, string>>> = {},
): Promise<Readonly<Record<string, string>>> {
  const args = {
    kind,
    role: "standby" as const,
    local,
    peer,
    settings: { ...settings, notes: "restart" as const },
    idMaps,
    signingKey,
  };
  const picture = await preview(args, {});
  const { idMap, ledger } = await apply(args, picture, undefined);
  if (ledger.counts.failed || ledger.counts["needs-a-person"])
    throw new Error(`${kind}: ${JSON.stringify(ledger.counts)} ${ledger.lines[0]?.why ?? ""}`);
  return idMap;
}

async function copyRest(): Promise<void> {
  await copy("init-scripts");
  await copy("jobs", { clusters: await copy("clusters") });
}

await Promise.all([copy("mounts"), copyRest()]);
