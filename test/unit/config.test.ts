import { readFile } from "node:fs/promises";
import { Ajv } from "ajv";
import { format } from "prettier";
import { describe, expect, it } from "vitest";
import { parse as parseYaml } from "yaml";
import { type Config, ConfigError, parseConfig } from "../../config/config.js";
import { mappableKinds } from "../../replication/kinds/registry.js";
import { stackFileSchema } from "../../config/stack-file-schema.js";
import { configurationTable } from "../../config/table.js";

const own = { organization: "organization", project: "databricks-dr", stack: "secondary" };
const valid = { role: "standby", location: "westus", peer: "primary", peerLocation: "eastus2" };

function parse(changes: Record<string, unknown> = {}, secrets: string[] = [], elsewhere: string[] = []): Config {
  return parseConfig({ ...valid, ...changes }, own, secrets, elsewhere);
}

function error(changes: Record<string, unknown>, secrets: string[] = [], elsewhere: string[] = []): ConfigError {
  try {
    parse(changes, secrets, elsewhere);
  } catch (thrown) {
    if (thrown instanceof ConfigError) return thrown;
    throw thrown;
  }
  throw new Error("no mistake was found");
}

function mistakes(changes: Record<string, unknown>, secrets: string[] = []): string[] {
  return error(changes, secrets).mistakes.map(({ key, wrong, right }) => `${key} ${wrong} → ${right}`);
}

describe("a configuration without mistakes", () => {
  it("gets every default", () => {
    expect(parse()).toMatchObject({
      role: "standby",
      location: "westus",
      peer: { stack: "primary", reference: "organization/databricks-dr/primary" },
      auth: "auto",
      protect: true,
      storageSku: "Standard_RAGRS",
      onStorageFailover: "accept",
      sharedKeyAccess: false,
      vnetCidr: "10.10.0.0/16",
      publicSubnetCidr: "10.10.0.0/18",
      privateSubnetCidr: "10.10.64.0/18",
      replication: { deletions: "keep", deletionLimitPercent: 10, allowMassDeletion: false, conflicts: "source" },
    });
  });

  it("is read from the texts that Pulumi stores", () => {
    const config = parse({
      location: "West US",
      protect: "false",
      softDeleteDays: "7",
      containers: '["raw","curated"]',
      concurrency: "16",
      select: '{"jobs":{"exclude":["tmp-*"]}}',
      idMappings: '{"cluster-policies":{"0011":42}}',
    });
    expect(config).toMatchObject({
      location: "westus",
      protect: false,
      softDeleteDays: 7,
      containers: ["raw", "curated"],
    });
    expect(config.replication).toMatchObject({
      concurrency: 16,
      select: { jobs: { exclude: ["tmp-*"] } },
      idMappings: { "cluster-policies": { "0011": "42" } },
    });
  });

  it("keeps ids of 64 bits that stand in quotes", () => {
    const jobs = { "1234567890123456789": "987654321098765432", "9007199254740994": "1", "123456789012345600": "2" };
    expect(parse({ idMappings: JSON.stringify({ jobs }) }).replication.idMappings).toEqual({ jobs });
  });

  it("needs no peer while the stack is active, and takes one of another project", () => {
    expect(parse({ role: "active", peer: undefined }).peer).toBeUndefined();
    expect(parse({ peer: "acme/dr/primary" }).peer).toEqual({ stack: "primary", reference: "acme/dr/primary" });
  });

  it("takes mounts whose secrets are references", () => {
    const mounts = {
      storageAccounts: { primaryacct: "primaryacct-secondary" },
      credentials: [
        {
          mounts: "/mnt/*",
          extraConfigs: {
            "fs.azure.account.key.primaryacct.blob.core.windows.net": "{{secrets/storage/key}}",
            "fs.azure.account.auth.type": "OAuth",
            "fs.azure.account.oauth2.client.id": "0f1e",
            "fs.azure.account.auth.type.keystore.dfs.core.windows.net": "OAuth",
          },
        },
      ],
    };
    expect(parse({ mounts }).replication.mounts).toEqual(mounts);
  });

  it("is JSON, as what is handed on to the dynamic provider must be", () => {
    const { replication } = parse({ nodeTypes: { a: "b" }, rateLimits: { "scim-read": 10 } });
    expect(JSON.parse(JSON.stringify(replication))).toEqual(replication);
  });
});

