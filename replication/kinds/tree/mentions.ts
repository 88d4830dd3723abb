import { dirname, resolve } from "node:path/posix";
import { selection } from "../../inventory/selection.js";
import { workspacePath } from "../../notes/notes-folder.js";
import { isObject, type JsonObject, objectsOf, parseJson } from "../../values/json.js";
import { quoted } from "../../values/printable.js";
import type { KindName } from "../../settings.js";
import type { Inventory, Item, Kind } from "../kind.js";

/** What code says of the workspace that it was written in. Ids of jobs look like any other number, and are not among it. */
const patterns = {
  runs: /(?:^|MAGIC )[ \t]*%run[ \t]+(?:"([^"\n]+)"|(\S+))|\bnotebook\.run\(\s*["']([^"'\n]+)["']/gm,
  ids: /\b(\d{4}-\d{6}-[a-z0-9]{6,}(?:-pool-[a-z0-9]+)?)\b/g,
  hosts: /\b(adb-\d+\.\d+\.azuredatabricks\.net)\b/g,
  accounts: /\b([a-z0-9]{3,24})\.(?:dfs|blob)\.core\.windows\.net\b/g,
} as const;

type Sort = keyof typeof patterns;

/** Of each sort what the code mentions, once; undefined where it mentions nothing. */
export function mentionsIn(content: Buffer, format: "SOURCE" | "JUPYTER"): JsonObject | undefined {
  const code = format === "SOURCE" ? content.toString("utf8") : codeOfJupyter(content.toString("utf8"));
  const found = Object.entries(patterns).flatMap(([sort, pattern]): [Sort, string[]][] => {
    const texts = new Set(
      [...code.matchAll(pattern)].map((match) => match.slice(1).find((text) => text !== undefined)!),
    );
    return texts.size > 0 ? [[sort as Sort, [...texts].sort()]] : [];
  });
  return found.length > 0 ? Object.fromEntries(found) : undefined;
}

function codeOfJupyter(text: string): string {
  try {
    const notebook = parseJson(text);
    const cells = isObject(notebook) ? objectsOf(notebook.cells) : [];
    return cells.map(({ source }) => (Array.isArray(source) ? source.join("") : String(source))).join("\n");
  } catch {
    return text;
  }
}

/** What will not be on the standby as the code has it: the code is copied as it stands, and somebody has to see to it. */
export async function adviceOn(
  mentions: JsonObject,
  { id: path }: Item,
  kind: Kind,
  run: Inventory,
): Promise<string[]> {
  const of = (sort: Sort): string[] => (mentions[sort] as string[] | undefined) ?? [];
  const { source, settings } = run;
  const runs = await Promise.all(of("runs").map((target) => whyNotRun(target, path, kind, run)));
  const workspaceId = source ? await source.client.workspaceId() : "";
  const hosts = of("hosts").filter(
    (host) => host.startsWith(`adb-${workspaceId}.`) || source?.endpoint.host.endsWith(`//${host}`),
  );
  const names = await namesOfSource(run);
  const ids = of("ids").filter((id) => names.has(id));
  const accounts = of("accounts").filter((account) => account in (settings.mounts?.storageAccounts ?? {}));
  return [
    ...runs.filter((why) => why !== undefined),
    ...ids.map((id) => `its code names ${names.get(id)!} [${id}] of the source, which has another id on the standby`),
    ...hosts.map((host) => `its code names the source's own address ${host}`),
    ...accounts.map(
      (account) => `its code names the storage account ${account}, in whose place the standby has another`,
    ),
  ];
}

/** Clusters and pools of the source, by id, as a person knows them. */
function namesOfSource(run: Inventory): Promise<ReadonlyMap<string, string>> {
  return run.once("names in code", async () => {
    const named = async (kind: KindName, noun: string): Promise<(readonly [string, string])[]> => {
      const items = await run.items("source", kind).catch(() => []);
      return items.map(({ id, name }) => [id, `the ${noun} ${quoted(name)}`]);
    };
    return new Map((await Promise.all([named("clusters", "cluster"), named("instance-pools", "pool")])).flat());
  });
}

/** Tells of a path of the source why its notebook will not be on the standby. */
function whyNotCopied(kind: Kind, run: Inventory): Promise<(path: string) => string | undefined> {
  return run.once("notebooks in code", async () => {
    const there = new Set((await run.items("source", kind.name)).map(({ id }) => id));
    const isSelected = selection(run.settings.select?.[kind.name], kind);
    return (path) => {
      if (!there.has(path)) return "is no notebook of the source";
      return isSelected(path) ? undefined : `is not selected (select.${kind.name})`;
    };
  });
}

async function whyNotRun(target: string, from: string, kind: Kind, run: Inventory): Promise<string | undefined> {
  if (/[{}$]/.test(target)) return undefined;
  const path = workspacePath(resolve(dirname(from), target));
  const why = (await whyNotCopied(kind, run))(path);
  return why === undefined ? undefined : `it runs ${quoted(path)}, which ${why}`;
}
