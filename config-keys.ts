import { type KindName, rateLimitFamilies } from "@databricks-dr/replication";
import { regionName } from "./components/azure-regions.js";
import { parseIpv4Range } from "./components/ipv4-range.js";
import { checked, flag, type Key, list, mapOf, number, object, oneOf, type Shape, text } from "./config-schema.js";

/** Where this program's keys stand: `databricks-dr:role`. */
export const namespace = "databricks-dr";

/** Every kind that can be selected. */
export const replicatedKinds = ["clusters", "jobs", "init-scripts", "mounts"] as const satisfies readonly KindName[];

/** Every kind that an object may refer to by an id. */
export const mappedKinds = [
  "clusters",
  "jobs",
  "instance-pools",
  "cluster-policies",
  "warehouses",
  "workspaces",
  "pipelines",
  "queries",
  "dashboards",
  "alerts",
  "notification-destinations",
  "principals",
] as const;

const secretReference = /^\{\{secrets\/[^/{}]+\/[^/{}]+\}\}$/;

const region: Shape<string> = {
  ...text(),
  type: "Azure region",
  read(value, key, mistakes) {
    const name = typeof value === "string" ? regionName(value) : "";
    if (/^[a-z]+\d*$/.test(name)) return name;
    mistakes.push({ key, wrong: `is ${JSON.stringify(value)}`, right: "use an Azure region, such as eastus2" });
    return undefined;
  },
};

const ipv4Range: Shape<string> = checked(text({ type: "IPv4 range" }), (value, key, mistakes) => {
  const range = parseIpv4Range(value);
  if (typeof range !== "string") return;
  mistakes.push({ key, wrong: `is "${value}", which ${range}`, right: "use CIDR notation, such as 10.10.0.0/16" });
});

function distinct(shape: Shape<readonly string[]>): Shape<readonly string[]> {
  return checked(shape, (value, key, mistakes) => {
    const again = value.find((each, index) => value.indexOf(each) < index);
    if (again !== undefined) mistakes.push({ key, wrong: `has "${again}" twice`, right: "name each once" });
  });
}

const tags = checked(mapOf(text()), (value, key, mistakes) => {
  for (const [name, tag] of Object.entries(value)) {
    const at = `${key}.${name}`;
    if (/[<>%&\\?/]/.test(name) || name.length > 128)
      mistakes.push({
        key: at,
        wrong: "is no tag name in Azure",
        right: "leave out < > % & \\ ? / and keep to 128 characters",
      });
    if (tag.length > 256)
      mistakes.push({ key: at, wrong: `has ${tag.length} characters`, right: "keep to Azure's limit of 256" });
    if (name.toLowerCase().startsWith(`${namespace}:`))
      mistakes.push({ key: at, wrong: "is a tag that this program sets", right: "use another name" });
  }
});

const storageAccounts = checked(
  mapOf(
    text({
      pattern: /^[a-z0-9]{3,24}(-secondary)?$/,
      right: "give the name of a storage account, or of its read-only endpoint, <account>-secondary",
    }),
    { of: "account" },
  ),
  (value, key, mistakes) => {
    for (const name of Object.keys(value))
      if (!/^[a-z0-9]{3,24}$/.test(name))
        mistakes.push({
          key: `${key}.${name}`,
          wrong: "is no name of a storage account",
          right: "use the account's name alone: 3 to 24 lowercase letters and digits",
        });
  },
);

const extraConfigs = checked(mapOf(text(), { of: "Hadoop setting" }), (value, key, mistakes) => {
  for (const [name, setting] of Object.entries(value)) {
    if (secretReference.test(setting) || !(holdsSecret(name) || looksSecret(setting))) continue;
    // The value is not shown: it may be the secret itself.
    mistakes.push({
      key: `${key}.${name}`,
      wrong: "holds a secret in clear",
      right: "put it in a secret scope of the standby and write {{secrets/<scope>/<key>}}",
    });
  }
});

/**
 * Documented settings that speak of a secret and hold none; each also stands with `.<account>…` or `.<container>.<account>…`
 * behind it. A class, a file's path, an address, a length of time: they say where the secret comes from.
 * https://hadoop.apache.org/docs/stable/hadoop-azure/abfs.html, …/hadoop-azure/index.html (WASB),
 * …/hadoop-azure-datalake/index.html (Gen1), https://learn.microsoft.com/azure/databricks/archive/credential-passthrough/adls-passthrough
 */
