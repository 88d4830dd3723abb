import type { Endpoint, KindName, ReplicationSettings } from "@databricks-dr/replication";
import * as pulumi from "@pulumi/pulumi";
import { ReplicaKind } from "./replica-kind.js";
import { ReplicaLedger } from "./replica-ledger.js";

export interface WorkspaceReplicaArgs {
  readonly stack: string;
  /** A standby follows its peer; an active workspace follows nobody and has what was held put back. */
  readonly role: "active" | "standby";
  /** This stack's workspace. */
  readonly local: pulumi.Input<Endpoint>;
  /** The active workspace, for a standby. */
  readonly peer?: pulumi.Input<Endpoint>;
  readonly settings: ReplicationSettings;
}

const type = "databricks-dr:replica:WorkspaceReplica";

/** The copies of the active workspace's objects, a resource for each kind. */
export class WorkspaceReplica extends pulumi.ComponentResource {
  /** By kind: id on the source → id of the copy. */
  readonly idMaps: pulumi.Output<Record<string, Record<string, string>>>;
  /** Counts by kind, the lines that a person should read, and the file that has them all. */
  readonly ledger: pulumi.Output<{ counts: Record<string, Record<string, number>>; attention: string[]; file: string }>;

  constructor(name: string, args: WorkspaceReplicaArgs, opts?: pulumi.ComponentResourceOptions) {
    super(type, name, {}, opts);
    const kind = kindMaker(this, name, args);
    const initScripts = kind("init-scripts");
    const clusters = kind("clusters", { after: [initScripts] });
    const mounts = kind("mounts");
    const jobs = kind("jobs", { after: [initScripts], idMaps: { clusters: clusters.idMap } });
    const ledger = new ReplicaLedger(
      `${name}-ledger`,
      {
        stack: args.stack,
        role: args.role,
        directory: "reports",
        kinds: hidden({
          "init-scripts": initScripts.ledger,
          clusters: clusters.ledger,
          mounts: mounts.ledger,
          jobs: jobs.ledger,
        }),
      },
      { parent: this },
    );
    this.idMaps = pulumi.all({
      "init-scripts": initScripts.idMap,
      clusters: clusters.idMap,
      mounts: mounts.idMap,
      jobs: jobs.idMap,
    });
    this.ledger = pulumi.output({ counts: ledger.counts, attention: ledger.attention, file: ledger.file });
    this.registerOutputs({ idMaps: this.idMaps, ledger: this.ledger });
  }
}

/** What one kind hands to the next is long and no news: as a secret it is a word in a preview, not a thousand lines. */
function hidden<T>(value: pulumi.Input<T>): pulumi.Output<pulumi.Unwrap<T>> {
  return pulumi.secret(value);
}

interface Order {
  /** Kinds that must be there first. */
  readonly after?: readonly ReplicaKind[];
  /** Id maps of the kinds that this one refers to; they order it as well. */
  readonly idMaps?: Record<string, pulumi.Input<Record<string, string>>>;
}

function kindMaker(parent: WorkspaceReplica, name: string, { role, local, peer, settings }: WorkspaceReplicaArgs) {
  return (kind: KindName, { after = [], idMaps }: Order = {}): ReplicaKind => {
    // Not taken from the parent's urn: to depend on a component is to wait for all its children, this one included.
    const logUrn = `urn:pulumi:${pulumi.getStack()}::${pulumi.getProject()}::${type}$pulumi-nodejs:dynamic/replica:Kind::${name}-${kind}`;
    return new ReplicaKind(
      `${name}-${kind}`,
      { kind, role, local, settings, logUrn, ...(peer ? { peer } : {}), ...(idMaps ? { idMaps: hidden(idMaps) } : {}) },
      { dependsOn: [...after], parent },
    );
  };
}
