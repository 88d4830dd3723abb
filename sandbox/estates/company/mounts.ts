import { plantedSecret } from "./platform.js";
import type { EstateBuilder } from "../estate-builder.js";

interface Mount {
  readonly at: string;
  readonly source: string;
  /** Python expression of the credentials. */
  readonly configs: string;
}

const wasb = (container: string, account: string): string => `wasbs://${container}@${account}.blob.core.windows.net/`;
const abfss = (system: string, account: string, path = ""): string =>
  `abfss://${system}@${account}.dfs.core.windows.net/${path}`;
const accountKey = (account: string, value: string): string =>
  `{"fs.azure.account.key.${account}.blob.core.windows.net": ${value}}`;
const lakeKey = 'dbutils.secrets.get(scope = "lake", key = "account-key")';

/** Twelve mounts: every kind of source and credential, odd mount points, one of a service that is no more. */
const mounts: readonly Mount[] = [
  { at: "/mnt/raw", source: wasb("raw", "companylake"), configs: accountKey("companylake", lakeKey) },
  {
    at: "/mnt/landing/erp",
    source: `${wasb("landing", "companylake")}erp/2024`,
    configs: accountKey("companylake", `"${plantedSecret("mount-account-key")}"`),
  },
  {
    at: "/mnt/partner",
    source: wasb("exchange", "partnerstore"),
    configs: `{"fs.azure.sas.exchange.partnerstore.blob.core.windows.net": "?sv=2022-11-02&sig=${plantedSecret("mount-sas")}"}`,
  },
  { at: "/mnt/curated", source: abfss("curated", "companylake"), configs: "oauth" },
  { at: "/mnt/curated-sales", source: abfss("curated", "companylake", "sales/emea"), configs: "oauth" },
  { at: "/mnt/sandbox", source: abfss("sandbox", "companylake"), configs: "oauth" },
  { at: "/mnt/team space/größe", source: abfss("teams", "companylake", "größe"), configs: "oauth" },
  { at: "/mnt/archive", source: abfss("archive", "companyarchive"), configs: "oauth" },
  // The read-only copy of another region, mounted on purpose.
  { at: "/mnt/reference", source: abfss("reference", "companylake-secondary"), configs: "oauth" },
  // ADLS Gen1 is retired; old mounts still show.
  {
    at: "/mnt/gen1",
    source: "adl://companydatalake.azuredatalakestore.net/clusters",
    configs: `{
    "fs.adl.oauth2.access.token.provider.type": "ClientCredential",
    "fs.adl.oauth2.client.id": "5f1c2b1e-7a58-4b58-9f51-0e6a0c0ffee1",
    "fs.adl.oauth2.credential": dbutils.secrets.get(scope = "lake", key = "sp-secret"),
    "fs.adl.oauth2.refresh.url": "https://login.microsoftonline.com/00000000-0000-4000-8000-0000000000aa/oauth2/token",
}`,
  },
  { at: "/mnt/raw-again", source: wasb("raw", "companylake"), configs: accountKey("companylake", lakeKey) },
  { at: "/mnt/deep/er/and/deeper", source: abfss("curated", "companylake", "deep"), configs: "oauth" },
];

const oauth = `oauth = {
    "fs.azure.account.auth.type": "OAuth",
    "fs.azure.account.oauth.provider.type": "org.apache.hadoop.fs.azurebfs.oauth2.ClientCredsTokenProvider",
    "fs.azure.account.oauth2.client.id": "5f1c2b1e-7a58-4b58-9f51-0e6a0c0ffee1",
    "fs.azure.account.oauth2.client.secret": dbutils.secrets.get(scope = "lake", key = "sp-secret"),
    "fs.azure.account.oauth2.client.endpoint": "https://login.microsoftonline.com/00000000-0000-4000-8000-0000000000aa/oauth2/token",
}`;

/** Makes the mounts as people make them: in Python, on a cluster that is stopped again. */
export function buildMounts(estate: EstateBuilder): void {
  const commands = mounts.map(
    ({ at, source, configs }) =>
      `dbutils.fs.mount(source = "${source}", mount_point = "${at}", extra_configs = ${configs})`,
  );
  estate.python(
    {
      cluster_name: "platform-mounts",
      spark_version: "15.4.x-scala2.12",
      node_type_id: "Standard_D4ds_v5",
      num_workers: 0,
      spark_conf: { "spark.databricks.cluster.profile": "singleNode", "spark.master": "local[*, 4]" },
      custom_tags: { ResourceClass: "SingleNode" },
      autotermination_minutes: 15,
    },
    [oauth, ...commands, `print("${mounts.length} mounts")`].join("\n"),
  );
}
