import picomatch from "picomatch";
import { runPython } from "../client/command-context.js";
import { isObject, type JsonObject, objectsOf, parseJson, stringifyJson } from "../client/json.js";
import { originOf } from "../marker.js";
import { redactText } from "../redact.js";
import type { Run } from "../run.js";
import type { ReplicationSettings } from "../settings.js";
import type { Item, Kind, Operation, PrepareContext, Prepared } from "./kind.js";

/** Marks the line of a command's output that is ours, among what a cluster prints of its own. */
const answerMark = "databricks-dr:";

const azureSource = /^(?<scheme>wasbs?|abfss?|adl):\/\/(?:(?<container>[^@/]+)@)?(?<account>[^./]+)(?<rest>\..*)?$/;

/** Mounts have no REST API: they are read and made by `dbutils.fs` on the operations cluster. */
export const mounts: Kind = {
  name: "mounts",
  singular: "mount",
  identity: "path",
  replacesForeign: true,
  unseen: ["extra_configs"],

  summary: ({ source }) => String(source),

  async list({ client, endpoint }, { settings }) {
    const output = await runPython(client, endpoint.operationsClusterId, listMounts, {
      idempotent: true,
      startsWithinMinutes: settings.operationsClusterMinutes,
    });
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
  const unreadable = await missingSecrets(extraConfigs, run);
  if (unreadable.length > 0) return { definition, obstacle: unreadable.join("; ") };
  const notes = mapped ? [] : [`still reads storage account ${account} of the source; map it (mounts.storageAccounts)`];
  return { definition, notes };
}

const secretReference = /^\{\{\s*secrets\/([^/]+)\/([^}]+?)\s*\}\}$/;

/** What the cluster would look for in vain. */
async function missingSecrets(configs: JsonObject, run: Run): Promise<string[]> {
  if (!run.target) return [];
  const missing = new Set<string>();
  for (const value of Object.values(configs)) {
    const [, scope, key] = secretReference.exec(String(value)) ?? [];
    if (scope === undefined || key === undefined) continue;
    const keys = await run.secretKeys(scope);
    if (!keys) missing.add(`the standby has no secret scope "${scope}"`);
    else if (!keys.has(key)) missing.add(`the standby's secret scope "${scope}" has no "${key}"`);
  }
  return [...missing];
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
    ...operation.copy.definition,
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
