import { createHash } from "node:crypto";
import { isArray, isObject, type Json, type JsonObject } from "./json.js";

/** Names under which a secret is kept, in Spark settings, environment variables and parameters. */
const secretName = new RegExp(
  [
    /secret|passw(or)?d|passphrase|token|credential|signature|connection[._-]?string/,
    /(api|access|account|private|primary|secondary|shared|master|storage|encryption|decryption|signing|subscription|license|instrumentation|function|host|sas)[._-]?key/,
    /(?<![a-z])(pwd|pass|pw|creds?|sas|auth|authorization|bearer)(?![a-z])/,
    /(^|\.)key$/,
  ]
    .map((each) => each.source)
    .join("|"),
  "i",
);

/** Spark settings of Azure storage that hold a key or a SAS: `fs.azure.account.key.<account>…`, `fs.azure.sas.…`. */
const azureStorageSecret = /^(spark\.hadoop\.)?fs\.azure\.(account\.key|sas)\b/i;

/** Texts that are secrets by their own look, wherever they stand. */
const secretText = new RegExp(
  [
    /\bdapi[0-9a-z-]{8,}/,
    /\bdose[0-9a-f]{16,}/,
    /\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*/,
    /\b(AccountKey|SharedAccessKey|SharedAccessSignature|sig|password|pwd)=[^;&\s"']+/,
    /\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]+:[^\s/@]+@/,
    /\bhttps?:\/\/[^\s/@]+@/,
    /(?<=[?&])(code|key|access_token)=[^\s"'#]+/,
    /(?<=\bhttps:\/\/(hooks\.slack\.com|[\w.-]+\.webhook\.office\.com|discord\.com\/api\/webhooks)\/)[^\s"']+/,
    /(?<=\b(Bearer|Basic) )[A-Za-z0-9+/._~=-]{8,}/,
    /\b[A-Za-z0-9+/]{43}=|\b[A-Za-z0-9+/]{86}==/,
    /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
    /\b(AKIA|ASIA)[0-9A-Z]{16}\b/,
    /\bgh[pousr]_[A-Za-z0-9]{20,}/,
    /\b[A-Za-z0-9~._-]{3}[78]Q~[A-Za-z0-9~._-]{31,34}/,
  ]
    .map((each) => each.source)
    .join("|"),
  "gi",
);

const secretReference = /^\{\{\s*secrets\/[^}]+\}\}$/;

/** What a value stands among: `all` may be secrets, or all but what by its form is none. */
type Guard = "none" | "parameters" | "all";

/** Fields whose every value may be a secret, since a user may put anything there. */
const guards: Readonly<Record<string, Guard>> = {
  spark_env_vars: "all",
  base_parameters: "parameters",
  jar_params: "parameters",
  job_parameters: "parameters",
  named_parameters: "parameters",
  notebook_params: "parameters",
  parameters: "parameters",
  pipeline_params: "parameters",
  python_named_params: "parameters",
  python_params: "parameters",
  spark_submit_params: "parameters",
  sql_params: "parameters",
};

/** A number, a yes or no, a date, a `{{job.parameter}}`, or the name of an option. */
const harmlessParameter = /^(-?\d{1,9}(\.\d+)?|true|false|\d{4}-\d\d-\d\d|\{\{[^{}]+\}\}|--?[a-z][a-z-]*)$/i;

const secretWord =
  "[\\w.-]*(?:secret|passw(?:or)?d|passphrase|token|credential|(?<![a-z])(?:pwd?|pass|creds?)(?!\\d*[a-z])|(?:api|access|account|private|primary|secondary|shared|storage|encryption|signing)[_-]?key)[\\w.-]*";

/** Names and values within a text: `token: abc`, `"password"="a b"`, `--password hunter2`. */
const argument = new RegExp(
  `((?:${secretWord}\\\\?["']?\\s*[=:]\\s*|(?:^|\\s)--?${secretWord}\\s+))(\\\\?"[^"]*"|'[^']*'|[^\\s"',;&}]+)`,
  "gi",
);

function seal(value: string): string {
  return `[hidden ${createHash("sha256").update(`databricks-dr\0${value}`).digest("hex").slice(0, 8)}]`;
}

/** The value with everything that may be a secret hidden, so that it can be shown, logged and kept. A change still shows. */
export function redact(value: Json, name = "", guard: Guard = "none"): Json {
  if (isArray(value)) return redactList(value, name, guard);
  if (isObject(value))
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        key,
        inner === undefined ? inner : redactField(value, key, inner, guard),
      ]),
    );
  if (typeof value !== "string")
    return hides(name) && value !== null && typeof value !== "boolean" ? seal(String(value)) : value;
  if (value === "" || secretReference.test(value)) return value;
  if (hides(name) || guard === "all") return seal(value);
  return guard === "parameters" && !harmlessParameter.test(value) ? seal(value) : redactText(value);
}

/** A job's parameters come as `{name, default}`: there the name is a value, and says of the other what it is. */
function redactField(holder: JsonObject, key: string, inner: Json, guard: Guard): Json {
  const named = guard === "parameters" && typeof holder.name === "string";
  if (named && key === "name") return inner;
  return redact(inner, named ? String(holder.name) : key, guard === "none" ? (guards[key] ?? "none") : guard);
}

/** Hides what looks like a secret within a text: an error message, a command line. */
export function redactText(text: string): string {
  return text
    .replace(secretText, (found) => seal(found))
    .replace(argument, (whole, name: string, given: string) => {
      const [, before = "", secret = "", after = ""] = /^(\\?["'])?(.*?)(\\?["'])?$/s.exec(given) ?? [];
      return secret === "" || secret.startsWith("{{") || secret.startsWith("[hidden")
        ? whole
        : `${name}${before}${seal(secret)}${after}`;
    });
}

/** In a list of arguments, the one after `--password` is hidden as well. */
function redactList(list: readonly Json[], name: string, guard: Guard): Json[] {
  let afterSecretFlag = false;
  return list.map((each) => {
    const hidden = redact(each, afterSecretFlag ? "secret" : name, guard);
    afterSecretFlag = typeof each === "string" && /^-{1,2}/.test(each) && hides(each) && !each.includes("=");
    return hidden;
  });
}

/** Names of the API's own fields that look like a secret's and hold none. */
const harmlessNames = new Set([
  "idempotency_token",
  "task_key",
  "job_cluster_key",
  "environment_key",
  "page_token",
  "git_provider",
]);

function hides(name: string): boolean {
  return !harmlessNames.has(name) && (secretName.test(name) || azureStorageSecret.test(name));
}

/** What an error says, without secrets. */
export function messageOf(error: unknown): string {
  return redactText(error instanceof Error ? error.message : String(error));
}
