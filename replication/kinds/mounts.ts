import picomatch from "picomatch";
import { runPython } from "../client/command-context.js";
import { isObject, type JsonObject, objectsOf, parseJson, stringifyJson } from "../values/json.js";
import { originOf } from "../inventory/marker.js";
import { messageOf, redactText } from "../values/redact.js";
import { secretStamps } from "../inventory/secret-stamps.js";
import type { ReplicationSettings } from "../settings.js";
import { without } from "./fields.js";
import {
  type Inventory,
  NeedsPerson,
  type Item,
  type Kind,
  type Operation,
  type PrepareContext,
  type Prepared,
} from "./kind.js";

/** Marks the line of a command's output that is ours, among what a cluster prints of its own. */
const answerMark = "databricks-dr:";

const azureSource = /^(?<scheme>wasbs?|abfss?|adl):\/\/(?:(?<container>[^@/]+)@)?(?<account>[^./]+)(?<rest>\..*)?$/;

/**
 * When a secret that the mount reads was last written. A mount keeps the value that was there when it was made: once this
 * changes it is mounted anew. It is compared, and not sent.
 */
const stampField = "secrets_last_written";

/** Mounts have no REST API: they are read and made by `dbutils.fs` on the operations cluster. */
export const mounts: Kind = {
  name: "mounts",
  singular: "mount",
  identity: { by: "path", foreign: "replaced" },
  unseen: ["extra_configs", stampField],

  summary: ({ source }) => String(source),

  async list({ client, endpoint }, { settings }) {
    const options = { idempotent: true, startsWithinMinutes: settings.operationsClusterMinutes };
    const output = await runPython(client, endpoint.operationsClusterId, listMounts, options).catch(withoutDbfs);
    return answersIn(output).map(toItem);
  },

  prepare: ({ name, definition }, context) => prepare(name, String(definition.source), context),

  async writeAll(target, operations) {
    const work = operations.map(instruction);
    const output = await runPython(target.client, target.endpoint.operationsClusterId, changeMounts(work));
    return answersIn(output).map((answer) =>
      typeof answer.error === "string"
        ? { status: "rejected", reason: new Error(redactText(answer.error)) }
        : { status: "fulfilled", value: String(answer.mount_point) },
    );
  },
};

/** Where DBFS is off there are no mounts, and none can be made. */
function withoutDbfs(error: unknown): never {
  if (error instanceof Error && /DBFS_DISABLED|DBFS root is disabled/i.test(error.message))
    throw new NeedsPerson(
      'DBFS is turned off there (Public DBFS root is disabled), so that it can have no mounts: turn it on, or leave mounts out (select.mounts.exclude: ["**"])',
    );
  throw error;
}

function toItem({ mountPoint, source }: JsonObject): Item {
  const [at, from] = [String(mountPoint), String(source)];
  const leftOut = azureSource.test(from)
    ? undefined
    : /^[a-z0-9]+:\/\//.test(from)
      ? `no Azure storage (${from.split(":")[0]}://)`
      : "made by Databricks itself";
  return {
    id: at,
    name: at,
    origin: originOf("path", "mounts", at),
    marked: false,
    definition: { source: from },
    ...(leftOut ? { leftOut } : {}),
  };
}

async function prepare(mountPoint: string, source: string, { settings, run }: PrepareContext): Promise<Prepared> {
  const { scheme = "", container = "", account = "", rest = "" } = azureSource.exec(source)?.groups ?? {};
  const mapped = settings.mounts?.storageAccounts?.[account];
  const at = mapped ?? account;
  const standbySource = `${scheme}://${container ? `${container}@` : ""}${at}${rest}`;
  const extraConfigs = configsFor(mountPoint, at, container, settings);
  const definition = { source: standbySource, ...(extraConfigs ? { extra_configs: extraConfigs } : {}) };
  if (!extraConfigs)
    return {
      definition,
      obstacle:
        scheme === "adl"
          ? "ADLS Gen1 is retired and no credentials are configured for it (mounts.credentials); move the data to Gen2"
          : "no credentials are configured for it (mounts.credentials)",
    };
  const { lacking, lastWritten } = await secretsBehind(extraConfigs, run);
  if (lacking.length > 0) return { definition, obstacle: lacking.join("; ") };
  const notes = mapped ? [] : [`still reads storage account ${account} of the source; map it (mounts.storageAccounts)`];
  const stamp = lastWritten === undefined ? {} : { [stampField]: lastWritten };
  return { definition: { ...definition, ...stamp }, notes };
}