const aboutSecrets = [
  ...["fs.adl", "dfs.adls"].flatMap((gen1) => [
    `${gen1}.oauth2.access.token.provider.type`,
    `${gen1}.oauth2.access.token.provider`,
    `${gen1}.oauth2.access.token.custom.provider`,
  ]),
  "fs.azure.account.custom.token.provider.class",
  "fs.azure.account.oauth2.refresh.token.endpoint",
  "fs.azure.account.oauth2.token.file",
  "fs.azure.custom.token.fetch.retry.count",
  "fs.azure.delegation.token.provider.type",
  "fs.azure.enable.delegation.token",
  "fs.azure.enable.spnego.token.cache",
  "fs.azure.local.sas.key.mode",
  "fs.azure.oauth.token.fetch.retry.delta.backoff",
  "fs.azure.oauth.token.fetch.retry.max.backoff.interval",
  "fs.azure.oauth.token.fetch.retry.max.retries",
  "fs.azure.oauth.token.fetch.retry.min.backoff.interval",
  "fs.azure.sas.expiry.period",
  "fs.azure.sas.token.provider.type",
  "fs.azure.sas.token.renew.period.for.streams",
];
const ofAccount =
  /^\.([a-z0-9$<>-]+\.)?[a-z0-9<>]+\.(blob|dfs)\.[a-z0-9.-]+$|^\.[a-z0-9<>]+(\.azuredatalakestore\.net)?$/i;

/** `fs.azure.account.key.<account>…`, `fs.azure.sas.<container>…`, `…oauth2.client.secret.<account>…` */
function holdsSecret(setting: string): boolean {
  // Gen1 has the account in the middle: fs.adl.account.<account>.oauth2.…
  const name = setting.replace(/^spark\.hadoop\./, "").replace(/^(fs\.adl|dfs\.adls)\.account\.[^.]+/, "$1");
  const isAbout = (each: string): boolean =>
    name.startsWith(each) && (name === each || ofAccount.test(name.slice(each.length)));
  if (aboutSecrets.some(isAbout)) return false;
  const secretWord = /^(.*[-_])?(key|sas|secret|password|passwd|credential|token|signature)$/i;
  const camelWord = /[a-z](Key|Sas|Secret|Password|Credential|Token|Signature)$/;
  return name.split(".").some((part) => secretWord.test(part) || camelWord.test(part));
}

/** An account key, or the signature of a SAS. */
function looksSecret(value: string): boolean {
  return /^[A-Za-z0-9+/]{86}==$/.test(value) || /[?&]?\bsig=/i.test(value);
}

function key<T>(shape: Shape<T>, doc: string): Key<T>;
function key<T>(shape: Shape<T>, doc: string, options: { required: true }): Key<T> & { required: true };
function key<T>(shape: Shape<T>, doc: string, options: { defaultDoc: string }): Key<T>;
function key<T>(shape: Shape<T>, doc: string, options: { default: NoInfer<T> }): Key<T> & { default: NoInfer<T> };
function key<T>(shape: Shape<T>, doc: string, options: Omit<Key<T>, "shape" | "doc"> = {}): Key<T> {
  return { shape, doc, ...options };
}

