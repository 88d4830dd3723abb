import type { Endpoint, Role } from "@databricks-dr/replication";
import * as pulumi from "@pulumi/pulumi";

export interface RoleInForceArgs {
  readonly stack: string;
  /** The configured role. One that contradicts the role in force is refused, unless DR_CHANGE_ROLE names it. */
  readonly role: Role;
  /** This stack's workspace, which remembers the role as well. */
  readonly local: pulumi.Input<Endpoint>;
  readonly signingKey: pulumi.Input<string>;
}

const provider: pulumi.dynamic.ResourceProvider = {
  check: async (olds, news) => (await import("@databricks-dr/replica-provider")).role.check(olds, news),
  diff: async (id, olds, news) => (await import("@databricks-dr/replica-provider")).role.diff(id, olds, news),
  create: async (inputs) => (await import("@databricks-dr/replica-provider")).role.create(inputs),
  update: async (id, olds, news) => (await import("@databricks-dr/replica-provider")).role.update(id, olds, news),
  delete: async (id, props) => (await import("@databricks-dr/replica-provider")).role.remove(id, props),
};

/** The role that a stack has today, as its state and its workspace know it: a checkout that is old does not change it. */
export class RoleInForce extends pulumi.dynamic.Resource {
  /** When this became the role, ISO 8601. */
  declare readonly since: pulumi.Output<string>;

  constructor(name: string, { local, ...args }: RoleInForceArgs, opts: pulumi.CustomResourceOptions) {
    super(provider, name, { ...args, local: pulumi.secret(local), since: undefined }, opts, "replica", "Role");
  }
}
