import { kinds, mappableKinds, rateLimitFamilies } from "@databricks-dr/replication";
import type { z } from "zod";
import { holdsSecret, looksSecret } from "./hadoop-secrets.js";
import { told } from "./mistakes.js";
import { flag, list, mapOf, mapOfNames, number, object, oneOf, text } from "./shapes.js";

const replicatedKinds = kinds.map(({ name }) => name);

const accountName = /^[a-z0-9]{3,24}$/;

const storageAccounts = mapOf(
  text({
    pattern: /^[a-z0-9]{3,24}(-secondary)?$/,
    right: "give the name of a storage account, or of its read-only endpoint, <account>-secondary",
  }),
  {
    of: "account",
    pattern: accountName,
    mistake: (name) =>
      accountName.test(name)
        ? undefined
        : told("is no name of a storage account", "use the account's name alone: 3 to 24 lowercase letters and digits"),
  },
);

const secretReference = /^\{\{secrets\/[^/{}]+\/[^/{}]+\}\}$/;

const extraConfigs = mapOf(text(), { of: "Hadoop setting" }).superRefine((settings, context) => {
  for (const [name, setting] of Object.entries(settings)) {
    if (secretReference.test(setting) || !(holdsSecret(name) || looksSecret(setting))) continue;
    // The value is not shown: it may be the secret itself.
    context.addIssue({
      code: "custom",
      path: [name],
      message: told(
        "holds a secret in clear",
        "put it in a secret scope of the standby and write {{secrets/<scope>/<key>}}",
      ),
    });
  }
});

/** The keys that are handed on to the replication as one object; docs/configuration.md shows this table. */
export const replicationKeys = {
  select: mapOfNames(
    replicatedKinds,
    object({ include: list(text()).optional(), exclude: list(text()).optional() }),
    "kind",
  )
    .optional()
    .meta({
      description:
        "Which objects are copied: globs on what a person sees, the name or the path. `exclude` wins over `include`.",
      whenUnset: "everything",
    }),
  deletions: oneOf(["keep", "propagate"])
    .default("keep")
    .describe(
      "What happens on the standby when an object is deleted on the source. Only our own copies are ever removed.",
    ),
  deletionLimitPercent: number({ min: 0, max: 100 })
    .default(10)
    .describe("More deletions of one kind than this share of its copies, in one run, are refused."),
  allowMassDeletion: flag().default(false).describe("Lifts `deletionLimitPercent`. Take it off again afterwards."),
  removeFromActive: flag()
    .default(false)
    .describe(
      "Whether `destroy` removes the copies from a workspace that is active. Off, it forgets them and leaves them there.",
    ),
  conflicts: oneOf(["source", "standby"])
    .default("source")
    .describe(
      "Who wins when a copy was edited by hand on the standby. It is reported in either case. A trigger is taken off whoever wins.",
    ),
  access: oneOf(["copy", "leave"])
    .default("copy")
    .describe("Whether the access lists of what is copied are copied with it: direct grants and owners."),
  owner: text({ title: "user or application id" }).optional().meta({
    description: "Who owns a copy on the standby where its owner is not there.",
    whenUnset: "the replication's own principal",
  }),
  recheckHours: number({ min: 0, max: 720, integer: true })
    .default(24)
    .describe(
      "How old what no listing shows (whom a job runs as, access lists) may get before it is read again, in hours. 0 reads it in every run, at 20 jobs a second.",
    ),
  operationsClusterMinutes: number({ min: 1, max: 60 })
    .default(10)
    .describe("How long a start of the operations cluster is waited for. Then the run goes on without the mounts."),
  notes: oneOf(["verify", "trust", "restart"])
    .default("verify")
    .describe(
      "What to do about the notes that the workspace keeps on its copies where they cannot be told to be this stack's, and the stack's state does not know better. `verify`: refuse them. `trust`: take them, once somebody has looked at the preview. `restart`: begin anew; what was held is given up. Take it off again afterwards.",
    ),
  nodeTypes: mapOf(text(), { of: "node type" })
    .default({})
    .describe("Node types of the source's region → those to use on the standby, where its region lacks them."),
  idMappings: mapOfNames(mappableKinds, mapOf(text(), { of: "source id" }), "kind")
    .default({})
    .describe("Ids on the source → ids on the standby, for what is not copied but made by hand."),
  mounts: object({
    storageAccounts: storageAccounts.optional(),
    credentials: list(object({ mounts: text(), extraConfigs })).optional(),
  })
    .default({})
    .describe(
      "`storageAccounts`: account → the account, or `<account>-secondary` endpoint, to mount instead. `credentials`: for the mount points that the glob `mounts` matches, Hadoop settings (`extraConfigs`) whose secrets are references, `{{secrets/<scope>/<key>}}`.",
    ),
  rateLimits: mapOfNames(rateLimitFamilies, number({ min: 0.01, max: 1000 }), "API family")
    .optional()
    .meta({
      description: `Requests a second to begin with, by API family: ${rateLimitFamilies.map((name) => `\`${name}\``).join(", ")}. \`other\` is each API without a documented limit, on its own. They adapt to what the workspace answers.`,
      whenUnset: "Databricks' documented limits",
    }),
  concurrency: number({ min: 1, max: 256, integer: true })
    .optional()
    .meta({ description: "Calls in flight at most, for each workspace.", whenUnset: "32" }),
  longestWaitSeconds: number({ min: 1, max: 86_400, integer: true })
    .default(600)
    .describe(
      "The longest wait that a workspace may ask for (`Retry-After`). One of more than ten seconds is told; a longer one than this ends what needs it with an error.",
    ),
} as const;

export type ReplicationValues = z.output<z.ZodObject<typeof replicationKeys>>;
