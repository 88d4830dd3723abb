import { clusterTable } from "../clusters/row.js";
import { poolTable } from "../instance-pools/row.js";
import { jobTable } from "../jobs/row.js";
import type { Grant } from "./row.js";
import { policyTable } from "../cluster-policies/row.js";
import type { Workspace } from "../workspace.js";

/** A grant that an object has from another, named as the API names it: `/jobs/`, `/directories/42`. */
export interface InheritedGrant {
  readonly grant: Grant;
  readonly from: string;
}

/** What the permissions API knows of one sort of object. */
export interface PermissionType {
  /** `object_type` of an answer. */
  readonly objectType: string;
  /** Levels from the weakest, each with its documented description. */
  readonly levels: readonly (readonly [level: string, description: string])[];
  /** What the group `admins` inherits on every object. */
  readonly adminLevel: string;
  readonly hasOwner: boolean;
  readonly noun: string;
  /** What stands above an object and holds for it, too; by default `admins` have `adminLevel` on every object of the type. */
  inherited?(workspace: Workspace, id: string): readonly InheritedGrant[];
  /** Throws where an access list may not become `grants`. */
  refuse?(workspace: Workspace, id: string, grants: readonly Grant[]): void;
  /** Whether an object of that id is there. */
  exists(workspace: Workspace, id: string): boolean;
}

/** By the name in `/api/2.0/permissions/<name>/<id>`; a service of another sort of object adds its own. */
export const permissionTypes = new Map<string, PermissionType>([
  [
    "clusters",
    {
      objectType: "cluster",
      levels: [
        ["CAN_ATTACH_TO", "Can Attach To permission on cluster"],
        ["CAN_RESTART", "Can Restart permission on cluster"],
        ["CAN_MANAGE", "Can Manage permission on cluster"],
      ],
      adminLevel: "CAN_MANAGE",
      hasOwner: false,
      noun: "Cluster",
      exists: (workspace, id) => clusterTable(workspace).has(id),
    },
  ],
  [
    "jobs",
    {
      objectType: "job",
      levels: [
        ["CAN_VIEW", "Can view the job and its runs"],
        ["CAN_MANAGE_RUN", "Can view, start and cancel runs of the job"],
        ["IS_OWNER", "Is the owner of the job"],
        ["CAN_MANAGE", "Can manage the job, its runs and its permissions"],
      ],
      adminLevel: "CAN_MANAGE",
      hasOwner: true,
      noun: "Job",
      exists: (workspace, id) => jobTable(workspace).has(id),
    },
  ],
  [
    "instance-pools",
    {
      objectType: "instance-pool",
      levels: [
        ["CAN_ATTACH_TO", "Can attach clusters to the instance pool"],
        ["CAN_MANAGE", "Can manage the instance pool"],
      ],
      adminLevel: "CAN_MANAGE",
      hasOwner: false,
      noun: "Instance pool",
      exists: (workspace, id) => poolTable(workspace).has(id),
    },
  ],
  [
    "cluster-policies",
    {
      objectType: "cluster-policy",
      levels: [["CAN_USE", "Can use the policy"]],
      adminLevel: "CAN_USE",
      hasOwner: false,
      noun: "Cluster policy",
      exists: (workspace, id) => policyTable(workspace).has(id),
    },
  ],
]);
