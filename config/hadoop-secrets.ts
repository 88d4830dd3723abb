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
export function holdsSecret(setting: string): boolean {
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
export function looksSecret(value: string): boolean {
  return /^[A-Za-z0-9+/]{86}==$/.test(value) || /[?&]?\bsig=/i.test(value);
}
