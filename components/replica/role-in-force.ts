import type { Endpoint, Role } from "@databricks-dr/replication";
import * as pulumi from "@pulumi/pulumi";
import { DynamicResource } from "./dynamic-resource.js";

export interface RoleInForceArgs {
  readonly stack: string;
  /** The configured role. One that contradicts the role in force is refused, unless DR_CHANGE_ROLE names it. */
  readonly role: Role;
  /** This stack's workspace, which remembers the role as well. */
  readonly local: pulumi.Input<Endpoint>;
  readonly signingKey: pulumi.Input<string>;
}

/** The role that a stack has today, as its state and its workspace know it: a checkout that is old does not change it. */
export class RoleInForce extends DynamicResource {
  /** When this became the role, ISO 8601. */
  declare readonly since: pulumi.Output<string>;

  constructor(name: string, { local, ...args }: RoleInForceArgs, opts: pulumi.CustomResourceOptions) {
    super(
      "role",
      ["check", "diff", "create", "update", "delete"],
      "Role",
      name,
      { ...args, local: pulumi.secret(local), since: undefined },
      opts,
    );
  }
}