const secretReference = /^\{\{\s*secrets\/([^/]+)\/([^}]+?)\s*\}\}$/;

/** What the cluster would look for in vain, and when what it will find was last written. */
async function secretsBehind(
  configs: JsonObject,
  run: Inventory,
): Promise<{ readonly lacking: string[]; readonly lastWritten?: string }> {
  if (!run.target) return { lacking: [] };
  const lacking = new Set<string>();
  let latest = 0;
  for (const value of Object.values(configs)) {
    const [, scope, key] = secretReference.exec(String(value)) ?? [];
    if (scope === undefined || key === undefined) continue;
    try {
      const stamps = await secretStamps(scope, "target", run);
      const stamp = stamps?.get(key);
      if (!stamps) lacking.add(`the standby has no secret scope "${scope}"`);
      else if (stamp === undefined) lacking.add(`the standby's secret scope "${scope}" has no "${key}"`);
      else latest = Math.max(latest, stamp);
    } catch (error) {
      lacking.add(`the standby's secret scope "${scope}" cannot be looked at (${messageOf(error)})`);
    }
  }
  return { lacking: [...lacking], ...(latest > 0 ? { lastWritten: new Date(latest).toISOString() } : {}) };
}

function configsFor(
  mountPoint: string,
  account: string,
  container: string,
  settings: ReplicationSettings,
): JsonObject | undefined {
  const rule = settings.mounts?.credentials?.find(({ mounts: glob }) =>
    picomatch(glob, { dot: true, bash: true })(mountPoint),
  );
  if (!rule) return undefined;
  const fill = (text: string): string => text.replaceAll("<account>", account).replaceAll("<container>", container);
  return Object.fromEntries(Object.entries(rule.extraConfigs).map(([key, value]) => [fill(key), fill(value)]));
}

function instruction(operation: Operation): JsonObject {
  if (operation.action === "remove") return { mount_point: operation.id, unmount: true };
  return {
    mount_point: operation.copy.source.id,
    remount: operation.action === "update",
    ...without(operation.copy.definition, [stampField]),
  };
}

const listMounts = `
import json
dbutils.fs.refreshMounts()
print(${JSON.stringify(answerMark)} + json.dumps([
    {"mountPoint": m.mountPoint, "source": m.source} for m in dbutils.fs.mounts()
]))
`;

/** Mounts in parallel, since one takes a minute or so; the answers keep the order, and a failure stops no other. */
function changeMounts(work: readonly JsonObject[]): string {
  return `
import json, re
from concurrent.futures import ThreadPoolExecutor

def clear(value):
    found = re.fullmatch(r"\\{\\{\\s*secrets/([^/]+)/([^}]+?)\\s*\\}\\}", value)
    return dbutils.secrets.get(scope=found.group(1), key=found.group(2)) if found else value

def change(each):
    at = each["mount_point"]
    try:
        if each.get("unmount"):
            dbutils.fs.unmount(at)
        else:
            configs = {key: clear(value) for key, value in each.get("extra_configs", {}).items()}
            mount = dbutils.fs.updateMount if each.get("remount") else dbutils.fs.mount
            mount(source=each["source"], mount_point=at, extra_configs=configs)
        return {"mount_point": at}
    except Exception as error:
        return {"mount_point": at, "error": str(error)[:2000]}

work = json.loads(${JSON.stringify(stringifyJson(work))})
with ThreadPoolExecutor(max_workers=16) as pool:
    answers = list(pool.map(change, work))
print(${JSON.stringify(answerMark)} + json.dumps(answers))
`;
}

function answersIn(output: string): JsonObject[] {
  const line = output.split("\n").find((each) => each.startsWith(answerMark));
  if (line === undefined)
    throw new Error(`the operations cluster gave no answer, but: ${redactText(output.slice(0, 300))}`);
  const answers = parseJson(line.slice(answerMark.length));
  return objectsOf(answers).filter(isObject);
}