describe("a mistake", () => {
  it.each<[string, Record<string, unknown>, string]>([
    [
      "a required key left out",
      { role: undefined, peer: undefined },
      "databricks-dr:role is missing → set it (active | standby | held)",
    ],
    [
      "another role",
      { role: "stand-by" },
      'databricks-dr:role is "stand-by" → use active, standby or held (did you mean standby?)',
    ],
    [
      "a region that is none",
      { location: "west-us" },
      'databricks-dr:location is "west-us" → use an Azure region, such as eastus2',
    ],
    [
      "a region that nobody knows",
      { location: "moonbase1" },
      "databricks-dr:location is moonbase1, which is no region that this program knows → use one of https://learn.microsoft.com/azure/reliability/regions-list; a new one goes into components/azure-regions.ts, with its pair",
    ],
    [
      "a region misspelt",
      { peerLocation: "centrlus" },
      "databricks-dr:peerLocation is centrlus, which is no region that this program knows → did you mean centralus?",
    ],
    [
      "a standby without a peer",
      { peer: undefined },
      "databricks-dr:peer is missing, and a stack that is standby needs its peer → set it to the stack of the other region",
    ],
    [
      "this stack as its peer",
      { peer: "secondary" },
      'databricks-dr:peer is "secondary", this very stack → set it to the stack of the other region',
    ],
    [
      "this stack as its peer, in full",
      { peer: "organization/databricks-dr/secondary" },
      'databricks-dr:peer is "organization/databricks-dr/secondary", this very stack → set it to the stack of the other region',
    ],
    [
      "a peer that is no stack",
      { peer: "a/b" },
      `databricks-dr:peer is "a/b" → give the peer's stack name, or <organization>/<project>/<stack>`,
    ],
    [
      "one region twice",
      { peerLocation: "West US" },
      "databricks-dr:peerLocation is West US, as location is: both sides would be lost together → set location and peerLocation to two regions",
    ],
    [
      "a key misspelt",
      { storageSKU: "x" },
      "databricks-dr:storageSKU is not known → did you mean databricks-dr:storageSku?",
    ],
    [
      "a key of something else",
      { colour: "red" },
      "databricks-dr:colour is not known → remove it: pulumi config rm databricks-dr:colour",
    ],
    [
      "local redundancy",
      { storageSku: "Standard_LRS" },
      'databricks-dr:storageSku is "Standard_LRS", and only geo-redundant SKUs outlive a region → use Standard_RAGRS, Standard_RAGZRS, Standard_GRS or Standard_GZRS',
    ],
    [
      "a word near another",
      { workspaceSku: "Premiun" },
      'databricks-dr:workspaceSku is "Premiun" → use premium, standard or trial (did you mean premium?)',
    ],
    ["a flag that is a word", { protect: "yes" }, 'databricks-dr:protect is "yes" → use true or false'],
    [
      "a number out of its range",
      { softDeleteDays: "400" },
      'databricks-dr:softDeleteDays is "400" → use a whole number from 0 to 365',
    ],
    [
      "a number with two faults, once",
      { softDeleteDays: 400.5 },
      "databricks-dr:softDeleteDays is 400.5 → use a whole number from 0 to 365",
    ],
    [
      "part of a number",
      { concurrency: "1.5" },
      'databricks-dr:concurrency is "1.5" → use a whole number from 1 to 256',
    ],
    [
      "an empty number",
      { softDeleteDays: "" },
      'databricks-dr:softDeleteDays is "" → use a whole number from 0 to 365',
    ],
    [
      "a text for a list",
      { containers: "raw" },
      "databricks-dr:containers is a text → give a list: pulumi config set --path 'databricks-dr:containers[0]' <value>",
    ],
    [
      "a list for an object",
      { nodeTypes: [] },
      "databricks-dr:nodeTypes is a list → give an object: pulumi config set --path 'databricks-dr:nodeTypes.<name>' <value>",
    ],
    [
      "a container's name",
      { containers: ["Raw"] },
      'databricks-dr:containers[0] is "Raw" → use 3 to 63 lowercase letters, digits and single hyphens',
    ],
    [
      "a prefix that Azure refuses",
      { namePrefix: "my-dr" },
      'databricks-dr:namePrefix is "my-dr" → use 2 to 12 lowercase letters and digits, beginning with a letter',
    ],
    [
      "a tag's name",
      { tags: { "a/b": "c" } },
      "databricks-dr:tags.a/b is no tag name in Azure → leave out < > % & \\ ? / and keep to 128 characters",
    ],
    [
      "our own tag",
      { tags: { "databricks-dr:stack": "c" } },
      "databricks-dr:tags.databricks-dr:stack is a tag that this program sets → use another name",
    ],
    [
      "an address that is no range",
      { vnetCidr: "10.0.0.0" },
      'databricks-dr:vnetCidr is "10.0.0.0", which is no IPv4 range → use CIDR notation, such as 10.10.0.0/16',
    ],
    [
      "a range that begins elsewhere",
      { vnetCidr: "10.1.1.0/16" },
      'databricks-dr:vnetCidr is "10.1.1.0/16", which does not begin where a range of 16 bits begins (10.1.0.0/16 would) → use CIDR notation, such as 10.10.0.0/16',
    ],
    [
      "too small a network",
      { vnetCidr: "10.1.0.0/26" },
      'databricks-dr:vnetCidr is "10.1.0.0/26", of a size that Databricks does not take → use a range from /16 to /24',
    ],
    [
      "a subnet elsewhere",
      { publicSubnetCidr: "10.99.0.0/20" },
      'databricks-dr:publicSubnetCidr is "10.99.0.0/20", not within vnetCidr (10.10.0.0/16) → use a part of it, such as 10.10.0.0/18',
    ],
    [
      "too small a subnet",
      { publicSubnetCidr: "10.10.0.0/28" },
      'databricks-dr:publicSubnetCidr is "10.10.0.0/28", too small for Databricks → use /26 or larger',
    ],
    [
      "subnets that overlap",
      { privateSubnetCidr: "10.10.0.0/20" },
      "databricks-dr:privateSubnetCidr overlaps the other subnet (10.10.0.0/18 and 10.10.0.0/20) → give the two subnets two ranges",
    ],
    [
      "profile sign-in without a profile",
      { auth: "profile" },
      "databricks-dr:profile is missing, and auth is profile → give the name of a profile of .databrickscfg",
    ],
    [
      "a profile that is not used",
      { auth: "azure", profile: "dr" },
      "databricks-dr:profile is set, and auth is azure, which uses none → remove it, or set auth to profile",
    ],
    [
      "a kind misspelt",
      { select: { job: {} } },
      "databricks-dr:select.job is not known here → did you mean databricks-dr:select.jobs?",
    ],
    [
      "a field that is not known",
      { select: { jobs: { only: ["a"] } } },
      "databricks-dr:select.jobs.only is not known here → databricks-dr:select.jobs takes include or exclude",
    ],
    [
      "an id that JSON cannot keep",
      { idMappings: '{"jobs":{"1":12345678901234567890}}' },
      "databricks-dr:idMappings.jobs.1 is a number that cannot be kept exactly (12345678901234567000) → write the id in quotes in the stack's file",
    ],
    [
      "an id as a key that was rounded",
      { idMappings: '{"jobs":{"1.2345678901234568e+18":"1"}}' },
      "databricks-dr:idMappings.jobs.1.2345678901234568e+18 is a number that was rounded when the stack's file was read → write the id in quotes in the stack's file",
    ],
    [
      "an id as a key that was rounded and written out",
      { idMappings: '{"jobs":{"1234567890123456800":"1"}}' },
      "databricks-dr:idMappings.jobs.1234567890123456800 is a number that was rounded when the stack's file was read → write the id in quotes in the stack's file",
    ],
    [
      "a key that every object has",
      { idMappings: '{"jobs":{"__proto__":"1"}}' },
      "databricks-dr:idMappings.jobs.__proto__ is no name that anything here can have → remove it",
    ],
    [
      "a kind that every object has",
      { idMappings: '{"__proto__":{"1":"2"}}' },
      `databricks-dr:idMappings.__proto__ is not known here → databricks-dr:idMappings takes ${mappableKinds.slice(0, -1).join(", ")} or ${mappableKinds.at(-1)}`,
    ],
    [
      "a tag that every object has",
      { tags: '{"constructor":"1"}' },
      "databricks-dr:tags.constructor is no name that anything here can have → remove it",
    ],
    [
      "an address for an account",
      { mounts: { storageAccounts: { "a.blob.core.windows.net": "newaccount" } } },
      "databricks-dr:mounts.storageAccounts.a.blob.core.windows.net is no name of a storage account → use the account's name alone: 3 to 24 lowercase letters and digits",
    ],
    [
      "credentials for no mount",
      { mounts: { credentials: [{ extraConfigs: {} }] } },
      "databricks-dr:mounts.credentials[0].mounts is missing → set it (text)",
    ],
    [
      "a rate of nothing",
      { rateLimits: { "scim-read": 0 } },
      "databricks-dr:rateLimits.scim-read is 0 → use a number from 0.01 to 1000",
    ],
  ])("%s", (_what, changes, expected) => {
    const found = mistakes(changes);
    expect(found).toContain(expected);
    expect(new Set(found).size).toBe(found.length);
  });

  it.each([
    ["fs.azure.account.key.acct.blob.core.windows.net", "c2VjcmV0"],
    ["fs.azure.sas.data.acct.blob.core.windows.net", "sv=2022"],
    ["fs.azure.account.oauth2.client.secret", "hunter2"],
    ["fs.azure.account.oauth2.clientSecret", "hunter2"],
    ["my-password", "hunter2"],
    ["fs.azure.innocent", "https://x/?sv=1&sig=hunter2"],
    ["fs.azure.innocent", `${"A".repeat(86)}==`],
  ])("a secret in clear, which is not repeated: %s", (setting, value) => {
    const thrown = error({ mounts: { credentials: [{ mounts: "/mnt/*", extraConfigs: { [setting]: value } }] } });
    expect(thrown.message).toContain(`extraConfigs.${setting} holds a secret in clear`);
    expect(thrown.message).not.toContain(value);
  });

  it("a region without a pair, with those that have one", () => {
    const [mistake] = mistakes({ location: "Poland Central" });
    expect(mistake).toContain(
      "databricks-dr:location is Poland Central, which Azure pairs with no region: storage there cannot be geo-redundant → use a region that has a pair: australiacentral,",
    );
    expect(mistake).not.toMatch(/polandcentral|qatarcentral/);
    expect(parse({ peerLocation: "polandcentral" }).peerLocation).toBe("polandcentral");
  });

  it("a namespace misspelt, whatever else is set", () => {
    const names = [
      "databricks-drr:role",
      "databricks_dr:tags",
      "databricks:host",
      "azure-native:location",
      "aws:region",
    ];
    expect(error({}, [], names).mistakes.map(({ key, right }) => `${key} → ${right}`)).toEqual([
      "databricks-drr:role → did you mean databricks-dr:role? pulumi config rm databricks-drr:role",
      "databricks_dr:tags → did you mean databricks-dr:tags? pulumi config rm databricks_dr:tags",
    ]);
  });

  it("a value that was stored as a secret, which is not repeated", () => {
    const thrown = error({ profile: "hunter2" }, ["profile"]);
    expect(thrown.message).toContain("databricks-dr:profile is stored as a secret");
    expect(thrown.message).not.toContain("hunter2");
  });

  it("a required key that was stored as a secret is one mistake, not two", () => {
    expect(mistakes({ location: "westus" }, ["location"])).toHaveLength(1);
  });

  it("broken JSON, which is not repeated", () => {
    const thrown = error({ mounts: '{"credentials": [{"hunter2"' });
    expect(thrown.message).not.toContain("hunter2");
  });
});

