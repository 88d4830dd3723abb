import type { Endpoint, KindName, Ledger, ReplicationSettings, Role } from "@databricks-dr/replication";
import * as pulumi from "@pulumi/pulumi";
import { DynamicResource } from "./dynamic-resource.js";

export interface ReplicaKindArgs {
  /** Kind of objects that this resource stands for. A change replaces nothing: the name of the resource holds it too. */
  readonly kind: KindName;
  readonly role: Role;
  /** This stack's workspace. */
  readonly local: pulumi.Input<Endpoint>;
  /** The workspace that is followed, for a standby. */
  readonly peer?: pulumi.Input<Endpoint>;
  readonly settings: ReplicationSettings;
  /** Private key of this stack's notes. */
  readonly signingKey: pulumi.Input<string>;
  /** Where progress is shown. */
  readonly logUrn: pulumi.Input<string>;
}

/** All copies of one kind in one workspace. */
export class ReplicaKind extends DynamicResource {
  /** Counts, and the first of what a person should read. */
  declare readonly ledger: pulumi.Output<Ledger>;

  /** When both sides were last compared, ISO 8601; undefined where they never were. */
  declare readonly comparedAt: pulumi.Output<string | undefined>;

  constructor(name: string, { local, peer, settings, ...shown }: ReplicaKindArgs, opts: pulumi.CustomResourceOptions) {
    // The same for each kind, and long: as a secret each is a word in a preview, not a page.
    const hidden = {
      local: pulumi.secret(local),
      settings: pulumi.secret(settings),
      ...(peer ? { peer: pulumi.secret(peer) } : {}),
    };
    // What is held stands there exactly as it is, whatever somebody has written into it.
    const secret = { additionalSecretOutputs: ["held", "copies"] };
    const outputs = { ledger: undefined, comparedAt: undefined };
    super(
      "replica",
      ["check", "diff", "create", "update", "read", "delete"],
      "Kind",
      name,
      { ...shown, ...hidden, ...outputs },
      { ...opts, ...secret },
    );
  }
}
