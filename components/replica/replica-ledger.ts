import type { Ledger } from "@databricks-dr/replication";
import * as pulumi from "@pulumi/pulumi";

export interface ReplicaLedgerArgs {
  readonly stack: string;
  readonly role: "active" | "standby";
  /** Folder for the ledger's file, from the project's own. */
  readonly directory: string;
  readonly kinds: pulumi.Input<Record<string, Ledger>>;
}

const provider: pulumi.dynamic.ResourceProvider = {
  create: async (inputs) => (await import("@databricks-dr/replica-provider")).ledger.create(inputs),
  update: async (id, olds, news) => (await import("@databricks-dr/replica-provider")).ledger.update(id, olds, news),
};

/** The kinds' ledgers in one: a file, and an error that names each object that was not copied. */
export class ReplicaLedger extends pulumi.dynamic.Resource {
  /** Outcomes counted by kind. */
  declare readonly counts: pulumi.Output<Record<string, Record<string, number>>>;
  /** Every line that a person should read. */
  declare readonly attention: pulumi.Output<string[]>;
  declare readonly file: pulumi.Output<string>;

  constructor(name: string, args: ReplicaLedgerArgs, opts: pulumi.CustomResourceOptions) {
    super(
      provider,
      name,
      { ...args, counts: undefined, attention: undefined, file: undefined },
      opts,
      "replica",
      "Ledger",
    );
  }
}