/** Every setting of the Hadoop documentation by which WASB, Gen1 and Gen2 sign in; those after `secret` hold one. */
const hadoopSettings = {
  plain: [
    "fs.adl.oauth2.access.token.provider.type",
    "fs.adl.oauth2.access.token.provider",
    "fs.adl.oauth2.access.token.custom.provider",
    "fs.adl.oauth2.client.id",
    "fs.adl.oauth2.refresh.url",
    "fs.adl.oauth2.msi.port",
    "fs.adl.oauth2.devicecode.clientappid",
    "fs.adl.account.acct.oauth2.access.token.provider.type",
    "fs.adl.account.acct.oauth2.client.id",
    "dfs.adls.oauth2.access.token.provider.type",
    "dfs.adls.oauth2.access.token.provider",
    "dfs.adls.oauth2.client.id",
    "dfs.adls.oauth2.refresh.url",
    "fs.azure.account.auth.type",
    "fs.azure.account.auth.type.acct.dfs.core.windows.net",
    "fs.azure.account.oauth.provider.type",
    "fs.azure.account.oauth2.client.id",
    "fs.azure.account.oauth2.client.endpoint",
    "fs.azure.account.oauth2.client.endpoint.acct.dfs.core.windows.net",
    "fs.azure.account.oauth2.user.name",
    "fs.azure.account.oauth2.refresh.token.endpoint",
    "fs.azure.account.oauth2.msi.tenant",
    "fs.azure.account.oauth2.msi.endpoint",
    "fs.azure.account.oauth2.msi.authority",
    "fs.azure.account.oauth2.token.file",
    "fs.azure.account.custom.token.provider.class",
    "fs.azure.account.keyprovider.acct.blob.core.windows.net",
    "fs.azure.shellkeyprovider.script",
    "fs.azure.sas.token.provider.type",
    "fs.azure.sas.token.provider.type.acct.dfs.core.windows.net",
    "fs.azure.sas.token.renew.period.for.streams",
    "fs.azure.secure.mode",
    "fs.azure.local.sas.key.mode",
    "fs.azure.sas.expiry.period",
    "fs.azure.saskey.cacheentry.expiry.period",
    "fs.azure.saskey.usecontainersaskeyforallaccess",
    "fs.azure.cred.service.urls",
    "fs.azure.enable.delegation.token",
    "fs.azure.delegation.token.provider.type",
    "fs.azure.custom.token.fetch.retry.count",
    "fs.azure.oauth.token.fetch.retry.max.retries",
    "fs.azure.encryption.encoded.client-provided-key-sha",
    "fs.azure.encryption.context.provider.type",
    "fs.azure.createRemoteFileSystemDuringInitialization",
    "spark.hadoop.fs.azure.sas.token.provider.type.<account>.dfs.core.windows.net",
  ],
  secret: [
    "fs.adl.oauth2.credential",
    "fs.adl.oauth2.refresh.token",
    "fs.adl.account.acct.oauth2.credential",
    "dfs.adls.oauth2.credential",
    "dfs.adls.oauth2.refresh.token",
    "fs.azure.account.key.acct.blob.core.windows.net",
    "fs.azure.account.key.acct.dfs.core.windows.net",
    "fs.azure.account.key.<account>.blob.core.windows.net",
    "fs.azure.account.oauth2.client.secret",
    "fs.azure.account.oauth2.client.secret.acct.dfs.core.windows.net",
    "fs.azure.account.oauth2.user.password",
    "fs.azure.account.oauth2.refresh.token",
    "fs.azure.account.oauth2.refresh.token.acct.dfs.core.windows.net",
    "fs.azure.sas.data.acct.blob.core.windows.net",
    "fs.azure.sas.<container>.<account>.blob.core.windows.net",
    "fs.azure.sas.provider.acct.blob.core.windows.net",
    "fs.azure.sas.token.acct.blob.core.windows.net",
    "fs.azure.sas.fixed.token",
    "fs.azure.sas.fixed.token.acct.dfs.core.windows.net",
    "fs.azure.sas.fixed.token.data.acct.dfs.core.windows.net",
    "fs.azure.client-provided-encryption-key",
    "fs.azure.encryption.encoded.client-provided-key.acct.dfs.core.windows.net",
    "spark.hadoop.fs.azure.account.key.acct.dfs.core.windows.net",
  ],
};