/** Every key of the namespace `databricks-dr`; docs/configuration.md shows this table. */
export const infrastructureKeys = {
  role: key(
    oneOf(["active", "standby", "held"]),
    "What this stack is today. A standby follows its peer's workspace and keeps every trigger off; an active stack follows nobody; a held one was active and hands over: its triggers are kept until its peer has them. A role other than the one in force is refused: docs/runbook.md has how to change it.",
    { required: true },
  ),
  location: key(region, "The Azure region of this stack. A change replaces everything.", { required: true }),
  peer: key(
    text({
      pattern: /^[\w.-]+(\/[\w.-]+\/[\w.-]+)?$/,
      right: "give the peer's stack name, or <organization>/<project>/<stack>",
      type: "stack name, or organization/project/stack",
    }),
    "The stack of the other region. Needed when `role` is `standby`, and read only then.",
  ),
  peerLocation: key(
    region,
    "The peer's region: compared with the one that Azure pairs with `location`, where the geo-redundant copy lives.",
    { required: true },
  ),
  auth: key(
    oneOf(["auto", "azure", "profile", "environment"]),
    "How to sign in to this stack's workspace. `azure`: Azure AD (az login, or `ARM_*` variables). `profile`: the profile of `.databrickscfg` that `profile` names, with a token, an OAuth secret or Azure AD. `environment`: `DATABRICKS_*` variables. `auto`: a profile with this workspace's host, else the environment where `DATABRICKS_HOST` is this workspace, else Azure AD. Credentials are read when they are used and never stored. docs/azure.md has the table.",
    { default: "auto" },
  ),
  profile: key(
    text({ pattern: /^[^[\]\s]+$/, right: "give the name of a profile of .databrickscfg, without brackets" }),
    "The profile of `.databrickscfg`; needed with `auth: profile`, and only then.",
  ),
  namePrefix: key(
    text({
      pattern: /^[a-z][a-z0-9]{1,11}$/,
      right: "use 2 to 12 lowercase letters and digits, beginning with a letter",
      type: "2–12 lowercase letters and digits",
    }),
    "Begins the name of every Azure resource. A change replaces everything.",
    { default: "dbdr" },
  ),
  tags: key(tags, "Tags for every Azure resource, besides `databricks-dr:stack`.", { default: {} }),
  protect: key(
    flag,
    "Whether Pulumi refuses to delete or replace the storage account and the workspace. To destroy a stack, set it to false and run `up` first.",
    { default: true },
  ),
  storageSku: key(
    oneOf(
      ["Standard_RAGRS", "Standard_RAGZRS", "Standard_GRS", "Standard_GZRS"],
      "and only geo-redundant SKUs outlive a region",
    ),
    "Redundancy of the storage account. Only `RA` SKUs have a read-only endpoint in the paired region.",
    { default: "Standard_RAGRS" },
  ),
  onStorageFailover: key(
    oneOf(["accept", "restore"]),
    "An unplanned failover of the account makes it locally redundant. `accept`: leave it so, and warn. `restore`: set `storageSku` again, which copies the whole account to the paired region once more and is billed.",
    { default: "accept" },
  ),
  hierarchicalNamespace: key(
    flag,
    "Whether the account is a data lake (ADLS Gen2). A change replaces the account and all that is in it.",
    { default: true },
  ),
  sharedKeyAccess: key(
    flag,
    "Whether account keys and SAS made from them are accepted. Off: Azure AD alone. WASB mounts with an account key need it.",
    { default: false },
  ),
  softDeleteDays: key(
    number({ min: 0, max: 365, integer: true }),
    "Days for which deleted blobs and containers can be restored; 0 turns that off.",
    { default: 14 },
  ),
  containers: key(
    distinct(
      list(
        text({
          pattern: /^(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/,
          right: "use 3 to 63 lowercase letters, digits and single hyphens",
        }),
      ),
    ),
    "Containers of the storage account. Taking one away deletes it.",
    { default: ["data"] },
  ),
  workspaceSku: key(
    oneOf(["premium", "standard", "trial"]),
    "Tier of the workspace. The standard tier has no access control. Premium cannot be changed back.",
    { default: "premium" },
  ),
  vnetCidr: key(
    ipv4Range,
    "Address range of the virtual network, /16 to /24. Azure refuses a change while a workspace is in it.",
    {
      default: "10.10.0.0/16",
    },
  ),
  publicSubnetCidr: key(
    ipv4Range,
    "Range of the subnet that Databricks calls public (no public IP is given there), at least /26.",
    { defaultDoc: "first quarter of `vnetCidr`" },
  ),
  privateSubnetCidr: key(ipv4Range, "Range of the subnet for containers, at least /26.", {
    defaultDoc: "second quarter of `vnetCidr`",
  }),
  natGateway: key(
    flag,
    "A NAT gateway as the clusters' way out: they have no public IPs, and new virtual networks of Azure have no way out by default. False where a firewall or a hub network is the way out.",
    { default: true },
  ),
  operationsCluster: key(
    object({
      nodeType: text(),
      sparkVersion: text(),
      autoterminationMinutes: number({ min: 10, max: 10_000, integer: true }),
    }),
    "The small single-node cluster that mount work runs on.",
    { defaultDoc: "smallest node type, latest LTS runtime, 20 minutes" },
  ),
} as const;

/** The keys that are handed on to the replication as one object. */
export const replicationKeys = {
  select: key(
    mapOf(object({ include: list(text()), exclude: list(text()) }), { names: replicatedKinds, of: "kind" }),
    "Which objects are copied: globs on what a person sees, the name or the path. `exclude` wins over `include`.",
    { defaultDoc: "everything" },
  ),
  deletions: key(
    oneOf(["keep", "propagate"]),
    "What happens on the standby when an object is deleted on the source. Only our own copies are ever removed.",
    { default: "keep" },
  ),
  deletionLimitPercent: key(
    number({ min: 0, max: 100 }),
    "More deletions of one kind than this share of its copies, in one run, are refused.",
    { default: 10 },
  ),
  allowMassDeletion: key(flag, "Lifts `deletionLimitPercent`. Take it off again afterwards.", { default: false }),
  removeFromActive: key(
    flag,
    "Whether `destroy` removes the copies from a workspace that is active. Off, it forgets them and leaves them there.",
    { default: false },
  ),
  conflicts: key(
    oneOf(["source", "standby"]),
    "Who wins when a copy was edited by hand on the standby. It is reported in either case. A trigger is taken off whoever wins.",
    { default: "source" },
  ),
  recheckHours: key(
    number({ min: 0, max: 720, integer: true }),
    "How old what no listing shows (whom a copy runs as) may get before it is read again, in hours. 0 reads it in every run, at 20 jobs a second.",
    { default: 24 },
  ),
  operationsClusterMinutes: key(
    number({ min: 1, max: 60 }),
    "How long a start of the operations cluster is waited for. Then the run goes on without the mounts.",
    { default: 10 },
  ),
  notes: key(
    oneOf(["verify", "trust", "restart"]),
    "What to do about the notes that the workspace keeps on its copies where they cannot be told to be this stack's, and the stack's state does not know better. `verify`: refuse them. `trust`: take them, once somebody has looked at the preview. `restart`: begin anew; what was held is given up. Take it off again afterwards.",
    { default: "verify" },
  ),
  nodeTypes: key(
    mapOf(text(), { of: "node type" }),
    "Node types of the source's region → those to use on the standby, where its region lacks them.",
    { default: {} },
  ),
  idMappings: key(
    mapOf(mapOf(text(), { of: "source id" }), { names: mappedKinds, of: "kind" }),
    "Ids on the source → ids on the standby, for what is not copied but made by hand.",
    { default: {} },
  ),
  mounts: key(
    object({
      storageAccounts,
      credentials: list(object({ mounts: text(), extraConfigs }, ["mounts", "extraConfigs"])),
    }),
    "`storageAccounts`: account → the account, or `<account>-secondary` endpoint, to mount instead. `credentials`: for the mount points that the glob `mounts` matches, Hadoop settings (`extraConfigs`) whose secrets are references, `{{secrets/<scope>/<key>}}`.",
    { default: {} },
  ),
  rateLimits: key(
    mapOf(number({ min: 0.01, max: 1000 }), { names: rateLimitFamilies, of: "API family" }),
    `Requests a second to begin with, by API family: ${rateLimitFamilies.map((name) => `\`${name}\``).join(", ")}. \`other\` is each API without a documented limit, on its own. They adapt to what the workspace answers.`,
    { defaultDoc: "Databricks' documented limits" },
  ),
  concurrency: key(number({ min: 1, max: 256, integer: true }), "Calls in flight at most, for each workspace.", {
    defaultDoc: "32",
  }),
  longestWaitSeconds: key(
    number({ min: 1, max: 86_400, integer: true }),
    "The longest wait that a workspace may ask for (`Retry-After`). One of more than ten seconds is told; a longer one than this ends what needs it with an error.",
    { default: 600 },
  ),
} as const;

/** docs/configuration.md's tables. */
export function configurationTable(keys: Readonly<Record<string, Key>>): string {
  const rows = Object.entries(keys).map(([name, { shape, doc, ...rest }]) => {
    const standard = rest.required
      ? "**required**"
      : rest.default === undefined
        ? (rest.defaultDoc ?? "–")
        : `\`${JSON.stringify(rest.default).replaceAll('"', "")}\``;
    return `| \`${name}\` | ${shape.type} | ${standard} | ${doc} |`;
  });
  return ["| key | type | default | what it does |", "| --- | --- | --- | --- |", ...rows].join("\n");
}
