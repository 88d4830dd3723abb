import { type Endpoint, type Kind, kinds, type ReplicationSettings, type Role } from "@databricks-dr/replication";
import * as pulumi from "@pulumi/pulumi";
import { ReplicaKind } from "./replica-kind.js";
import { type KindReport, type ReplicaReport, reportOf } from "./replica-report.js";
import { RoleInForce } from "./role-in-force.js";

export interface WorkspaceReplicaArgs {
  readonly stack: string;
  /** A standby follows its peer; an active workspace follows nobody and has what was held put back; a held one hands over. */
  readonly role: Role;
  /** This stack's workspace. */
  readonly local: pulumi.Input<Endpoint>;
  /** The other workspace, for a standby or held one. */
  readonly peer?: pulumi.Input<Endpoint>;
  readonly settings: ReplicationSettings;
  /** Private key of this stack's notes. */
  readonly signingKey: pulumi.Input<string>;
  /** What the last update said: a preview says the same of what only an update can know. */
  readonly last?: Partial<ReplicaReport>;
}

const type = "databricks-dr:replica:WorkspaceReplica";

/** The copies of the active workspace's objects, a resource for each kind. */
export class WorkspaceReplica extends pulumi.ComponentResource {
  /** Counts by kind, what a person should read, when each kind was last compared, and the files that have it all. */
  readonly report: pulumi.Output<ReplicaReport>;

  /** When the role in force became so, ISO 8601. */
  readonly roleSince: pulumi.Output<string>;

  constructor(name: string, args: WorkspaceReplicaArgs, opts?: pulumi.ComponentResourceOptions) {
    super(type, name, {}, opts);
    const { stack, role, local, signingKey } = args;
    const inForce = new RoleInForce(`${name}-role`, { stack, role, local, signingKey }, { parent: this });
    this.roleSince = inForce.since;
    const replicas = new Map<string, ReplicaKind>();
    for (const kind of kinds) replicas.set(kind.name, this.#replicaOf(kind, name, args, [inForce], replicas));
    this.report = pulumi
      .all(Object.fromEntries([...replicas].map(([each, replica]) => [each, partsOf(replica)])))
      .apply((known) => reportOf(this, args, known));
    this.registerOutputs({ report: this.report });
  }

  /** A kind is copied once those are that it comes after, and removed before them. */
  #replicaOf(
    { name: kind, after = [] }: Pick<Kind, "name" | "after">,
    name: string,
    { role, local, peer, settings, signingKey }: WorkspaceReplicaArgs,
    first: readonly pulumi.Resource[],
    replicas: ReadonlyMap<string, ReplicaKind>,
  ): ReplicaKind {
    // Not taken from the parent's urn: to depend on a component is to wait for all its children, this one included.
    const logUrn = `urn:pulumi:${pulumi.getStack()}::${pulumi.getProject()}::${type}$pulumi-nodejs:dynamic/replica:Kind::${name}-${kind}`;
    const args = { kind, role, local, settings, signingKey, logUrn, ...(peer ? { peer } : {}) };
    const dependsOn = [...first, ...after.map((each) => replicas.get(each)!)];
    return new ReplicaKind(`${name}-${kind}`, args, { dependsOn, parent: this });
  }
}

function partsOf({ ledger, comparedAt }: ReplicaKind): pulumi.Output<KindReport> {
  return pulumi.all([ledger, comparedAt]).apply(([a, b]) => ({ ledger: a, comparedAt: b }));
}