describe("a mount's Hadoop settings", () => {
  const withSetting = (setting: string, value: string) => ({
    mounts: { credentials: [{ mounts: "/mnt/*", extraConfigs: { [setting]: value } }] },
  });

  it.each(hadoopSettings.plain)("%s holds no secret", (setting) => {
    expect(() => parse(withSetting(setting, "ClientCredential"))).not.toThrow();
  });

  it.each(hadoopSettings.secret)("%s holds one, and takes a reference alone", (setting) => {
    expect(error(withSetting(setting, "ClientCredential")).message).toContain(`${setting} holds a secret in clear`);
    expect(() => parse(withSetting(setting, "{{secrets/storage/reader}}"))).not.toThrow();
  });
});

it("all mistakes are in one error", async () => {
  const { message } = error({
    role: "passive",
    peer: "secondary",
    peerLocation: "westus",
    storageSku: "Standard_LRS",
    softDeleteDays: "many",
    deletion: "propagate",
    vnetCidr: "10.20.0.0/30",
    idMappings: { cluster: { a: "b" } },
    mounts: { credentials: [{ mounts: "/mnt/*", extraConfigs: { "fs.azure.account.key.acct.blob": "c2VjcmV0" } }] },
  });
  await expect(`${message}\n`).toMatchFileSnapshot("golden/config-error.txt");
});

it("docs/configuration.md has the table of every key (vitest -u writes it)", async () => {
  const path = "docs/configuration.md";
  const page = await readFile(path, "utf8");
  const filled = (["infrastructure", "replication"] as const).reduce(
    (text, part) =>
      text.replace(
        new RegExp(`(<!-- keys: ${part} -->\n)[^]*?(\n<!-- end -->)`),
        (_match, begin: string, end: string) => `${begin}\n${configurationTable(part)}\n${end}`,
      ),
    page,
  );
  await expect(await format(filled, { parser: "markdown", printWidth: 120 })).toMatchFileSnapshot(`../../${path}`);
});

describe("config/schema.json", () => {
  const accepts = new Ajv({ strict: false }).compile(stackFileSchema());
  const withKey = (name: string, value: unknown) => ({
    config: {
      ...Object.fromEntries(Object.entries(valid).map(([key, text]) => [`databricks-dr:${key}`, text])),
      [name]: value,
    },
  });

  it("is the schema of every key (vitest -u writes it)", async () => {
    const schema = await format(JSON.stringify(stackFileSchema()), { parser: "json", printWidth: 120 });
    await expect(schema).toMatchFileSnapshot("../../config/schema.json");
  });

  it.each(["primary", "secondary"])("accepts Pulumi.%s.yaml, which names it", async (stack) => {
    const file = await readFile(`Pulumi.${stack}.yaml`, "utf8");
    expect(file).toMatch(/^# yaml-language-server: \$schema=\.\/config\/schema\.json$/m);
    accepts(parseYaml(file));
    expect(accepts.errors).toBeNull();
  });

  it("accepts the example of docs/configuration.md", async () => {
    const page = await readFile("docs/configuration.md", "utf8");
    const example = parseYaml(/```yaml\n([^]*?)```/.exec(page)![1]!) as { config: object };
    accepts({ config: { ...withKey("aws:region", "eu-west-1").config, ...example.config } });
    expect(accepts.errors).toBeNull();
  });

  it.each([
    ["databricks-dr:location", "West US"],
    ["databricks-dr:protect", "false"],
    ["databricks-dr:softDeleteDays", "7"],
    ["databricks-dr:recheckHours", 12],
    ["databricks-dr:tags", { year: 2026, billed: true }],
    ["databricks-dr:rateLimits", { "scim-read": 0.5 }],
    ["encryptionsalt", "v1:…"],
  ])("accepts what `pulumi config set` writes: %s %j", (name, value) => {
    expect(accepts(withKey(name, value))).toBe(true);
  });

  it.each([
    ["databricks-dr:role", "stand-by"],
    ["databricks-dr:storageSKU", "Standard_RAGRS"],
    ["databricks-dr:protect", "yes"],
    ["databricks-dr:softDeleteDays", 400],
    ["databricks-dr:containers", "raw"],
    ["databricks-dr:containers", ["raw", "raw"]],
    ["databricks-dr:select", { job: {} }],
    ["databricks-dr:select", { jobs: { only: ["a"] } }],
    ["databricks-dr:tags", { "a/b": "c" }],
    ["databricks-dr:mounts", { credentials: [{ extraConfigs: {} }] }],
    ["databricks-dr:profile", { secure: "v1:…" }],
  ])("refuses what the program refuses: %s %j", (name, value) => {
    expect(accepts(withKey(name, value))).toBe(false);
  });

  it("asks for what every stack must have", () => {
    expect(accepts({ config: {} })).toBe(false);
  });
});
